MODEL (
  name marts.facility_priority,
  kind FULL,
  owner sales_operations,
  grain (
    entity_key
  ),
  description 'How much each facility is worth a call: the sum of what its terms count, in bits, fit (what it is) apart from timing (what just happened), each term in words. For sales, by way of marts.sales_lead. Example query: SELECT decile, COUNT(*) AS facilities, ROUND(MIN(priority), 2) AS from_bits, ROUND(MAX(priority), 2) AS to_bits FROM marts.facility_priority GROUP BY ALL ORDER BY decile. One row per facility with a live lead.',
  audits (
    NOT_NULL(columns := (entity_key, priority, fit, timing, decile)),
    UNIQUE_VALUES(columns := (
      entity_key
    )),
    PRIORITY_IS_FIT_AND_TIMING
  )
);

WITH facility AS (
  SELECT
    f.*,
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
    ) AS pattern
  FROM marts.facility_feature AS f
  WHERE
    f.outcome <> 'converted'
), pattern AS (
  /* Facilities of which the same holds have the same priority: there are far fewer patterns than facilities */
  SELECT DISTINCT
    f.pattern,
    f.kind,
    f.size,
    f.subsidy,
    f.infants,
    f.reach,
    f.license,
    f.growth,
    f.owner
  FROM facility AS f
), found AS (
  @feature_levels(pattern, pattern)
), summed AS (
  SELECT
    l.pattern,
    SUM(CASE WHEN w.part = 'fit' THEN w.bits ELSE 0 END) AS fit,
    SUM(CASE WHEN w.part = 'timing' THEN w.bits ELSE 0 END) AS timing,
    ARRAY_TO_STRING(
      LIST_SORT(
        ARRAY_AGG(
          CONCAT(
            w.description,
            CASE WHEN w.bits < 0 THEN ' ' ELSE ' +' END,
            ROUND(w.bits, 1)::DECIMAL(6, 1)::TEXT
          )
        ) FILTER(WHERE
          ABS(w.bits) >= 0.05)
      ),
      '; '
    ) AS terms
  FROM found AS l
  LEFT JOIN marts.priority_weight AS w
    ON w.feature = l.feature AND w.level = l.level
  GROUP BY
    l.pattern
), counted AS (
  SELECT
    f.pattern,
    COUNT(*) AS facilities
  FROM facility AS f
  GROUP BY
    f.pattern
), ranked AS (
  /* By patterns, since sorting a million facilities would tell no more */
  SELECT
    s.*,
    SUM(c.facilities) OVER (
      ORDER BY s.fit + s.timing DESC, s.pattern
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - c.facilities / 2.0 AS place,
    SUM(c.facilities) OVER () AS facilities
  FROM summed AS s
  INNER JOIN counted AS c
    ON c.pattern = s.pattern
)
SELECT
  f.entity_key::TEXT AS entity_key, /* Facility */
  (
    r.fit + r.timing
  )::DOUBLE AS priority, /* Sum of all terms, in bits: each bit doubles the odds that it becomes a customer */
  r.fit::DOUBLE AS fit, /* Of what the facility is */
  r.timing::DOUBLE AS timing, /* Of what just happened to it */
  (
    FLOOR(10 * r.place / r.facilities) + 1
  )::INT AS decile, /* 1 for the tenth of all facilities that is most worth a call, 10 for the last; facilities alike share one */
  NULLIF(r.terms, '')::TEXT AS terms /* Each term in words with what it counts; NULL where nothing is known */
FROM facility AS f
INNER JOIN ranked AS r
  ON r.pattern = f.pattern
