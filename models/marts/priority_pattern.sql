MODEL (
  name marts.priority_pattern,
  kind FULL,
  owner sales_operations,
  grain (
    pattern
  ),
  description 'What facilities of which the same holds are worth a call: the sum of what its terms count, in bits, and the tenth that they fall into. There are far fewer patterns than facilities, so that the priority of a million of them follows from a few hundred rows. For sales operations: which kinds of facilities come first, and how many are there? Example query: SELECT pattern, facilities, ROUND(priority, 2) AS priority, terms FROM marts.priority_pattern ORDER BY priority DESC LIMIT 10. One row per pattern of a live facility.',
  audits (
    NOT_NULL(columns := (pattern, facilities, priority, fit, timing, decile)),
    UNIQUE_VALUES(columns := (
      pattern
    )),
    PRIORITY_IS_FIT_AND_TIMING
  )
);

WITH pattern AS (
  SELECT
    f.pattern,
    f.kind,
    f.size,
    f.subsidy,
    f.infants,
    f.reach,
    f.license,
    f.growth,
    f.owner,
    COUNT(*) AS facilities
  FROM marts.facility_feature AS f
  WHERE
    f.outcome <> 'converted'
  GROUP BY
    f.pattern,
    f.kind,
    f.size,
    f.subsidy,
    f.infants,
    f.reach,
    f.license,
    f.growth,
    f.owner
), found AS (
  @feature_levels(pattern, pattern)
), summed AS (
  SELECT
    l.pattern,
    ROUND(SUM(CASE WHEN w.part = 'fit' THEN w.bits ELSE 0 END), 6) AS fit, /* Added in another order the last digits are others */
    ROUND(SUM(CASE WHEN w.part = 'timing' THEN w.bits ELSE 0 END), 6) AS timing,
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
), ranked AS (
  SELECT
    s.*,
    p.facilities,
    SUM(p.facilities) OVER (
      ORDER BY s.fit + s.timing DESC, s.pattern
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - p.facilities / 2.0 AS place,
    SUM(p.facilities) OVER () AS all_facilities
  FROM summed AS s
  INNER JOIN pattern AS p
    ON p.pattern = s.pattern
)
SELECT
  r.pattern::TEXT AS pattern, /* Kind, size, subsidy, infants, reach, licence, growth and owner, as in marts.facility_feature; empty where a feature is not known */
  r.facilities::BIGINT AS facilities, /* Live facilities of which this holds */
  (
    r.fit + r.timing
  )::DOUBLE AS priority, /* Sum of all terms, in bits: each bit doubles the odds that it becomes a customer */
  r.fit::DOUBLE AS fit, /* Of what the facility is */
  r.timing::DOUBLE AS timing, /* Of what just happened to it */
  (
    FLOOR(10 * r.place / r.all_facilities) + 1
  )::INT AS decile, /* 1 for the tenth of all facilities that is most worth a call, 10 for the last; facilities alike share one */
  NULLIF(r.terms, '')::TEXT AS terms /* Each term in words with what it counts; NULL where nothing is known */
FROM ranked AS r
