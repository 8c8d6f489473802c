MODEL (
  name facts.fact_match_pair,
  kind FULL,
  grain (left_lead_key, right_lead_key),
  description 'Every compared pair of live leads with its verdict. Equal phone or e-mail is a match unless the addresses conflict, or both are licences of one state. A Salesforce lead joins at most one licence of a state: the one whose address agrees. One row per compared pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key, match_rule, is_match, reason)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key)),
    ACCEPTED_VALUES("column" := match_rule, is_in := ('phone and email', 'phone', 'email')),
    ACCEPTED_VALUES("column" := address_comparison, is_in := ('same', 'conflict', 'unknown'))
  )
);

WITH candidate AS (
  SELECT
    c.*
  FROM intermediate.int_match_candidate AS c
), lead AS (
  /* STE 4, UNIT 4 and # 4 of one house are one place; a building or a floor tells more */
  SELECT
    l.*,
    TRIM(REGEXP_REPLACE(l.unit, '(^| )(#|APT|ROOM|STE|UNIT) ', ' ', 'g')) AS unit_number
  FROM intermediate.int_lead_current AS l
), compared AS (
  SELECT
    c.*,
    l.source_key AS left_source_key,
    r.source_key AS right_source_key,
    CASE
      WHEN l.state <> r.state
      THEN 'conflict'
      WHEN l.postal_code = r.postal_code
      AND l.street = r.street
      AND l.house_number = r.house_number
      THEN CASE WHEN l.unit_number <> r.unit_number THEN 'conflict' ELSE 'same' END
      WHEN l.street <> r.street OR l.house_number <> r.house_number
      THEN 'conflict'
      WHEN l.postal_code <> r.postal_code
      THEN 'conflict'
      ELSE 'unknown'
    END AS address_comparison
  FROM candidate AS c
  INNER JOIN lead AS l
    ON l.lead_key = c.left_lead_key
  INNER JOIN lead AS r
    ON r.lead_key = c.right_lead_key
), ruled AS (
  SELECT
    c.*,
    CASE
      WHEN NOT c.shared_phone IS NULL AND NOT c.shared_email IS NULL
      THEN 'phone and email'
      WHEN NOT c.shared_phone IS NULL
      THEN 'phone'
      ELSE 'email'
    END AS match_rule,
    CASE
      WHEN c.left_source_key = c.right_source_key AND c.left_source_key <> 'salesforce'
      THEN 'two licences of one state are two facilities'
      WHEN c.address_comparison = 'conflict'
      THEN 'the addresses conflict'
    END AS objection
  FROM compared AS c
), weighed AS (
  SELECT
    r.*,
    CASE
      WHEN r.match_rule = 'phone and email'
      THEN 0.97
      WHEN r.match_rule = 'phone'
      THEN 0.9
      ELSE 0.85
    END + CASE WHEN r.address_comparison = 'same' THEN 0.02 ELSE 0 END AS agreement
  FROM ruled AS r
), ranked AS (
  /* Pairs of Salesforce with a state, best first, seen from the Salesforce lead */
  SELECT
    w.*,
    ROW_NUMBER() OVER (
      PARTITION BY w.objection IS NULL, CASE
        WHEN w.left_source_key = 'salesforce'
        THEN w.left_lead_key
        ELSE w.right_lead_key
      END, CASE
        WHEN w.left_source_key = 'salesforce'
        THEN w.right_source_key
        ELSE w.left_source_key
      END
      ORDER BY CASE WHEN w.address_comparison = 'same' THEN 0 ELSE 1 END, w.agreement DESC, w.left_lead_key, w.right_lead_key
    ) AS place
  FROM weighed AS w
), judged AS (
  SELECT
    r.*,
    CASE
      WHEN NOT r.objection IS NULL
      THEN r.objection
      WHEN (
        r.left_source_key = 'salesforce'
      ) <> (
        r.right_source_key = 'salesforce'
      )
      AND r.place > 1
      THEN 'another licence of the state fits the Salesforce lead better'
    END AS refusal
  FROM ranked AS r
)
SELECT
  j.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  j.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  j.left_source_key::TEXT AS left_source_key, /* Source of the first lead */
  j.right_source_key::TEXT AS right_source_key, /* Source of the other lead */
  j.shared_phone::TEXT AS shared_phone, /* Phone that both hold */
  j.shared_email::TEXT AS shared_email, /* E-mail address that both hold */
  j.address_comparison::TEXT AS address_comparison, /* same, conflict, or unknown where too little is known */
  j.match_rule::TEXT AS match_rule, /* What the two leads share */
  CASE WHEN j.refusal IS NULL THEN j.agreement ELSE 0 END::DOUBLE AS match_confidence, /* From 0 to 1: set by rule, not measured */
  (
    j.refusal IS NULL
  )::BOOLEAN AS is_match, /* Whether the two are held to be one facility */
  COALESCE(
    j.refusal,
    CONCAT(
      'same ',
      j.match_rule,
      ', addresses ',
      CASE WHEN j.address_comparison = 'same' THEN 'agree' ELSE 'do not conflict' END
    )
  )::TEXT AS reason /* Why, in plain English */
FROM judged AS j
