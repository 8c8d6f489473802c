MODEL (
  name marts.facility_feature,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (entity_key, outcome),
  description 'What the priority looks at: of each live facility as it is today, and of each that became a customer as it was at the end of the month before. For the analytics engineer who asks why a weight is what it is. Example query: SELECT outcome, size, COUNT(*) AS facilities FROM marts.facility_feature GROUP BY ALL ORDER BY outcome, facilities DESC. One row per facility, and one more for each that became a customer.',
  audits (
    NOT_NULL(columns := (entity_key, outcome, reach, pattern)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (entity_key, outcome)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('converted', 'not_converted', 'customer', 'not_known')
    ),
    FORALL(criteria := (
      (
        outcome = 'converted'
      ) = (
        NOT as_of IS NULL
      )
    ))
  )
);

WITH touched AS (
  SELECT
    e.entity_key
  FROM facts.fact_enriched_lead AS e
  UNION
  SELECT
    c.entity_key
  FROM marts.lead_conversion AS c
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_entity AS e
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_version AS v
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = v.lead_key
  UNION
  SELECT
    n.entity_key
  FROM marts.facility_event AS n
  UNION
  /* As days pass, what happened becomes news and ceases to be, and a licence grows older */
  SELECT
    n.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN marts.facility_event AS n
    ON n.happened_on = d.day
  UNION
  SELECT
    n.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN marts.facility_event AS n
    ON n.happened_on = (
      d.day - INTERVAL '183' DAY
    )::DATE
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN intermediate.int_lead_current AS l
    ON l.license_issued_on = (
      d.day - INTERVAL '183' DAY
    )::DATE
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN intermediate.int_lead_current AS l
    ON l.license_issued_on = (
      d.day - INTERVAL '730' DAY
    )::DATE
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
), today AS (
  SELECT
    MAX(d.day) AS as_of
  FROM intermediate.int_day AS d
), sold AS (
  /* A lead that came as a customer tells nothing of when it became one */
  SELECT
    c.entity_key,
    (
      DATE_TRUNC('MONTH', MIN(c.converted_on)) - INTERVAL '1' DAY
    )::DATE AS as_of
  FROM marts.lead_conversion AS c
  WHERE
    c.was_seen AND @is_touched(c.entity_key)
  GROUP BY
    c.entity_key
), subject AS (
  SELECT
    e.entity_key,
    t.as_of,
    CASE
      WHEN e.salesforce_lead_key IS NULL
      THEN 'not_known'
      WHEN e.is_converted
      THEN 'customer'
      ELSE 'not_converted'
    END AS outcome
  FROM facts.fact_enriched_lead AS e
  CROSS JOIN today AS t
  WHERE
    @is_touched(e.entity_key)
  UNION ALL
  SELECT
    s.entity_key,
    s.as_of,
    'converted' AS outcome
  FROM sold AS s
), version AS (
  /* The leads of these facilities as they were on that day */
  SELECT
    s.entity_key,
    v.*
  FROM sold AS s
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = s.entity_key
  INNER JOIN intermediate.int_lead_version AS v
    ON v.lead_key = e.lead_key AND v.received_on <= s.as_of
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY v.lead_key ORDER BY v.received_at DESC) = 1
), lead AS (
  SELECT
    s.entity_key,
    s.outcome,
    l.is_crm,
    @feature_attributes(l)
  FROM subject AS s
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = s.entity_key
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = e.lead_key
  WHERE
    l.is_live AND s.outcome <> 'converted'
  UNION ALL
  SELECT
    v.entity_key,
    'converted' AS outcome,
    l.is_crm,
    @feature_attributes(v)
  FROM version AS v
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = v.lead_key
  WHERE
    v.is_listed AND NOT v.is_deleted
), feature AS (
  @facility_features(subject, lead)
)
SELECT
  f.entity_key::TEXT AS entity_key, /* Facility */
  CASE WHEN f.outcome = 'converted' THEN f.as_of END::DATE AS as_of, /* Day of which it tells: the last before the month in which the facility became a customer; NULL for today */
  f.outcome::TEXT AS outcome, /* converted, in the month that follows; not_converted where sales knows it and it is no customer; customer; not_known to sales */
  f.kind::TEXT AS kind, /* center, group_home, family_home or other; NULL where it is not known */
  f.size::TEXT AS size, /* Children that it may take: to_12, 13_to_49, 50_to_99, 100_and_more */
  f.subsidy::TEXT AS subsidy, /* Whether subsidised children are taken: taken, not_taken */
  f.infants::TEXT AS infants, /* Whether infants are taken: taken, not_taken */
  f.reach::TEXT AS reach, /* phone_and_email, one_way or none */
  f.license::TEXT AS license, /* Age of the licence: new (half a year), recent (two years), old */
  f.growth::TEXT AS growth, /* grown where the capacity grew within half a year, else same */
  f.owner::TEXT AS owner, /* new where owner or director changed within half a year, else same */
  CONCAT(
    f.kind,
    '|',
    f.size,
    '|',
    f.subsidy,
    '|',
    f.infants,
    '|',
    f.reach,
    '|',
    f.license,
    '|',
    f.growth,
    '|',
    f.owner
  )::TEXT AS pattern /* All of these in one; marts.priority_pattern tells what it is worth */
FROM feature AS f
