MODEL (
  name staging.stg_texas_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Texas licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.texas),
    EVERY_VALUE_IS_PARSED(source := texas)
  )
);

WITH standardized AS (
  @lead_shape(
    bronze.texas AS d,
    'texas' AS source_key,
    TRIM(d.operation) AS natural_id,
    UPPER(cleaned.city) AS city,
    UPPER(cleaned.county) AS county,
    (state_in.state, d.state) AS state,
    (@postal_code(d.zip), d.zip) AS postal_code,
    'US' AS country,
    TRIM(d.operation) AS license_number,
    (@license_type(d.type), d.type) AS license_type,
    UPPER(d.status) LIKE '%INITIAL%' OR UPPER(d.status) LIKE '%PROVISIONAL%' AS is_license_provisional,
    (@conformed_word('texas.status', d.status), d.status) AS license_status,
    (@parse_date(d.issue_date, EXTRACT(YEAR FROM d.received_on)), d.issue_date) AS license_issued_on,
    cleaned.monitoring_frequency AS monitoring_frequency,
    NULLIF(@plain_text(d.agency_number), '') AS agency_number,
    NULLIF(@plain_text(d.facility_id), '') AS facility_id,
    (@parse_integer(d.capacity), d.capacity) AS capacity,
    (@parse_boolean(d.infant), d.infant) AS serves_infants,
    (@parse_boolean(d.toddler), d.toddler) AS serves_toddlers,
    (@parse_boolean(d.preschool), d.preschool) AS serves_preschool,
    (@parse_boolean(d.school), d.school) AS serves_school_age
  )
)
SELECT
  @lead_columns(s, content_hash := @content_hash(s))
FROM standardized AS s
