MODEL (
  name staging.stg_salesforce_lead,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Salesforce leads in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number))
  )
);

WITH delivered AS (
  SELECT
    b.*,
    @clean_text(b.company) AS name_clean,
    @clean_text(@join_text(' ', b.first_name, b.last_name)) AS contact_clean
  FROM bronze.salesforce AS b
  WHERE
    b.received_on BETWEEN @start_date AND @end_date
), parted AS (
  SELECT
    d.*,
    @name_parts(d.name_clean),
    @address_line(d.street) AS address_line,
    @phone_digits(d.mobile_phone) AS mobile_digits,
    @phone_digits(d.phone) AS phone_digits
  FROM delivered AS d
), looked_up AS (
  SELECT
    d.*,
    @address_unit(d),
    COALESCE(@phone_e164(d.mobile_digits), m.phone_e164) AS mobile_found,
    COALESCE(@phone_e164(d.phone_digits), p.phone_e164) AS phone_found,
    COALESCE(@phone_type(d.phone_digits), p.phone_type) AS phone_type,
    p.phone_reason AS phone_parsed_reason,
    m.phone_reason AS mobile_parsed_reason
  FROM parted AS d
  LEFT JOIN staging.stg_phone AS p
    ON p.phone_raw = d.phone
  LEFT JOIN staging.stg_phone AS m
    ON m.phone_raw = d.mobile_phone
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
    @website_domain(d.website) AS website_domain_read,
    @state_code(d.state) AS state_read,
    @postal_code(d.postal_code) AS postal_code_read,
    @parse_integer(d.capacity_c) AS capacity_read,
    @parse_integer(d.current_enrollment_c) AS enrollment_read,
    @parse_boolean(d.is_deleted) AS is_deleted_read,
    @parse_boolean(d.is_converted) AS is_converted_read,
    @parse_date(d.lead_source_last_updated_c) AS lead_source_updated_on_read,
    @parse_date(d.email_bounced_date) AS email_bounced_on_read,
    @parse_date(d.last_activity_date) AS last_activity_on_read,
    @parse_timestamp(d.created_date) AS source_created_at_read,
    @parse_timestamp(d.last_modified_date) AS source_modified_at_read,
    @parse_date(d.last_viewed_date) AS last_viewed_on_read,
    @parse_date(d.last_referenced_date) AS last_referenced_on_read
  FROM named AS d
), standardized AS (
  SELECT
    CONCAT('salesforce:', TRIM(d.id)) AS lead_key,
    'salesforce' AS source_key,
    TRIM(d.id) AS natural_id,
    d.company AS name_raw,
    d.name_found AS name,
    @natural_order(d.name_legal_part) AS legal_name,
    @name_normal(d.name_found) AS name_normal,
    CASE
      WHEN @is_person(d.name_trade_part, d.contact_clean)
      THEN 'person'
      ELSE 'business'
    END AS name_type,
    NULLIF(TRIM(@join_text(' ', d.first_name, d.last_name)), '') AS contact_name_raw,
    @contact_columns(d.contact_clean),
    @clean_text(d.title) AS contact_role,
    NULLIF(TRIM(d.phone), '') AS phone_raw,
    d.phone_found AS phone_e164,
    d.phone_type AS phone_type,
    @phone_reason(d.phone, d.phone_found, d.phone_parsed_reason) AS phone_reason,
    NULLIF(TRIM(d.mobile_phone), '') AS mobile_raw,
    d.mobile_found AS mobile_e164,
    @phone_reason(d.mobile_phone, d.mobile_found, d.mobile_parsed_reason) AS mobile_reason,
    @email_columns(d.email),
    d.website AS website_raw,
    d.website_domain_read AS website_domain,
    NULLIF(TRIM(d.street), '') AS address_raw,
    @address_columns(d),
    UPPER(@clean_text(d.city)) AS city,
    NULL AS county,
    d.state AS state_raw,
    d.state_read AS state,
    d.postal_code AS postal_code_raw,
    d.postal_code_read AS postal_code,
    @country_code(d.country, d.state_read) AS country,
    NULL AS license_number,
    NULL AS license_type_raw,
    NULL AS license_type,
    NULL AS is_license_provisional,
    NULL AS license_status_raw,
    NULL AS license_status,
    NULL AS license_issued_on,
    NULL AS license_expires_on,
    NULL AS has_disciplinary_action,
    NULL AS monitoring_frequency,
    NULL AS agency_number,
    NULL AS facility_id,
    d.capacity_read AS capacity,
    d.enrollment_read AS enrollment,
    NULL AS serves_infants,
    NULL AS serves_toddlers,
    NULL AS serves_preschool,
    NULL AS serves_school_age,
    NULL AS accepts_subsidy,
    NULL AS subsidy_contract_number,
    NULL AS star_level,
    NULL AS is_year_round,
    NULL AS has_daytime_hours,
    NULL AS has_evening_hours,
    NULL AS schedule,
    @clean_text(d.status) AS lead_status,
    @clean_text(d.outreach_stage_c) AS outreach_stage,
    @clean_text(d.lead_source) AS lead_source,
    d.lead_source_updated_on_read AS lead_source_updated_on,
    @clean_text(d.brightwheel_school_uuid_c) AS school_uuid,
    d.is_converted_read AS is_converted,
    COALESCE(d.is_deleted_read, FALSE) AS is_deleted,
    @clean_text(d.email_bounced_reason) AS email_bounced_reason,
    d.email_bounced_on_read AS email_bounced_on,
    d.last_activity_on_read AS last_activity_on,
    d.source_created_at_read AS source_created_at,
    d.source_modified_at_read AS source_modified_at,
    d.last_viewed_on_read AS last_viewed_on,
    d.last_referenced_on_read AS last_referenced_on,
    @unparsed(
      ('website_domain', d.website_domain_read, d.website),
      ('state', d.state_read, d.state),
      ('postal_code', d.postal_code_read, d.postal_code),
      ('capacity', d.capacity_read, d.capacity_c),
      ('enrollment', d.enrollment_read, d.current_enrollment_c),
      ('is_deleted', d.is_deleted_read, d.is_deleted),
      ('is_converted', d.is_converted_read, d.is_converted),
      (
        'lead_source_updated_on',
        d.lead_source_updated_on_read,
        d.lead_source_last_updated_c
      ),
      ('email_bounced_on', d.email_bounced_on_read, d.email_bounced_date),
      ('last_activity_on', d.last_activity_on_read, d.last_activity_date),
      ('source_created_at', d.source_created_at_read, d.created_date),
      ('source_modified_at', d.source_modified_at_read, d.last_modified_date),
      ('last_viewed_on', d.last_viewed_on_read, d.last_viewed_date),
      ('last_referenced_on', d.last_referenced_on_read, d.last_referenced_date)
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
