MODEL (
  name staging.stg_texas_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Texas licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number))
  )
);

WITH delivered AS (
  SELECT
    b.*,
    @clean_text(b.operation_name) AS name_clean
  FROM bronze.texas AS b
  WHERE
    b.received_on BETWEEN @start_date AND @end_date
), parted AS (
  SELECT
    d.*,
    @name_parts(d.name_clean),
    @address_line(d.address) AS address_line,
    @phone_digits(d.phone) AS phone_digits
  FROM delivered AS d
), looked_up AS (
  SELECT
    d.*,
    @address_unit(d),
    COALESCE(@phone_e164(d.phone_digits), p.phone_e164) AS phone_found,
    COALESCE(@phone_type(d.phone_digits), p.phone_type) AS phone_type,
    p.phone_reason AS phone_parsed_reason
  FROM parted AS d
  LEFT JOIN staging.stg_phone AS p
    ON p.phone_raw = d.phone
), named AS (
  SELECT
    d.*,
    @natural_order(d.name_trade_part) AS name_found,
    @address_parts(d)
  FROM looked_up AS d
), typed AS (
  SELECT
    d.*,
    @address_words(d),
    @state_code(d.state) AS state_read,
    @postal_code(d.zip) AS postal_code_read,
    @parse_date(d.issue_date) AS license_issued_on_read,
    @parse_integer(d.capacity) AS capacity_read,
    @parse_boolean(d.infant) AS serves_infants_read,
    @parse_boolean(d.toddler) AS serves_toddlers_read,
    @parse_boolean(d.preschool) AS serves_preschool_read,
    @parse_boolean(d.school) AS serves_school_age_read
  FROM named AS d
), standardized AS (
  SELECT
    CONCAT('texas:', TRIM(d.operation)) AS lead_key,
    'texas' AS source_key,
    TRIM(d.operation) AS natural_id,
    d.operation_name AS name_raw,
    d.name_found AS name,
    @natural_order(d.name_legal_part) AS legal_name,
    @name_normal(d.name_found) AS name_normal,
    CASE WHEN @is_person(d.name_trade_part) THEN 'person' ELSE 'business' END AS name_type,
    NULL AS contact_name_raw,
    NULL AS contact_name,
    NULL AS contact_role,
    NULL AS contact_names_other,
    NULLIF(TRIM(d.phone), '') AS phone_raw,
    d.phone_found AS phone_e164,
    d.phone_type AS phone_type,
    @phone_reason(d.phone, d.phone_found, d.phone_parsed_reason) AS phone_reason,
    NULL AS mobile_raw,
    NULL AS mobile_e164,
    NULL AS mobile_reason,
    @email_columns(d.email_address),
    NULL AS website_raw,
    NULL AS website_domain,
    NULLIF(TRIM(d.address), '') AS address_raw,
    @address_columns(d),
    UPPER(@clean_text(d.city)) AS city,
    UPPER(@clean_text(d.county)) AS county,
    d.state AS state_raw,
    d.state_read AS state,
    d.zip AS postal_code_raw,
    d.postal_code_read AS postal_code,
    'US' AS country,
    TRIM(d.operation) AS license_number,
    d.type AS license_type_raw,
    @license_type(d.type) AS license_type,
    UPPER(d.status) LIKE '%INITIAL%' OR UPPER(d.status) LIKE '%PROVISIONAL%' AS is_license_provisional,
    d.status AS license_status_raw,
    CASE
      WHEN UPPER(d.status) LIKE '%PERMIT%' OR UPPER(d.status) = 'ACTIVE'
      THEN 'active'
      ELSE 'unknown'
    END AS license_status,
    d.license_issued_on_read AS license_issued_on,
    NULL AS license_expires_on,
    NULL AS has_disciplinary_action,
    @clean_text(d.monitoring_frequency) AS monitoring_frequency,
    @clean_text(d.agency_number) AS agency_number,
    @clean_text(d.facility_id) AS facility_id,
    d.capacity_read AS capacity,
    NULL AS enrollment,
    d.serves_infants_read AS serves_infants,
    d.serves_toddlers_read AS serves_toddlers,
    d.serves_preschool_read AS serves_preschool,
    d.serves_school_age_read AS serves_school_age,
    NULL AS accepts_subsidy,
    NULL AS subsidy_contract_number,
    NULL AS star_level,
    NULL AS is_year_round,
    NULL AS has_daytime_hours,
    NULL AS has_evening_hours,
    NULL AS schedule,
    NULL AS lead_status,
    NULL AS outreach_stage,
    NULL AS lead_source,
    NULL AS lead_source_updated_on,
    NULL AS school_uuid,
    NULL AS is_converted,
    FALSE AS is_deleted,
    NULL AS email_bounced_reason,
    NULL AS email_bounced_on,
    NULL AS last_activity_on,
    NULL AS source_created_at,
    NULL AS source_modified_at,
    NULL AS last_viewed_on,
    NULL AS last_referenced_on,
    @unparsed(
      ('state', d.state_read, d.state),
      ('postal_code', d.postal_code_read, d.zip),
      ('license_issued_on', d.license_issued_on_read, d.issue_date),
      ('capacity', d.capacity_read, d.capacity),
      ('serves_infants', d.serves_infants_read, d.infant),
      ('serves_toddlers', d.serves_toddlers_read, d.toddler),
      ('serves_preschool', d.serves_preschool_read, d.preschool),
      ('serves_school_age', d.serves_school_age_read, d.school)
    ) AS unparsed,
    d.rescued AS rescued,
    d.file_id AS file_id,
    d.row_number AS row_number,
    d.file_date AS file_date,
    d.received_at AS received_at,
    d.received_on AS received_on
  FROM typed AS d
), hashed AS (
  SELECT
    s.*,
    @content_hash(s) AS content_hash
  FROM standardized AS s
)
SELECT
  @lead_columns(h)
FROM hashed AS h
