MODEL (
  name facts.fact_match_pair,
  kind VIEW,
  grain (left_lead_key, right_lead_key),
  description 'Every compared pair of live leads with the whole evidence: what both say, what each agreement weighs, which rule overrules it, and the verdict. A view: the evidence is kept once, in intermediate.int_match_score. One row per compared pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key, verdict, is_match, reason)),
    ACCEPTED_VALUES("column" := verdict, is_in := ('match', 'review', 'sister_site', 'different'))
  )
);

WITH entity AS (
  SELECT
    e.lead_key,
    e.entity_key
  FROM intermediate.int_entity AS e
), licensed AS (
  SELECT DISTINCT
    e.entity_key,
    l.source_key
  FROM intermediate.int_match_lead AS l
  INNER JOIN entity AS e
    ON e.lead_key = l.lead_key
  WHERE
    l.source_key <> 'salesforce'
), scored AS (
  SELECT
    s.*,
    l.entity_key AS left_entity_key,
    r.entity_key AS right_entity_key,
    e.standing,
    e.rival_lead_key
  FROM intermediate.int_match_score AS s
  INNER JOIN entity AS l
    ON l.lead_key = s.left_lead_key
  INNER JOIN entity AS r
    ON r.lead_key = s.right_lead_key
  LEFT JOIN intermediate.int_match_edge AS e
    ON e.left_lead_key = s.left_lead_key AND e.right_lead_key = s.right_lead_key
), rivaled AS (
  /* Entities that hold a licence of one state each cannot be one facility */
  SELECT DISTINCT
    s.left_lead_key,
    s.right_lead_key
  FROM scored AS s
  INNER JOIN licensed AS l
    ON l.entity_key = s.left_entity_key
  INNER JOIN licensed AS r
    ON r.entity_key = s.right_entity_key AND r.source_key = l.source_key
  WHERE
    s.left_entity_key <> s.right_entity_key AND s.proposal <> 'different'
), placed AS (
  SELECT
    s.*,
    s.left_entity_key = s.right_entity_key AS is_match,
    NOT r.left_lead_key IS NULL AS has_own_license
  FROM scored AS s
  LEFT JOIN rivaled AS r
    ON r.left_lead_key = s.left_lead_key AND r.right_lead_key = s.right_lead_key
), refused AS (
  SELECT
    p.*,
    CASE
      WHEN p.is_match AND COALESCE(p.decision IN ('different', 'sister_site'), FALSE)
      THEN 'decisions contradict each other: others join the two'
      WHEN NOT p.is_match AND p.decision = 'same'
      THEN 'decisions contradict each other: others keep the two apart'
      WHEN NOT p.decision IS NULL
      THEN CONCAT('decided by ', p.decided_by, ': ', COALESCE(p.decision_reason, 'no reason given'))
      WHEN p.is_match
      THEN NULL
      WHEN p.proposal = 'different'
      THEN COALESCE(p.veto_reason, 'too little speaks for one facility')
      WHEN p.standing = 'outdone'
      THEN CONCAT('fits ', p.rival_lead_key, ' clearly better')
      WHEN p.has_own_license
      THEN 'each of the two is joined to another licence'
      WHEN p.standing = 'contested'
      THEN CONCAT('fits ', p.rival_lead_key, ' about as well')
      WHEN p.proposal = 'match'
      THEN 'a stronger match of one of the two forbids it'
      ELSE COALESCE(p.veto_reason, 'what speaks for one facility is not enough to be sure')
    END AS refusal,
    CASE
      WHEN p.is_match
      THEN 'match'
      WHEN p.decision IN ('sister_site', 'different')
      THEN p.decision
      WHEN NOT p.decision IS NULL
      THEN 'review'
      WHEN p.proposal <> 'different'
      AND NOT COALESCE(p.standing = 'outdone', FALSE)
      AND NOT p.has_own_license
      THEN 'review'
      WHEN p.shares_operator
      AND (
        p.proposal <> 'different' OR p.veto_verdict = 'different'
      )
      THEN 'sister_site'
      ELSE 'different'
    END AS verdict
  FROM placed AS p
)
SELECT
  r.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  r.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  r.left_source_key::TEXT AS left_source_key, /* Source of the first lead */
  r.right_source_key::TEXT AS right_source_key, /* Source of the other lead */
  r.match_passes::TEXT AS match_passes, /* The keys by which the pair was found, the surest first */
  @match_values(r),
  r.name_similarity::DOUBLE AS name_similarity, /* From 0 to 1: how alike the names are, letter by letter */
  r.prior_weight::DOUBLE AS prior_weight, /* Bits that every pair begins with */
  @match_weights(r),
  r.match_weight::DOUBLE AS match_weight, /* Sum of prior, weights and adjustments, in bits */
  r.match_probability::DOUBLE AS match_probability, /* Probability that follows from the sum, from 0 to 1 */
  r.band::TEXT AS band, /* auto, review or reject, by the two thresholds of config.yaml */
  r.veto::TEXT AS veto, /* Rule of seeds.match_veto that applies, whatever the score */
  r.veto_reason::TEXT AS veto_reason, /* Why, in words */
  r.decision::TEXT AS decision, /* What a steward decided, which overrules score and rules: same, different, sister_site or unsure */
  r.decided_by::TEXT AS decided_by, /* Who decided */
  r.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  r.decision_reason::TEXT AS decision_reason, /* Why */
  r.is_content_changed::BOOLEAN AS is_decision_stale, /* Whether one of the two leads has changed since the decision: look again */
  r.is_contradicted::BOOLEAN AS is_contradicted, /* Whether people decided the pair in different ways; the newest decision counts */
  r.rival_lead_key::TEXT AS rival_lead_key, /* The lead that one of the two would join as well, and that cannot be the other */
  r.verdict::TEXT AS verdict, /* match, review where a person should look, sister_site of one operator, or different */
  r.is_match::BOOLEAN AS is_match, /* Whether the two are held to be one facility */
  CONCAT('For: ', COALESCE(r.agreements, 'nothing'), '.')::TEXT AS reason_for, /* What speaks for one facility, in a sentence */
  CONCAT(
    'Against: ',
    COALESCE(@join_text('; ', r.differences, r.veto_reason), 'nothing'),
    '.'
  )::TEXT AS reason_against, /* What speaks against it, in a sentence */
  COALESCE(r.refusal, r.agreements, 'joined by way of other leads')::TEXT AS reason /* Why the verdict is so, in plain English */
FROM refused AS r
