MODEL (
  name intermediate.int_lead_delivered,
  kind VIEW,
  grain (file_id, row_number),
  description 'The delivered rows of all sources in one shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash))
  )
);

WITH delivered AS (
  @delivered_leads()
)
SELECT
  @lead_columns(d)
FROM delivered AS d
