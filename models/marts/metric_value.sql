MODEL (
  name marts.metric_value,
  kind FULL,
  owner sales_operations,
  grain (metric, dimension, member, month),
  description 'Every reported number, by month and by each dimension of the metric. For the web app, the API and whoever makes a report: one number, defined once. Metrics of the market are of the newest month only. Example query: SELECT metric, month, ROUND(value, 3) AS value FROM marts.metric_value WHERE dimension = ''all'' ORDER BY metric, month. One row per metric, dimension, member of it and month.',
  audits (
    NOT_NULL(columns := (metric, dimension, member, month)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (metric, dimension, member, month)),
    MEMBERS_ADD_UP_TO_THE_WHOLE
  )
);

WITH counted AS (
  @metric_values()
)
SELECT
  c.metric::TEXT AS metric, /* Name of the metric, as in marts.metric */
  c.dimension::TEXT AS dimension, /* all, or a column by which it is told, such as territory */
  c.member::TEXT AS member, /* all, or the value of that column; unknown where there is none */
  c.month::DATE AS month, /* First day of the month */
  c.numerator::DOUBLE AS numerator, /* What is added up */
  c.denominator::DOUBLE AS denominator, /* By what it is divided; NULL where the metric is the sum */
  CASE
    WHEN m.denominator IS NULL
    THEN c.numerator
    ELSE c.numerator / NULLIF(c.denominator, 0)
  END::DOUBLE AS value /* The number; NULL where there is nothing to divide by */
FROM counted AS c
INNER JOIN marts.metric AS m
  ON m.metric = c.metric
