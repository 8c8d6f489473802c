MODEL (
  name staging.stg_nevada_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Nevada licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.nevada),
    EVERY_VALUE_IS_PARSED(source := nevada)
  )
);

WITH standardized AS (
  @lead_shape(
    bronze.nevada AS d,
    'nevada' AS source_key,
    UPPER(REPLACE(SPLIT_PART(d.credential_number, '-', 1), ' ', '')) AS natural_id,
    cleaned.primary_contact_role AS contact_role,
    UPPER(cleaned.county) AS county,
    (state_in.state, d.state) AS state,
    'US' AS country,
    TRIM(d.credential_number) AS license_number,
    (@license_type(d.credential_type), d.credential_type) AS license_type,
    UPPER(d.credential_type) LIKE '%PROVISIONAL%'
    OR UPPER(d.status) LIKE '%PROVISIONAL%' AS is_license_provisional,
    (@conformed_word('nevada.status', d.status), d.status) AS license_status,
    (
      @parse_date(d.first_issue_date, EXTRACT(YEAR FROM d.received_on)),
      d.first_issue_date
    ) AS license_issued_on,
    (
      @parse_date(d.expiration_date, EXTRACT(YEAR FROM d.received_on) + 30),
      d.expiration_date
    ) AS license_expires_on,
    (@parse_boolean(d.disciplinary_action), d.disciplinary_action) AS has_disciplinary_action
  )
)
SELECT
  @lead_columns(s, content_hash := @content_hash(s))
FROM standardized AS s
