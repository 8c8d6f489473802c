MODEL (
  name dims.dim_lead,
  kind VIEW,
  grain (lead_key, valid_from),
  description 'Every state that a lead was in, with all its attributes (type 2). Filter on is_current for today. One row per lead version and validity.',
  audits (
    NOT_NULL(columns := (lead_key, lead_version_key, valid_from, is_current)),
    EVERY_VALIDITY_HAS_ITS_VERSION
  )
);

WITH validity AS (
  SELECT
    d.*
  FROM dims.dim_lead_validity AS d
), version AS (
  SELECT
    v.*
  FROM intermediate.int_lead_version AS v
)
SELECT
  @lead_columns(v),
  v.lead_version_key::TEXT AS lead_version_key, /* Unique key of the version */
  v.is_listed::BOOLEAN AS is_listed, /* FALSE where a newer full snapshot no longer lists the lead */
  d.valid_from::TIMESTAMPTZ AS valid_from, /* Begin of validity, inclusive */
  d.valid_to::TIMESTAMPTZ AS valid_to, /* End of validity, exclusive; NULL while it holds */
  (
    d.valid_to IS NULL
  )::BOOLEAN AS is_current /* Whether the version holds now */
FROM validity AS d
INNER JOIN version AS v
  ON v.lead_key = d.lead_key AND v.received_at = d.valid_from
