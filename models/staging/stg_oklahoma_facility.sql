MODEL (
  name staging.stg_oklahoma_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Oklahoma licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number))
  )
);

WITH delivered AS (
  SELECT
    b.*,
    @clean_text(b.company) AS name_clean,
    @clean_text(SPLIT_PART(b.primary_caregiver, CHR(10), 1)) AS contact_clean,
    @join_text(
      '|',
      b.accepts_subsidy,
      b.year_round,
      b.daytime_hours,
      b.ages_accepted_1,
      b.aa2,
      b.aa3,
      b.aa4,
      b.school_year_only,
      b.evening_hours
    ) AS labels /* Values shift between these columns, so a flag is read wherever it stands */
  FROM bronze.oklahoma AS b
  WHERE
    b.received_on BETWEEN @start_date AND @end_date
), parted AS (
  SELECT
    d.*,
    @name_parts(d.name_clean),
    @address_line(@join_text(' ', d.address1, d.address2)) AS address_line,
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
    @parse_date(d.license_monitoring_since) AS license_issued_on_read,
    @parse_integer(d.total_cap) AS capacity_read,
    TRY_CAST(NULLIF(REGEXP_EXTRACT(d.star_level, '^ *([1-5])', 1), '') AS INT) AS star_level_read,
    NULLIF(REGEXP_EXTRACT(d.subsidy_contract_number, '([0-9]+) *$', 1), '') AS subsidy_contract_number_read
  FROM named AS d
), standardized AS (
  SELECT
    CONCAT('oklahoma:', REGEXP_EXTRACT(d.type_license, '([A-Z]?[0-9]+) *$', 1)) AS lead_key,
    'oklahoma' AS source_key,
    REGEXP_EXTRACT(d.type_license, '([A-Z]?[0-9]+) *$', 1) AS natural_id,
    d.company AS name_raw,
    d.name_found AS name,
    @natural_order(d.name_legal_part) AS legal_name,
    @name_normal(d.name_found) AS name_normal,
    CASE
      WHEN @is_person(d.name_trade_part, d.contact_clean)
      THEN 'person'
      ELSE 'business'
    END AS name_type,
    d.primary_caregiver AS contact_name_raw,
    @contact_columns(d.contact_clean),
    @clean_text(REGEXP_EXTRACT(d.primary_caregiver, '\n([^\n]*)\s*$', 1)) AS contact_role,
    NULLIF(TRIM(d.phone), '') AS phone_raw,
    d.phone_found AS phone_e164,
    d.phone_type AS phone_type,
    @phone_reason(d.phone, d.phone_found, d.phone_parsed_reason) AS phone_reason,
    NULL AS mobile_raw,
    NULL AS mobile_e164,
    NULL AS mobile_reason,
    @email_columns(d.email),
    NULL AS website_raw,
    NULL AS website_domain,
    NULLIF(TRIM(@join_text(' ', d.address1, d.address2)), '') AS address_raw,
    @address_columns(d),
    UPPER(@clean_text(d.city)) AS city,
    NULL AS county,
    d.state AS state_raw,
    d.state_read AS state,
    d.zip AS postal_code_raw,
    d.postal_code_read AS postal_code,
    'US' AS country,
    REGEXP_EXTRACT(d.type_license, '([A-Z]?[0-9]+) *$', 1) AS license_number,
    TRIM(REGEXP_EXTRACT(d.type_license, '^(.*?) +- +', 1)) AS license_type_raw,
    @license_type(d.type_license) AS license_type,
    NULL AS is_license_provisional,
    NULL AS license_status_raw,
    'active' AS license_status,
    d.license_issued_on_read AS license_issued_on,
    NULL AS license_expires_on,
    NULL AS has_disciplinary_action,
    NULL AS monitoring_frequency,
    NULL AS agency_number,
    NULL AS facility_id,
    d.capacity_read AS capacity,
    NULL AS enrollment,
    d.labels LIKE '%Infants%' AS serves_infants,
    d.labels LIKE '%Toddlers%' AS serves_toddlers,
    d.labels LIKE '%Preschool%' AS serves_preschool,
    d.labels LIKE '%School-age%' AS serves_school_age,
    d.labels LIKE '%Accepts Subsidy%' AS accepts_subsidy,
    d.subsidy_contract_number_read AS subsidy_contract_number,
    d.star_level_read AS star_level,
    d.labels LIKE '%Year Round%' AS is_year_round,
    d.labels LIKE '%Daytime Hours%' AS has_daytime_hours,
    d.labels LIKE '%Evening Hours%' AS has_evening_hours,
    @schedule_line(d.mon, d.tues, d.wed, d.thurs, d.friday, d.saturday, d.sunday) AS schedule,
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
      ('license_issued_on', d.license_issued_on_read, d.license_monitoring_since),
      ('capacity', d.capacity_read, d.total_cap),
      ('star_level', d.star_level_read, d.star_level),
      (
        'subsidy_contract_number',
        d.subsidy_contract_number_read,
        REGEXP_REPLACE(d.subsidy_contract_number, '^Subsidy Contract Number: *(N/A)?', '', 'g')
      ),
      (
        'labels',
        NULL,
        REGEXP_REPLACE(
          d.labels,
          'Accepts Subsidy|Year Round|School Year Only|Daytime Hours|Evening Hours|(Infants|Toddlers|Preschool|School-age) *\([^)]*\)|[|]',
          '',
          'g'
        )
      )
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
