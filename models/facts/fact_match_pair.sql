MODEL (
  name facts.fact_match_pair,
  kind VIEW,
  grain (left_lead_key, right_lead_key),
  ignored_rules ['nomissingaudits'],
  description 'Every compared pair of live leads with the whole evidence: what both say, what each agreement weighs, which rule overrules it, and the verdict. A view: leads, scores and verdicts are kept once, each in its own table. One row per compared pair.'
);

WITH told AS (
  SELECT
    s.*,
    v.left_lead_key,
    v.right_lead_key,
    l.source_key AS left_source_key,
    r.source_key AS right_source_key,
    rule.reason AS veto_reason,
    v.rival_lead_key,
    v.verdict,
    v.is_match,
    v.match_probability AS final_probability,
    v.reason,
    l.name AS name_left,
    r.name AS name_right,
    @join_text(', ', lc.phone, lc.other_phone) AS phone_left,
    @join_text(', ', rc.phone, rc.other_phone) AS phone_right,
    lc.email AS email_left,
    rc.email AS email_right,
    @join_text(' ', l.house_number, l.street, l.unit_number, l.city, l.state, l.postal_code) AS address_left,
    @join_text(' ', r.house_number, r.street, r.unit_number, r.city, r.state, r.postal_code) AS address_right,
    lc.domain AS domain_left,
    rc.domain AS domain_right,
    l.contact_name AS contact_left,
    r.contact_name AS contact_right,
    l.license_number AS license_left,
    r.license_number AS license_right
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
  /* Of each lead for itself, not as a CTE for both: that would be computed for all leads where one pair is asked for */
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_number = s.left_lead_number
  INNER JOIN intermediate.int_match_contact AS lc
    ON lc.lead_number = s.left_lead_number
  INNER JOIN intermediate.int_match_lead AS r
    ON r.lead_number = s.right_lead_number
  INNER JOIN intermediate.int_match_contact AS rc
    ON rc.lead_number = s.right_lead_number
  LEFT JOIN seeds.match_veto AS rule
    ON rule.veto = s.veto
)
SELECT
  t.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  t.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  t.left_lead_number::BIGINT AS left_lead_number, /* Number of the first lead, by which its pairs are found fastest */
  t.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  t.left_source_key::TEXT AS left_source_key, /* Source of the first lead */
  t.right_source_key::TEXT AS right_source_key, /* Source of the other lead */
  t.blocking_keys::TEXT AS blocking_keys, /* The keys by which the pair was found, the surest first */
  @match_values(t),
  @match_levels(t),
  t.name_similarity::DOUBLE AS name_similarity, /* From 0 to 1: how alike the names are, letter by letter */
  t.prior_weight::DOUBLE AS prior_weight, /* Bits that every pair begins with */
  @match_weights(t),
  t.match_weight::DOUBLE AS match_weight, /* Sum of prior, weights and adjustments, in bits */
  t.final_probability::DOUBLE AS match_probability, /* Probability that the two are one facility, from 0 to 1: it follows from the sum, within the bounds of rule and outcome */
  t.band::TEXT AS band, /* auto, review or reject, by the two thresholds of config.yaml */
  t.veto::TEXT AS veto, /* Rule of seeds.match_veto that applies, whatever the score */
  t.veto_reason::TEXT AS veto_reason, /* Why, in words */
  t.decision::TEXT AS decision, /* What a steward decided, which overrules score and rules: same, different, sister_site or unsure */
  t.decided_by::TEXT AS decided_by, /* Who decided */
  t.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  t.decision_reason::TEXT AS decision_reason, /* Why */
  t.is_content_changed::BOOLEAN AS is_decision_stale, /* Whether one of the two leads has changed since the decision: look again */
  t.is_contradicted::BOOLEAN AS is_contradicted, /* Whether people decided the pair in different ways; the newest decision counts */
  t.rival_lead_key::TEXT AS rival_lead_key, /* The lead that one of the two would join as well, and that cannot be the other */
  t.verdict::TEXT AS verdict, /* match, review where a person should look, sister_site of one operator, or different */
  t.is_match::BOOLEAN AS is_match, /* Whether the two are held to be one facility */
  CONCAT('For: ', COALESCE(t.agreements, 'nothing'), '.')::TEXT AS reason_for, /* What speaks for one facility, in a sentence */
  CONCAT(
    'Against: ',
    COALESCE(@join_text('; ', t.differences, t.veto_reason), 'nothing'),
    '.'
  )::TEXT AS reason_against, /* What speaks against it, in a sentence */
  t.reason::TEXT AS reason /* Why the verdict is so, in plain English */
FROM told AS t
