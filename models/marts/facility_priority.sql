MODEL (
  name marts.facility_priority,
  kind VIEW,
  owner sales_operations,
  grain (
    entity_key
  ),
  description 'How much each facility is worth a call: the sum of what its terms count, in bits, fit (what it is) apart from timing (what just happened), each term in words. For sales, by way of marts.sales_lead. Example query: SELECT decile, COUNT(*) AS facilities, ROUND(MIN(priority), 2) AS from_bits, ROUND(MAX(priority), 2) AS to_bits FROM marts.facility_priority GROUP BY ALL ORDER BY decile. One row per facility with a live lead.',
  audits (
    NOT_NULL(columns := (priority, fit, timing, decile))
  )
);

SELECT
  f.entity_key::TEXT AS entity_key, /* Facility */
  p.priority::DOUBLE AS priority, /* Sum of all terms, in bits: each bit doubles the odds that it becomes a customer */
  p.fit::DOUBLE AS fit, /* Of what the facility is */
  p.timing::DOUBLE AS timing, /* Of what just happened to it */
  p.decile::INT AS decile, /* 1 for the tenth of all facilities that is most worth a call, 10 for the last; facilities alike share one */
  p.terms::TEXT AS terms /* Each term in words with what it counts; NULL where nothing is known */
FROM marts.facility_feature AS f
LEFT JOIN marts.priority_pattern AS p
  ON p.pattern = f.pattern
WHERE
  f.outcome <> 'converted'
