MODEL (
  name quality.outcome_count,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column evaluated_on
  ),
  grain (evaluated_on, source_key, outcomes),
  description 'How many live leads had which outcomes at the end of each month, and on the newest day of a delivery. Leads are judged as they were on that day, so that history is the same whenever it is built. One row per day, source and combination of outcomes.',
  audits (
    NOT_NULL(columns := (evaluated_on, source_key, outcomes, leads)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (evaluated_on, source_key, outcomes))
  )
);

WITH known AS (
  SELECT
    MIN(d.received_on) AS first_on,
    MAX(d.received_on) AS newest_on
  FROM intermediate.int_delivery AS d
), day AS (
  SELECT
    d.date_day AS evaluated_on
  FROM known AS k
  INNER JOIN dims.dim_date AS d
    ON d.date_day >= k.first_on
    AND d.date_day <> k.newest_on
    AND d.date_day BETWEEN @start_date AND @end_date
    AND EXTRACT(DAY FROM (
      d.date_day + INTERVAL '1' DAY
    )) = 1
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
    o.as_of AS evaluated_on,
    o.source_key,
    o.outcomes
  FROM quality.lead_outcome AS o
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
  c.evaluated_on::DATE AS evaluated_on, /* Day for which the leads were judged; the incremental clock */
  c.source_key::TEXT AS source_key, /* Source of the leads */
  c.outcomes::TEXT AS outcomes, /* A letter per rule, at the position that quality.rule has for it */
  c.leads::BIGINT AS leads /* Leads with these outcomes */
FROM counted AS c
WHERE
  c.evaluated_on BETWEEN @start_date AND @end_date
