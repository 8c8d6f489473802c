MODEL (
  name staging.stg_nevada_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Nevada licensing rows in the conformed lead shape, their one-line address split. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number))
  )
);

WITH delivered AS (
  SELECT
    b.*,
    @clean_text(b.name) AS name_clean,
    @clean_text(b.primary_contact_name) AS contact_clean,
    UPPER(@clean_text(REPLACE(b.address, ',', ' '))) AS address_clean
  FROM bronze.nevada AS b
  WHERE
    b.received_on BETWEEN @start_date AND @end_date
), split AS (
  SELECT
    d.*,
    NULLIF(REGEXP_EXTRACT(d.address_clean, '^(.*) [A-Z]{2} [0-9]{4,5}(-[0-9]{4})?$', 1), '') AS street_and_city,
    NULLIF(REGEXP_EXTRACT(d.address_clean, ' [A-Z]{2} ([0-9]{4,5}(-[0-9]{4})?)$', 1), '') AS zip
  FROM delivered AS d
), nevada AS (
  SELECT
    ARRAY_TO_STRING(ARRAY_AGG(DISTINCT z.city), '|') AS city_names
  FROM staging.stg_zip_code AS z
  WHERE
    z.state = 'NV'
), ending AS (
  /* Cities of the state, and the further names of the place to which the ZIP belongs */
  SELECT
    s.*,
    CONCAT('|', n.city_names, COALESCE(z.city_names, '|')) AS city_names,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+)$', 1) AS last_word,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){1})$', 1) AS last_two,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){2})$', 1) AS last_three,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){3})$', 1) AS last_four,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){4})$', 1) AS last_five
  FROM split AS s
  CROSS JOIN nevada AS n
  LEFT JOIN staging.stg_zip_code AS z
    ON z.postal_code = LEFT(s.zip, 5)
), placed AS (
  /* The longest name wins: NORTH LAS VEGAS ends with LAS VEGAS */
  SELECT
    e.*,
    CASE
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_five, '|')) > 0
      THEN e.last_five
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_four, '|')) > 0
      THEN e.last_four
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_three, '|')) > 0
      THEN e.last_three
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_two, '|')) > 0
      THEN e.last_two
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_word, '|')) > 0
      THEN e.last_word
    END AS city_found
  FROM ending AS e
), located AS (
  SELECT
    p.*,
    COALESCE(
      LEFT(p.street_and_city, LENGTH(p.street_and_city) - LENGTH(p.city_found)),
      p.street_and_city,
      p.address_clean
    ) AS street_line
  FROM placed AS p
), parted AS (
  SELECT
    d.*,
    @name_parts(d.name_clean),
    @address_line(d.street_line) AS address_line,
    @phone_digits(d.phone) AS phone_digits
  FROM located AS d
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
    @parse_date(d.first_issue_date) AS license_issued_on_read,
    @parse_date(d.expiration_date) AS license_expires_on_read,
    @parse_boolean(d.disciplinary_action) AS has_disciplinary_action_read
  FROM named AS d
), standardized AS (
  SELECT
    CONCAT('nevada:', TRIM(SPLIT_PART(d.credential_number, '-', 1))) AS lead_key,
    'nevada' AS source_key,
    TRIM(SPLIT_PART(d.credential_number, '-', 1)) AS natural_id,
    d.name AS name_raw,
    d.name_found AS name,
    @natural_order(d.name_legal_part) AS legal_name,
    @name_normal(d.name_found) AS name_normal,
    CASE
      WHEN @is_person(d.name_trade_part, d.contact_clean)
      THEN 'person'
      ELSE 'business'
    END AS name_type,
    d.primary_contact_name AS contact_name_raw,
    @contact_columns(d.contact_clean),
    @clean_text(d.primary_contact_role) AS contact_role,
    NULLIF(TRIM(d.phone), '') AS phone_raw,
    d.phone_found AS phone_e164,
    d.phone_type AS phone_type,
    @phone_reason(d.phone, d.phone_found, d.phone_parsed_reason) AS phone_reason,
    NULL AS mobile_raw,
    NULL AS mobile_e164,
    NULL AS mobile_reason,
    NULL AS email_raw,
    NULL AS email,
    NULL AS email_reason,
    NULL AS website_raw,
    NULL AS website_domain,
    NULLIF(TRIM(d.address), '') AS address_raw,
    @address_columns(
      d,
      CASE WHEN d.city_found IS NULL AND TRIM(d.address) <> '' THEN 'city not known' END
    ),
    d.city_found AS city,
    UPPER(@clean_text(d.county)) AS county,
    d.state AS state_raw,
    d.state_read AS state,
    d.zip AS postal_code_raw,
    d.postal_code_read AS postal_code,
    'US' AS country,
    TRIM(d.credential_number) AS license_number,
    d.credential_type AS license_type_raw,
    @license_type(d.credential_type) AS license_type,
    UPPER(d.credential_type) LIKE '%PROVISIONAL%' AS is_license_provisional,
    d.status AS license_status_raw,
    CASE WHEN UPPER(TRIM(d.status)) = 'ACTIVE' THEN 'active' ELSE 'unknown' END AS license_status,
    d.license_issued_on_read AS license_issued_on,
    d.license_expires_on_read AS license_expires_on,
    d.has_disciplinary_action_read AS has_disciplinary_action,
    NULL AS monitoring_frequency,
    NULL AS agency_number,
    NULL AS facility_id,
    NULL AS capacity,
    NULL AS enrollment,
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
      ('city', d.city_found, d.address),
      ('postal_code', d.postal_code_read, d.zip),
      ('license_issued_on', d.license_issued_on_read, d.first_issue_date),
      ('license_expires_on', d.license_expires_on_read, d.expiration_date),
      ('has_disciplinary_action', d.has_disciplinary_action_read, d.disciplinary_action)
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
