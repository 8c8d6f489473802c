MODEL (
  name marts.facility_feature,
  kind FULL,
  owner sales_operations,
  grain (entity_key, as_of),
  description 'What the priority looks at: of each live facility as it is today, and of each that became a customer as it was at the end of the month before. For the analytics engineer who asks why a weight is what it is. Example query: SELECT outcome, size, COUNT(*) AS facilities FROM marts.facility_feature GROUP BY ALL ORDER BY outcome, facilities DESC. One row per facility and day.',
  audits (
    NOT_NULL(columns := (entity_key, as_of, outcome, reach)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (entity_key, as_of)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('converted', 'not_converted', 'customer', 'not_known')
    )
  )
);

WITH today AS (
  SELECT
    MAX(d.received_on) AS as_of
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective
), sold AS (
  /* A lead that came as a customer tells nothing of when it became one */
  SELECT
    c.entity_key,
    MIN(c.converted_on) AS converted_on
  FROM marts.lead_conversion AS c
  WHERE
    c.was_seen
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
  UNION ALL
  SELECT
    s.entity_key,
    (
      DATE_TRUNC('MONTH', s.converted_on) - INTERVAL '1' DAY
    )::DATE AS as_of,
    'converted' AS outcome
  FROM sold AS s
), feature AS (
  @facility_features(subject)
)
SELECT
  s.entity_key::TEXT AS entity_key, /* Facility */
  s.as_of::DATE AS as_of, /* Last day that is known: the newest delivery, or the day before the month in which the facility became a customer */
  s.outcome::TEXT AS outcome, /* converted, in the month that follows; not_converted where sales knows it and it is no customer; customer; not_known to sales */
  f.kind::TEXT AS kind, /* center, group_home, family_home or other; NULL where it is not known */
  f.size::TEXT AS size, /* Children that it may take: to_12, 13_to_49, 50_to_99, 100_and_more */
  f.subsidy::TEXT AS subsidy, /* Whether subsidised children are taken: taken, not_taken */
  f.infants::TEXT AS infants, /* Whether infants are taken: taken, not_taken */
  f.reach::TEXT AS reach, /* phone_and_email, one_way or none */
  f.license::TEXT AS license, /* Age of the licence: new (half a year), recent (two years), old */
  f.growth::TEXT AS growth, /* grown where the capacity grew within half a year, else same */
  f.owner::TEXT AS owner /* new where owner or director changed within half a year, else same */
FROM subject AS s
INNER JOIN feature AS f
  ON f.entity_key = s.entity_key AND f.as_of = s.as_of
