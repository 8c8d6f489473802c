MODEL (
  name facts.fact_lead_status_change,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (lead_key, changed_at),
  depends_on (
    dims.dim_lead
  ),
  description 'Every change of a lead''s sales status, with the days in the status before and whether the step is one that the funnel allows. One row per change.',
  audits (
    NOT_NULL(columns := (lead_key, changed_at, lead_status)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, changed_at)),
    KEY_HAS_ITS_MEMBER(key := lead_key, dimension := dims.dim_lead, member := lead_key),
    KEY_HAS_ITS_MEMBER(key := lead_status, dimension := dims.dim_lead_status, member := lead_status)
  )
);

WITH touched AS (
  SELECT
    v.lead_key
  FROM intermediate.int_lead_version AS v
), status AS (
  SELECT
    v.lead_key,
    v.lead_status,
    v.received_at,
    LAG(v.lead_status) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS status_before
  FROM intermediate.int_lead_version AS v
  WHERE
    NOT v.lead_status IS NULL AND @is_touched(v.lead_key)
), changed AS (
  SELECT
    s.*,
    LAG(s.received_at) OVER (PARTITION BY s.lead_key ORDER BY s.received_at) AS previous_change_at
  FROM status AS s
  WHERE
    s.status_before IS NULL OR s.status_before <> s.lead_status
)
SELECT
  c.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  c.received_at::TIMESTAMPTZ AS changed_at, /* When the new status became known, UTC */
  c.status_before::TEXT AS previous_status, /* Status before; NULL for the first one known */
  c.lead_status::TEXT AS lead_status, /* New status */
  DATE_DIFF('DAY', c.previous_change_at::DATE, c.received_at::DATE)::INT AS days_in_previous_status, /* Days in the status before */
  CASE
    WHEN NOT c.status_before IS NULL
    THEN CONCAT('|', COALESCE(d.allowed_next, ''), '|') LIKE CONCAT('%|', c.lead_status, '|%')
  END::BOOLEAN AS is_allowed /* Whether the funnel allows the step; NULL for the first status */
FROM changed AS c
LEFT JOIN dims.dim_lead_status AS d
  ON d.lead_status = c.status_before
