MODEL (
  name marts.sales_funnel,
  kind FULL,
  owner sales_operations,
  grain (month, lead_status),
  description 'The funnel month by month: how many leads came into each status, left it, and were in it at the end of the month. For operations and marketing: where do leads get stuck? Example query: SELECT month, lead_status, entered, at_end FROM marts.sales_funnel ORDER BY month DESC, funnel_order LIMIT 16. One row per month and status.',
  audits (
    NOT_NULL(columns := (month, lead_status, entered, left_again, at_end)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (month, lead_status)),
    ACCEPTED_RANGE("column" := at_end, min_v := 0)
  )
);

WITH step AS (
  SELECT
    DATE_TRUNC('MONTH', c.changed_at)::DATE AS month,
    c.lead_status,
    1 AS entered,
    0 AS left_again,
    c.days_in_previous_status * 0 AS days
  FROM facts.fact_lead_status_change AS c
  UNION ALL
  SELECT
    DATE_TRUNC('MONTH', c.changed_at)::DATE AS month,
    c.previous_status AS lead_status,
    0 AS entered,
    1 AS left_again,
    c.days_in_previous_status AS days
  FROM facts.fact_lead_status_change AS c
  WHERE
    NOT c.previous_status IS NULL
), bound AS (
  SELECT
    MIN(s.month) AS first_month,
    MAX(s.month) AS last_month
  FROM step AS s
), month AS (
  SELECT DISTINCT
    d.month_start AS month
  FROM dims.dim_date AS d
  INNER JOIN bound AS b
    ON d.month_start BETWEEN b.first_month AND b.last_month
), counted AS (
  SELECT
    s.month,
    s.lead_status,
    SUM(s.entered) AS entered,
    SUM(s.left_again) AS left_again,
    AVG(CASE WHEN s.left_again = 1 THEN s.days END) AS days_in_status
  FROM step AS s
  GROUP BY
    s.month,
    s.lead_status
), every_month AS (
  SELECT
    m.month,
    d.lead_status,
    d.category,
    d.funnel_order,
    COALESCE(c.entered, 0) AS entered,
    COALESCE(c.left_again, 0) AS left_again,
    c.days_in_status
  FROM month AS m
  CROSS JOIN dims.dim_lead_status AS d
  LEFT JOIN counted AS c
    ON c.month = m.month AND c.lead_status = d.lead_status
)
SELECT
  e.month::DATE AS month, /* First day of the month */
  e.lead_status::TEXT AS lead_status, /* Status in Salesforce */
  e.category::TEXT AS category, /* open, won, paused, lost or unknown */
  e.funnel_order::INT AS funnel_order, /* Place in the funnel */
  e.entered::BIGINT AS entered, /* Leads that came into the status, those that were first seen in it included */
  e.left_again::BIGINT AS left_again, /* Leads that left it for another */
  SUM(e.entered - e.left_again) OVER (
    PARTITION BY e.lead_status
    ORDER BY e.month
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )::BIGINT AS at_end, /* Leads in it at the end of the month, those deleted since included */
  e.days_in_status::DOUBLE AS days_in_status /* Mean days in it of those that left; NULL where none did */
FROM every_month AS e
