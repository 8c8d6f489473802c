MODEL (
  name quality.scorecard,
  kind FULL,
  grain (month, source_key, dimension, owner),
  description 'The score of each source month by month, in all, by dimension, and by who answers for the rules, with the change against the month before. A month is judged on the last day of a delivery in it; one without a delivery has no row. One row per month, source, and dimension or owner; both are "all" in the row over everything.',
  audits (
    NOT_NULL(columns := (month, source_key, dimension, owner, leads)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (month, source_key, dimension, owner)),
    ACCEPTED_RANGE("column" := score, min_v := 0, max_v := 100)
  )
);

WITH last_day AS (
  SELECT
    c.source_key,
    MAX(c.evaluated_on) AS evaluated_on
  FROM quality.outcome_count AS c
  GROUP BY
    c.source_key,
    DATE_TRUNC('MONTH', c.evaluated_on)
), pattern AS (
  SELECT
    c.source_key,
    c.evaluated_on,
    c.outcomes,
    c.leads
  FROM quality.outcome_count AS c
  INNER JOIN last_day AS m
    ON m.source_key = c.source_key AND m.evaluated_on = c.evaluated_on
), counted AS (
  SELECT
    p.source_key,
    p.evaluated_on,
    SUM(p.leads) AS leads
  FROM pattern AS p
  GROUP BY
    p.source_key,
    p.evaluated_on
), judged AS (
  SELECT
    p.source_key,
    p.evaluated_on,
    r.dimension,
    r.owner,
    SUM(
      CASE
        WHEN SUBSTRING(p.outcomes, r.position, 1) IN ('p', 'f')
        THEN p.leads * r.weight
        ELSE 0
      END
    ) AS applicable_weight,
    SUM(
      CASE
        WHEN SUBSTRING(p.outcomes, r.position, 1) = 'f'
        THEN p.leads * r.weight
        ELSE 0
      END
    ) AS failed_weight
  FROM pattern AS p
  INNER JOIN quality.rule AS r
    ON r.source_key IN ('', p.source_key)
  GROUP BY
    p.source_key,
    p.evaluated_on,
    r.dimension,
    r.owner
), viewed AS (
  SELECT
    j.source_key,
    j.evaluated_on,
    j.dimension,
    'all' AS owner,
    j.applicable_weight,
    j.failed_weight
  FROM judged AS j
  UNION ALL
  SELECT
    j.source_key,
    j.evaluated_on,
    'all' AS dimension,
    j.owner,
    j.applicable_weight,
    j.failed_weight
  FROM judged AS j
  UNION ALL
  SELECT
    j.source_key,
    j.evaluated_on,
    'all' AS dimension,
    'all' AS owner,
    j.applicable_weight,
    j.failed_weight
  FROM judged AS j
), scored AS (
  SELECT
    v.source_key,
    v.evaluated_on,
    v.dimension,
    v.owner,
    100 - 100 * SUM(v.failed_weight) / NULLIF(SUM(v.applicable_weight), 0) AS score
  FROM viewed AS v
  GROUP BY
    v.source_key,
    v.evaluated_on,
    v.dimension,
    v.owner
), compared AS (
  SELECT
    s.*,
    LAG(s.score) OVER (PARTITION BY s.source_key, s.dimension, s.owner ORDER BY s.evaluated_on) AS score_before
  FROM scored AS s
)
SELECT
  DATE_TRUNC('MONTH', c.evaluated_on)::DATE AS month, /* First day of the month */
  c.evaluated_on::DATE AS evaluated_on, /* Day for which the leads were judged: the last of a delivery in the month */
  c.source_key::TEXT AS source_key, /* Source of the leads */
  c.dimension::TEXT AS dimension, /* Dimension of quality, or all */
  c.owner::TEXT AS owner, /* Who answers for the rules, or all */
  n.leads::BIGINT AS leads, /* Live leads of the source on that day */
  c.score::DOUBLE AS score, /* 0 to 100: share of the applicable weight that the leads pass; NULL where no rule applies */
  c.score_before::DOUBLE AS score_before, /* Score of the month before, or of the last one with a delivery; NULL in the first */
  (
    c.score - c.score_before
  )::DOUBLE AS change /* Difference to the month before */
FROM compared AS c
INNER JOIN counted AS n
  ON n.source_key = c.source_key AND n.evaluated_on = c.evaluated_on
