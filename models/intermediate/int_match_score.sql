MODEL (
  name intermediate.int_match_score,
  kind CUSTOM (
    materialization 'replaced_by_key',
    materialization_properties (touched_by = (left_lead_number, right_lead_number))
  ),
  grain (left_lead_number, right_lead_number),
  description 'What speaks for and against each candidate pair, in bits (Fellegi and Sunter), the probability that follows, and the rule that overrules it. Entities and verdicts come later: they depend on other pairs too. One row per pair.',
  audits (
    NOT_NULL(
      columns := (
        left_lead_number,
        right_lead_number,
        match_weight,
        match_probability,
        band,
        proposal
      )
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_number, right_lead_number)),
    ACCEPTED_VALUES("column" := band, is_in := ('auto', 'review', 'reject')),
    ACCEPTED_VALUES("column" := proposal, is_in := ('match', 'review', 'different')),
    EVERY_LEVEL_HAS_ITS_WEIGHT,
    MATCH_WEIGHT_IS_THE_SUM_OF_ITS_PARTS
  )
);

WITH touched AS (
  SELECT
    l.lead_number
  FROM intermediate.int_match_lead AS l
  UNION
  SELECT
    c.left_lead_number AS lead_number
  FROM intermediate.int_match_comparison AS c
  UNION
  SELECT
    l.lead_number
  FROM intermediate.int_match_decision AS d
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_key = d.left_lead_key
), comparison AS (
  SELECT
    c.*
  FROM intermediate.int_match_comparison AS c
  WHERE
    @is_touched(c.left_lead_number, lead_number)
    OR @is_touched(c.right_lead_number, lead_number)
), weight AS (
  /* Where the two probabilities are given, the weight follows from them, in hundredths of a bit */
  SELECT
    w.attribute,
    w.level,
    w.description,
    COALESCE(w.match_weight, ROUND(LN(w.m_probability / w.u_probability) / LN(2), 2)) AS match_weight
  FROM seeds.match_weight AS w
), weighed AS (
  SELECT
    c.*,
    prior.match_weight AS prior_weight,
    COALESCE(name.match_weight, 0) AS name_weight,
    COALESCE(phone.match_weight, 0) AS phone_weight,
    COALESCE(email.match_weight, 0) AS email_weight,
    COALESCE(address.match_weight, 0) AS address_weight,
    COALESCE(domain.match_weight, 0) AS domain_weight,
    COALESCE(contact.match_weight, 0) AS contact_weight,
    COALESCE(license.match_weight, 0) AS license_weight,
    CASE
      WHEN c.name_level IN ('exact', 'same_words')
      THEN ROUND(-LN(c.name_facilities) / LN(2), 6)
      ELSE 0
    END + CASE
      WHEN c.name_level IN ('exact', 'same_words', 'similar', 'contained')
      AND NOT c.shared_bits IS NULL
      THEN ROUND(LEAST(GREATEST((
        c.shared_bits - size.lead_bits
      ) / 2.0, -4), 4), 6)
      ELSE 0
    END AS name_adjustment, /* Words of as many bits as there are leads come together by chance once. A value that n facilities of a source hold is n times as likely by chance */
    CASE
      WHEN c.phone_level = 'exact'
      THEN ROUND(-LN(c.phone_facilities) / LN(2), 6)
      ELSE 0
    END AS phone_adjustment,
    CASE
      WHEN c.email_level = 'exact'
      THEN ROUND(-LN(c.email_facilities) / LN(2), 6)
      ELSE 0
    END AS email_adjustment,
    CASE
      WHEN c.domain_level = 'same'
      THEN ROUND(-LN(c.domain_facilities) / LN(2), 6)
      ELSE 0
    END AS domain_adjustment,
    CASE
      WHEN c.address_level IN ('same_building', 'nearly_same')
      THEN ROUND(-LN(COALESCE(c.street_facilities, 1)) / LN(2), 6)
      ELSE 0
    END AS address_adjustment, /* Of a building with several facilities the address tells the less */
    @join_text(
      '; ',
      CASE WHEN name.match_weight > 0 THEN name.description END,
      CASE WHEN phone.match_weight > 0 THEN phone.description END,
      CASE WHEN email.match_weight > 0 THEN email.description END,
      CASE WHEN address.match_weight > 0 THEN address.description END,
      CASE WHEN domain.match_weight > 0 THEN domain.description END,
      CASE WHEN contact.match_weight > 0 THEN contact.description END,
      license.description
    ) AS agreements,
    @join_text(
      '; ',
      CASE WHEN name.match_weight < 0 THEN name.description END,
      CASE WHEN phone.match_weight < 0 THEN phone.description END,
      CASE WHEN email.match_weight < 0 THEN email.description END,
      CASE WHEN address.match_weight < 0 THEN address.description END,
      CASE WHEN domain.match_weight < 0 THEN domain.description END,
      CASE WHEN contact.match_weight < 0 THEN contact.description END
    ) AS differences
  FROM comparison AS c
  INNER JOIN weight AS prior
    ON prior.attribute = 'prior'
  CROSS JOIN intermediate.int_match_size AS size
  LEFT JOIN weight AS name
    ON name.attribute = 'name' AND name.level = c.name_level
  LEFT JOIN weight AS phone
    ON phone.attribute = 'phone' AND phone.level = c.phone_level
  LEFT JOIN weight AS email
    ON email.attribute = 'email' AND email.level = c.email_level
  LEFT JOIN weight AS address
    ON address.attribute = 'address' AND address.level = c.address_level
  LEFT JOIN weight AS domain
    ON domain.attribute = 'domain' AND domain.level = c.domain_level
  LEFT JOIN weight AS contact
    ON contact.attribute = 'contact' AND contact.level = c.contact_level
  LEFT JOIN weight AS license
    ON license.attribute = 'license' AND license.level = c.license_level
), summed AS (
  SELECT
    w.*,
    w.prior_weight + w.name_weight + w.name_adjustment + w.phone_weight + w.phone_adjustment + w.email_weight + w.email_adjustment + w.address_weight + w.address_adjustment + w.domain_weight + w.domain_adjustment + w.contact_weight + w.license_weight AS match_weight,
    COALESCE(w.phone_level = 'exact', FALSE)
    OR COALESCE(w.email_level = 'exact', FALSE) AS shares_contact,
    COALESCE(w.address_level IN ('same_unit', 'same_building', 'nearly_same'), FALSE) AS is_same_place,
    COALESCE(w.address_level IN ('other_street', 'elsewhere'), FALSE) AS is_other_place,
    COALESCE(
      w.name_level IN ('exact', 'same_words')
      AND w.phone_level = 'exact'
      AND w.phone_facilities = 1
      AND NOT w.are_both_crm
      AND NOT w.are_two_licenses,
      FALSE
    ) AS has_moved /* A state lists every site: where its list has one facility of the name and phone, and sales one, they are one */
  FROM weighed AS w
), active AS (
  SELECT
    v.veto,
    v.precedence,
    v.verdict,
    v.highest_probability
  FROM seeds.match_veto AS v
  WHERE
    v.is_active
), precedence AS (
  /* One row: the precedence of each active rule by its name */
  SELECT
    MAP_FROM_ENTRIES(ARRAY_AGG({'veto': a.veto, 'precedence': a.precedence})) AS of_veto
  FROM active AS a
), ruled AS (
  /* Of the rules that apply the first counts; one that is not active has no precedence, and so never does */
  SELECT
    s.*,
    LEAST(
      CASE WHEN s.address_level = 'other_state' THEN o.of_veto['different_states'] END,
      CASE
        WHEN s.are_two_licenses AND NOT s.is_same_place
        THEN o.of_veto['two_licenses']
      END,
      CASE WHEN s.are_two_licenses THEN o.of_veto['two_licenses_one_address'] END,
      CASE
        WHEN s.is_other_place
        AND s.name_level IN ('exact', 'same_words')
        AND s.phone_level = 'exact'
        AND NOT s.has_moved
        THEN o.of_veto['perhaps_moved']
      END,
      CASE
        WHEN s.is_other_place AND s.shares_contact AND NOT s.has_moved
        THEN o.of_veto['shared_contact_elsewhere']
      END,
      CASE
        WHEN s.is_program_or_gym AND NOT s.is_same_place
        THEN o.of_veto['program_or_gym']
      END,
      CASE
        WHEN s.is_other_site
        AND s.name_level IN ('similar', 'contained', 'partly')
        AND NOT s.is_same_place
        THEN o.of_veto['other_site']
      END,
      CASE
        WHEN s.shares_contact AND s.address_level IN ('other_zip', 'other_city')
        THEN o.of_veto['other_town']
      END,
      CASE
        WHEN s.contact_licenses > 1 AND s.are_both_crm AND NOT s.is_same_place
        THEN o.of_veto['operator_contact']
      END,
      CASE
        WHEN s.are_both_crm
        AND s.shares_contact
        AND s.contact_level = 'different'
        AND NOT s.is_same_place
        THEN o.of_veto['other_contact']
      END,
      CASE
        WHEN s.address_level = 'other_unit'
        AND NOT s.name_level IN ('exact', 'same_words', 'similar', 'contained')
        THEN o.of_veto['neighbour']
      END,
      CASE
        WHEN s.shares_common_contact
        AND NOT s.shares_contact
        AND NOT s.is_same_place
        AND COALESCE(s.name_level IN ('person_business', 'partly', 'different'), TRUE)
        THEN o.of_veto['common_contact_only']
      END,
      CASE
        WHEN NOT s.shares_contact
        AND s.phone_weight + s.email_weight + s.domain_weight + s.contact_weight + s.license_weight <= 0
        AND COALESCE(s.address_level = 'same_state', TRUE)
        THEN o.of_veto['name_only']
      END
    ) AS veto_precedence
  FROM summed AS s
  CROSS JOIN precedence AS o
), judged AS (
  SELECT
    r.*,
    ROUND(1 / (
      1 + POWER(2, -r.match_weight)
    ), 12) AS score_probability, /* Rounded, since engines differ in the last digit */
    a.veto,
    a.verdict AS veto_verdict,
    COALESCE(a.highest_probability, 1) AS highest_probability
  FROM ruled AS r
  LEFT JOIN active AS a
    ON a.precedence = r.veto_precedence
), decision AS (
  SELECT
    d.*,
    l.lead_number AS left_lead_number,
    r.lead_number AS right_lead_number
  FROM intermediate.int_match_decision AS d
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_key = d.left_lead_key
  INNER JOIN intermediate.int_match_lead AS r
    ON r.lead_key = d.right_lead_key
), decided AS (
  SELECT
    j.*,
    d.decision,
    d.decided_by,
    d.decided_at,
    d.decision_reason,
    d.is_content_changed,
    d.is_contradicted
  FROM judged AS j
  LEFT JOIN decision AS d
    ON d.left_lead_number = j.left_lead_number
    AND d.right_lead_number = j.right_lead_number
), banded AS (
  SELECT
    j.*,
    LEAST(j.score_probability, j.highest_probability) AS match_probability,
    @match_band(j.score_probability, @match_auto_probability, @match_review_probability) AS band
  FROM decided AS j
)
SELECT
  b.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  b.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  b.blocking_keys::TEXT AS blocking_keys, /* The keys by which the pair was found, the surest first */
  @match_levels(b),
  b.name_similarity::DOUBLE AS name_similarity, /* From 0 to 1: how alike the names are, letter by letter */
  b.prior_weight::DOUBLE AS prior_weight, /* Bits that every pair begins with */
  @match_weights(b),
  b.match_weight::DOUBLE AS match_weight, /* Sum of prior, weights and adjustments, in bits */
  b.match_probability::DOUBLE AS match_probability, /* Probability that follows from the sum, from 0 to 1; where a rule applies, at most the share of such pairs that are one facility */
  b.band::TEXT AS band, /* auto, review or reject, by the sum alone and the two thresholds of config.yaml */
  b.veto::TEXT AS veto, /* Rule of seeds.match_veto that applies, whatever the score */
  b.decision::TEXT AS decision, /* What a steward decided, which overrules score and rules: same, different, sister_site or unsure */
  b.decided_by::TEXT AS decided_by, /* Who decided */
  b.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  b.decision_reason::TEXT AS decision_reason, /* Why */
  b.is_content_changed::BOOLEAN AS is_content_changed, /* Whether one of the two leads has changed since the decision */
  b.is_contradicted::BOOLEAN AS is_contradicted, /* Whether people decided the pair in different ways */
  CASE
    WHEN b.decision = 'same'
    THEN 'match'
    WHEN b.decision IN ('different', 'sister_site')
    THEN 'different'
    WHEN b.decision = 'unsure'
    THEN 'review'
    WHEN b.band = 'reject' OR b.veto_verdict = 'different'
    THEN 'different'
    WHEN b.band = 'auto' AND b.veto IS NULL
    THEN 'match'
    ELSE 'review'
  END::TEXT AS proposal, /* What decision, score and rules say of the pair alone: match, review or different */
  COALESCE(b.decision IN ('different', 'sister_site'), b.veto_verdict = 'different', FALSE)::BOOLEAN AS is_kept_apart, /* Whether a decision or a rule says that they are not one facility */
  (
    b.shares_contact
    OR COALESCE(b.domain_level = 'same', FALSE)
    OR COALESCE(b.name_level IN ('exact', 'same_words', 'contained'), FALSE)
  )::BOOLEAN AS shares_operator, /* Whether phone, e-mail address, web domain or brand point to one operator */
  b.agreements::TEXT AS agreements, /* What speaks for one facility, in words */
  b.differences::TEXT AS differences /* What speaks against it, in words */
FROM banded AS b
