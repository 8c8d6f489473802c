MODEL (
  name dims.dim_lead_validity,
  kind CUSTOM (
    materialization 'type_2_from_log',
    materialization_properties (unique_key = lead_key, version = state)
  ),
  grain (lead_key, valid_from),
  description 'From when to when each version of a lead held; dims.dim_lead adds the attributes. Narrow, so that the leads that changed are cheap to replace. Of several changes within one day a replay keeps the last. One row per lead version and validity.',
  audits (
    NOT_NULL(columns := (lead_key, lead_version_key, valid_from)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, valid_from)),
    ONE_OPEN_VERSION_PER_LEAD,
    NO_GAP_OR_OVERLAP_IN_VALIDITY
  )
);

WITH last_of_day AS (
  SELECT
    v.lead_key,
    v.lead_version_key,
    CONCAT(v.content_hash, '|', v.is_listed::TEXT) AS state,
    v.received_at
  FROM intermediate.int_lead_version AS v
  WHERE
    v.received_on BETWEEN @start_date AND @end_date
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY v.lead_key, v.received_on ORDER BY v.received_at DESC) = 1
)
SELECT
  l.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  l.lead_version_key::TEXT AS lead_version_key, /* Key of the version that held */
  l.state::TEXT AS state, /* Content hash and listing: where two versions in a row have the same, the later changed nothing */
  l.received_at::TIMESTAMPTZ AS received_at, /* When the delivery that brought the version was taken in, UTC */
  l.received_at::TIMESTAMPTZ AS valid_from, /* Begin of validity, inclusive: received_at of the delivery that brought the version */
  NULL::TIMESTAMPTZ AS valid_to /* End of validity, exclusive; NULL while it holds. The kind fills it in from the next change */
FROM last_of_day AS l
