MODEL (
  name staging.stg_{source}_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description '{title} licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number))
  )
);

WITH delivered AS (
  SELECT
    d.*,
    @clean_text({name}) AS name_clean
  FROM bronze.{source} AS d
  WHERE
    d.received_on BETWEEN @start_date AND @end_date
), parted AS (
  SELECT
    d.*,
    @name_parts(d.name_clean),
    @address_line({address}) AS address_line,
    @phone_digits({phone}) AS phone_digits
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
    ON p.phone_raw = {phone}
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
    @state_code({state}) AS state_read,
    @postal_code({zip}) AS postal_code_read,
    @parse_date({issued}) AS license_issued_on_read,
    @parse_date({expires}) AS license_expires_on_read,
    @parse_integer({capacity}) AS capacity_read
  FROM named AS d
), standardized AS (
  SELECT
    CONCAT('{source}:', TRIM(d.{key})) AS lead_key,
    '{source}' AS source_key,
    TRIM(d.{key}) AS natural_id,
    {name} AS name_raw,
    d.name_found AS name,
    @natural_order(d.name_legal_part) AS legal_name,
    @name_normal(d.name_found) AS name_normal,
    CASE WHEN @is_person(d.name_trade_part) THEN 'person' ELSE 'business' END AS name_type,
    NULL AS contact_name_raw,
    NULL AS contact_name,
    NULL AS contact_role,
    NULL AS contact_names_other,
    NULLIF(TRIM({phone}), '') AS phone_raw,
    d.phone_found AS phone_e164,
    d.phone_type AS phone_type,
    @phone_reason({phone}, d.phone_found, d.phone_parsed_reason) AS phone_reason,
    NULL AS mobile_raw,
    NULL AS mobile_e164,
    NULL AS mobile_reason,
    @email_columns({email}),
    NULL AS website_raw,
    NULL AS website_domain,
    NULLIF(TRIM({address}), '') AS address_raw,
    @address_columns(d),
    UPPER(@clean_text({city})) AS city,
    UPPER(@clean_text({county})) AS county,
    {state} AS state_raw,
    d.state_read AS state,
    {zip} AS postal_code_raw,
    d.postal_code_read AS postal_code,
    'US' AS country,
    TRIM(d.{key}) AS license_number,
    {type} AS license_type_raw,
    @license_type({type}) AS license_type,
    NULL AS is_license_provisional,
    {status} AS license_status_raw,
    CASE
      WHEN UPPER(TRIM({status})) = 'ACTIVE'
      THEN 'active'
      ELSE 'unknown'
    END AS license_status,
    d.license_issued_on_read AS license_issued_on,
    d.license_expires_on_read AS license_expires_on,
    NULL AS has_disciplinary_action,
    NULL AS monitoring_frequency,
    NULL AS agency_number,
    NULL AS facility_id,
    d.capacity_read AS capacity,
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
      ('state', d.state_read, {state}),
      ('postal_code', d.postal_code_read, {zip}),
      ('license_issued_on', d.license_issued_on_read, {issued}),
      ('license_expires_on', d.license_expires_on_read, {expires}),
      ('capacity', d.capacity_read, {capacity})
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
