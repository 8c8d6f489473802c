MODEL (
  name quality.outcome_count,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column evaluated_on
  ),
  grain (evaluated_on, source_key, outcomes),
  description 'How many live leads had which outcomes on the last day of a delivery in each month. Leads are judged as they were on that day, so that history is the same whenever it is built; the current month keeps the days before its newest. One row per day, source and combination of outcomes.',
  audits (
    NOT_NULL(columns := (evaluated_on, source_key, outcomes, leads)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (evaluated_on, source_key, outcomes))
  )
);

WITH newest AS (
  SELECT
    MAX(d.day) AS received_on
  FROM intermediate.int_day AS d
), last_of_month AS (
  SELECT
    MAX(d.received_on) AS evaluated_on
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective
  GROUP BY
    DATE_TRUNC('MONTH', d.received_on)
), day AS (
  SELECT
    l.evaluated_on
  FROM last_of_month AS l
  INNER JOIN newest AS n
    ON n.received_on <> l.evaluated_on
  WHERE
    l.evaluated_on BETWEEN @start_date AND @end_date
), lead AS (
  @leads_on(day)
), judged AS (
  @final_outcomes(lead)
), outcome AS (
  SELECT
    j.as_of AS evaluated_on,
    j.source_key,
    CONCAT(j.row_outcomes, j.outcomes) AS outcomes
  FROM judged AS j
  UNION ALL
  /* The newest day is judged already */
  SELECT
    n.received_on AS evaluated_on,
    o.source_key,
    o.outcomes
  FROM quality.lead_outcome AS o
  CROSS JOIN newest AS n
), counted AS (
  SELECT
    o.evaluated_on,
    o.source_key,
    o.outcomes,
    COUNT(*) AS leads
  FROM outcome AS o
  GROUP BY
    o.evaluated_on,
    o.source_key,
    o.outcomes
)
SELECT
  c.source_key::TEXT AS source_key, /* Source of the leads */
  c.outcomes::TEXT AS outcomes, /* A letter per rule, at the position that quality.rule has for it */
  c.leads::BIGINT AS leads, /* Leads with these outcomes */
  c.evaluated_on::DATE AS evaluated_on /* Day for which the leads were judged; the incremental clock */
FROM counted AS c
WHERE
  c.evaluated_on BETWEEN @start_date AND @end_date
