MODEL (
  name intermediate.int_match_edge,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (left_lead_key, right_lead_key),
  references (left_lead_number, right_lead_number),
  description 'The pairs that score and rules would join, held against their rivals: of two licences of a state, or of two leads that cannot be one facility, a third lead joins only the clearly better one. One row per pair proposed as a match.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key, match_weight, outcome)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_number, right_lead_number)),
    ACCEPTED_VALUES("column" := outcome, is_in := ('kept', 'contested', 'outranked'))
  )
);

WITH proposed AS (
  /* A decision is stronger than any evidence */
  SELECT
    s.left_lead_number,
    s.right_lead_number,
    s.match_weight,
    s.decision,
    l.lead_key AS left_lead_key,
    r.lead_key AS right_lead_key,
    l.source_key AS left_source_key,
    r.source_key AS right_source_key,
    l.is_crm AS left_is_crm,
    r.is_crm AS right_is_crm,
    CASE WHEN s.decision = 'same' THEN 1000 ELSE s.match_weight END AS strength
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_number = s.left_lead_number
  INNER JOIN intermediate.int_match_lead AS r
    ON r.lead_number = s.right_lead_number
  WHERE
    s.proposal = 'match'
), oriented AS (
  SELECT
    p.left_lead_number,
    p.right_lead_number,
    p.left_lead_number AS lead_number,
    p.right_lead_number AS other_lead_number,
    p.right_lead_key AS other_lead_key,
    p.right_source_key AS other_source_key,
    p.right_is_crm AS other_is_crm,
    p.strength AS match_weight
  FROM proposed AS p
  UNION ALL
  SELECT
    p.left_lead_number,
    p.right_lead_number,
    p.right_lead_number AS lead_number,
    p.left_lead_number AS other_lead_number,
    p.left_lead_key AS other_lead_key,
    p.left_source_key AS other_source_key,
    p.left_is_crm AS other_is_crm,
    p.strength AS match_weight
  FROM proposed AS p
), licensed AS (
  /* Licences of one state that one lead would join, the best first */
  SELECT
    o.*,
    ROW_NUMBER() OVER (
      PARTITION BY o.lead_number, o.other_source_key
      ORDER BY o.match_weight DESC, o.other_lead_key
    ) AS place
  FROM oriented AS o
  WHERE
    NOT o.other_is_crm
), license_rival AS (
  SELECT
    l.left_lead_number,
    l.right_lead_number,
    r.other_lead_key AS rival_lead_key,
    r.match_weight AS rival_weight
  FROM licensed AS l
  INNER JOIN licensed AS r
    ON r.lead_number = l.lead_number
    AND r.other_source_key = l.other_source_key
    AND r.place = CASE WHEN l.place = 1 THEN 2 ELSE 1 END
), apart AS (
  SELECT
    s.left_lead_number,
    s.right_lead_number
  FROM intermediate.int_match_score AS s
  WHERE
    s.is_kept_apart
), apart_either_way AS (
  SELECT
    a.left_lead_number AS lead_number,
    a.right_lead_number AS other_lead_number
  FROM apart AS a
  UNION ALL
  SELECT
    a.right_lead_number AS lead_number,
    a.left_lead_number AS other_lead_number
  FROM apart AS a
), veto_rival AS (
  SELECT
    o.left_lead_number,
    o.right_lead_number,
    r.other_lead_key AS rival_lead_key,
    r.match_weight AS rival_weight
  FROM apart_either_way AS a
  INNER JOIN oriented AS o
    ON o.other_lead_number = a.lead_number
  INNER JOIN oriented AS r
    ON r.other_lead_number = a.other_lead_number AND r.lead_number = o.lead_number
), rival AS (
  SELECT
    *
  FROM license_rival
  UNION ALL
  SELECT
    *
  FROM veto_rival
), strongest AS (
  SELECT
    r.*
  FROM rival AS r
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY r.left_lead_number, r.right_lead_number
      ORDER BY r.rival_weight DESC, r.rival_lead_key
    ) = 1
)
SELECT
  p.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  p.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  p.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  p.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  p.match_weight::DOUBLE AS match_weight, /* Evidence for the pair in bits */
  s.rival_lead_key::TEXT AS rival_lead_key, /* The lead that one of the two would join as well, and that cannot be the other */
  s.rival_weight::DOUBLE AS rival_weight, /* Evidence for the rival in bits */
  COALESCE(p.decision = 'same', FALSE)::BOOLEAN AS is_decided, /* Whether a steward decided it */
  CASE
    WHEN p.decision = 'same'
    OR s.rival_weight IS NULL
    OR p.match_weight >= s.rival_weight + @match_margin
    THEN 'kept'
    WHEN p.match_weight <= s.rival_weight - @match_margin
    THEN 'outranked'
    ELSE 'contested'
  END::TEXT AS outcome /* kept; outranked by a clearly better rival; contested where neither is clearly better */
FROM proposed AS p
LEFT JOIN strongest AS s
  ON s.left_lead_number = p.left_lead_number
  AND s.right_lead_number = p.right_lead_number
