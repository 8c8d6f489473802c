MODEL (
  name dims.dim_lead_validity,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key lead_key,
    columns (lead_version_key),
    updated_at_name received_at,
    execution_time_as_valid_from TRUE,
    time_data_type TIMESTAMPTZ,
    batch_size 1,
    forward_only FALSE,
    disable_restatement FALSE
  ),
  grain (lead_key, valid_from),
  description 'From when to when each version of a lead held; dims.dim_lead adds the attributes. Narrow, because type 2 rewrites the whole table at every step. Of several changes within one day a replay keeps the last. One row per lead version and validity.',
  columns (
    lead_key TEXT,
    lead_version_key TEXT,
    received_at TIMESTAMPTZ,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ
  ),
  column_descriptions (
    lead_key = 'Durable key of the lead',
    lead_version_key = 'Key of the version that held',
    received_at = 'When the delivery that brought the version was taken in, UTC',
    valid_from = 'Begin of validity, inclusive: received_at of the delivery that brought the version',
    valid_to = 'End of validity, exclusive; NULL while it holds'
  ),
  audits (
    NOT_NULL(columns := (lead_key, lead_version_key, valid_from)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, valid_from)),
    ONE_OPEN_VERSION_PER_LEAD,
    NO_GAP_OR_OVERLAP_IN_VALIDITY
  )
);

WITH last_of_interval AS (
  SELECT
    v.lead_key,
    v.lead_version_key,
    v.received_at
  FROM intermediate.int_lead_version AS v
  WHERE
    v.received_on BETWEEN @start_date AND @end_date
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY v.lead_key ORDER BY v.received_at DESC) = 1
)
SELECT
  l.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  l.lead_version_key::TEXT AS lead_version_key, /* Key of the version that held */
  l.received_at::TIMESTAMPTZ AS received_at /* When the delivery that brought the version was taken in, UTC */
FROM last_of_interval AS l
