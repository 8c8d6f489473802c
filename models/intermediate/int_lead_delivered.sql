MODEL (
  name intermediate.int_lead_delivered,
  kind VIEW,
  grain (file_id, row_number),
  description 'The delivered rows of all four sources in one shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash))
  )
);

WITH salesforce AS (
  SELECT
    @lead_columns(s)
  FROM staging.stg_salesforce_lead AS s
), nevada AS (
  SELECT
    @lead_columns(s)
  FROM staging.stg_nevada_facility AS s
), oklahoma AS (
  SELECT
    @lead_columns(s)
  FROM staging.stg_oklahoma_facility AS s
), texas AS (
  SELECT
    @lead_columns(s)
  FROM staging.stg_texas_facility AS s
), delivered AS (
  SELECT
    *
  FROM salesforce
  UNION ALL
  SELECT
    *
  FROM nevada
  UNION ALL
  SELECT
    *
  FROM oklahoma
  UNION ALL
  SELECT
    *
  FROM texas
)
SELECT
  @lead_columns(d)
FROM delivered AS d
