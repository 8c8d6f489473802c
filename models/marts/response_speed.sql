MODEL (
  name marts.response_speed,
  kind FULL,
  owner sales_operations,
  grain (campaign, cohort_month),
  description 'How soon sales does something with a new lead: days from its creation to the first change of its status. For operations: do new leads lie? Only leads that an extract showed within a week of their creation, since for older ones the first change is not known. Example query: SELECT cohort_month, SUM(leads) AS leads, SUM(changed_in_week) AS changed_in_week FROM marts.response_speed GROUP BY ALL ORDER BY cohort_month. One row per campaign and month of creation.',
  audits (
    NOT_NULL(columns := (campaign, cohort_month, leads, changed)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (campaign, cohort_month))
  )
);

WITH lead AS (
  SELECT
    l.lead_key,
    COALESCE(l.lead_source, 'not told') AS campaign,
    l.source_created_at::DATE AS created_on
  FROM intermediate.int_lead_current AS l
  WHERE
    l.is_crm
    AND l.first_received_at::DATE <= (
      l.source_created_at + INTERVAL '7' DAY
    )::DATE
), first_change AS (
  SELECT
    c.lead_key,
    MIN(c.changed_at::DATE) AS changed_on
  FROM facts.fact_lead_status_change AS c
  WHERE
    NOT c.previous_status IS NULL
  GROUP BY
    c.lead_key
), timed AS (
  SELECT
    l.campaign,
    DATE_TRUNC('MONTH', l.created_on)::DATE AS cohort_month,
    DATE_DIFF('DAY', l.created_on, c.changed_on) AS days
  FROM lead AS l
  LEFT JOIN first_change AS c
    ON c.lead_key = l.lead_key
)
SELECT
  t.campaign::TEXT AS campaign, /* Campaign or channel; not told where Salesforce has none */
  t.cohort_month::DATE AS cohort_month, /* First day of the month of creation */
  COUNT(*)::BIGINT AS leads, /* Leads that were seen from their first week on */
  COUNT(t.days)::BIGINT AS changed, /* Of these the ones whose status has changed since */
  SUM(CASE WHEN t.days <= 7 THEN 1 ELSE 0 END)::BIGINT AS changed_in_week, /* Within a week of creation */
  SUM(CASE WHEN t.days <= 30 THEN 1 ELSE 0 END)::BIGINT AS changed_in_month, /* Within 30 days */
  AVG(t.days)::DOUBLE AS days_to_change /* Mean days to the first change, of those that have changed; NULL where none has */
FROM timed AS t
GROUP BY
  t.campaign,
  t.cohort_month
