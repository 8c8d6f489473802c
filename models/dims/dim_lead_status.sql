MODEL (
  name dims.dim_lead_status,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  grain (
    lead_status
  ),
  description 'Sales statuses with category, place in the funnel and what may follow; a status that Salesforce uses and the seed does not know is listed as unknown. One row per status.',
  audits (
    UNIQUE_VALUES(columns := (
      lead_status
    )),
    NOT_NULL(columns := (lead_status, category))
  )
);

WITH used AS (
  SELECT DISTINCT
    v.lead_status
  FROM intermediate.int_lead_version AS v
  WHERE
    NOT v.lead_status IS NULL
), listed AS (
  SELECT
    s.lead_status,
    s.category,
    s.funnel_order,
    s.is_open,
    s.allowed_next
  FROM seeds.lead_status AS s
), unlisted AS (
  SELECT
    u.lead_status,
    'unknown' AS category,
    NULL AS funnel_order,
    NULL AS is_open,
    NULL AS allowed_next
  FROM used AS u
  LEFT JOIN listed AS l
    ON l.lead_status = u.lead_status
  WHERE
    l.lead_status IS NULL
), every_status AS (
  SELECT
    *
  FROM listed
  UNION ALL
  SELECT
    *
  FROM unlisted
)
SELECT
  s.lead_status::TEXT AS lead_status, /* Status as Salesforce writes it */
  s.category::TEXT AS category, /* open, won, paused, lost or unknown */
  s.funnel_order::INT AS funnel_order, /* Place in the funnel */
  s.is_open::BOOLEAN AS is_open, /* Whether sales still works on the lead */
  s.allowed_next::TEXT AS allowed_next /* Statuses that may follow, separated by bars */
FROM every_status AS s
