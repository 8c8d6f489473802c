MODEL (
  name intermediate.int_match_verdict,
  kind CUSTOM (
    materialization 'replaced_by_key',
    materialization_properties (touched_by = (left_lead_number, right_lead_number))
  ),
  grain (left_lead_key, right_lead_key),
  description 'What became of each scored pair, and why: match, review, sister site or different. It stands apart from the score because it depends on all other pairs, by way of entities and rivals. One row per pair.',
  audits (
    NOT_NULL(
      columns := (
        left_lead_key,
        right_lead_key,
        verdict,
        is_match,
        are_both_licensed,
        match_probability,
        reason
      )
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_number, right_lead_number)),
    ACCEPTED_VALUES("column" := verdict, is_in := ('match', 'review', 'sister_site', 'different')),
    EVERY_SCORED_PAIR_HAS_ITS_VERDICT
  )
);

WITH touched AS (
  SELECT
    s.left_lead_number AS lead_number
  FROM intermediate.int_match_score AS s
  UNION
  SELECT
    e.left_lead_number AS lead_number
  FROM intermediate.int_match_edge AS e
  UNION
  SELECT
    l.lead_number
  FROM intermediate.int_match_lead AS l
  UNION
  /* The leads of a facility that others joined or left, for their pairs hang together */
  SELECT
    l.lead_number
  FROM intermediate.int_entity AS c
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = c.entity_key
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_key = e.lead_key
), member AS (
  SELECT
    l.lead_number,
    l.lead_key,
    l.source_key,
    l.is_crm,
    e.entity_key
  FROM intermediate.int_match_lead AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
), licensed AS (
  SELECT DISTINCT
    m.entity_key,
    m.source_key
  FROM member AS m
  WHERE
    NOT m.is_crm
), scored AS (
  SELECT
    s.*,
    v.verdict AS veto_verdict,
    v.reason AS veto_reason,
    l.lead_key AS left_lead_key,
    r.lead_key AS right_lead_key,
    l.is_crm AS left_is_crm,
    r.is_crm AS right_is_crm,
    l.entity_key AS left_entity_key,
    r.entity_key AS right_entity_key,
    e.outcome,
    e.rival_lead_key
  FROM intermediate.int_match_score AS s
  INNER JOIN member AS l
    ON l.lead_number = s.left_lead_number
  INNER JOIN member AS r
    ON r.lead_number = s.right_lead_number
  LEFT JOIN seeds.match_veto AS v
    ON v.veto = s.veto
  LEFT JOIN intermediate.int_match_edge AS e
    ON e.left_lead_number = s.left_lead_number
    AND e.right_lead_number = s.right_lead_number
  WHERE
    @is_touched(s.left_lead_number, lead_number)
    OR @is_touched(s.right_lead_number, lead_number)
), both_licensed AS (
  /* Entities that hold a licence of one state each cannot be one facility */
  SELECT DISTINCT
    s.left_lead_number,
    s.right_lead_number
  FROM scored AS s
  INNER JOIN licensed AS l
    ON l.entity_key = s.left_entity_key
  INNER JOIN licensed AS r
    ON r.entity_key = s.right_entity_key AND r.source_key = l.source_key
  WHERE
    s.left_entity_key <> s.right_entity_key
), placed AS (
  SELECT
    s.*,
    s.left_entity_key = s.right_entity_key AS is_match,
    NOT b.left_lead_number IS NULL AS are_both_licensed
  FROM scored AS s
  LEFT JOIN both_licensed AS b
    ON b.left_lead_number = s.left_lead_number
    AND b.right_lead_number = s.right_lead_number
), told AS (
  /* What all other pairs tell of this one */
  SELECT
    p.*,
    LEAST(
      GREATEST(p.match_probability, COALESCE(o.lowest_probability, 0)),
      COALESCE(o.highest_probability, 1)
    ) AS final_probability
  FROM placed AS p
  LEFT JOIN seeds.match_outcome AS o
    ON o.outcome = CASE
      WHEN p.is_match
      THEN 'joined'
      WHEN p.outcome IN ('contested', 'outranked')
      THEN p.outcome
      WHEN p.are_both_licensed
      THEN 'both_licensed'
      WHEN p.outcome = 'kept'
      THEN 'refused'
    END
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
      WHEN p.outcome = 'outranked'
      THEN CONCAT('fits ', p.rival_lead_key, ' clearly better')
      WHEN p.are_both_licensed
      THEN 'each of the two is joined to another licence'
      WHEN p.outcome = 'contested'
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
      AND NOT COALESCE(p.outcome = 'outranked', FALSE)
      AND NOT p.are_both_licensed
      THEN 'review'
      WHEN p.shares_operator
      AND (
        p.proposal <> 'different' OR p.veto_verdict = 'different'
      )
      THEN 'sister_site'
      ELSE 'different'
    END AS verdict
  FROM told AS p
)
SELECT
  r.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  r.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  r.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  r.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  r.left_is_crm::BOOLEAN AS left_is_crm, /* Whether the first lead is one of the CRM */
  r.right_is_crm::BOOLEAN AS right_is_crm, /* Whether the other lead is */
  r.rival_lead_key::TEXT AS rival_lead_key, /* The lead that one of the two would join as well, and that cannot be the other */
  r.verdict::TEXT AS verdict, /* match, review where a person should look, sister_site of one operator, or different */
  r.is_match::BOOLEAN AS is_match, /* Whether the two are held to be one facility */
  r.are_both_licensed::BOOLEAN AS are_both_licensed, /* Whether each is, or is joined to, a licence of its own of one state: then the two are surely not one */
  r.final_probability::DOUBLE AS match_probability, /* Probability that the two are one facility, from 0 to 1: that of the score, within the bounds of seeds.match_outcome */
  COALESCE(r.refusal, r.agreements, 'joined by way of other leads')::TEXT AS reason /* Why the verdict is so, in plain English */
FROM refused AS r
