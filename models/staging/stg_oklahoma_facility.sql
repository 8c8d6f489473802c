MODEL (
  name staging.stg_oklahoma_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'Oklahoma licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.oklahoma),
    EVERY_VALUE_IS_PARSED(source := oklahoma)
  )
);

WITH labelled AS (
  SELECT
    b.*,
    REGEXP_EXTRACT(b.type_license, '([A-Za-z]?[0-9]+[A-Za-z]?)\s*$', 1) AS license_number,
    REGEXP_EXTRACT(b.primary_caregiver, '\n([^\n]*)\s*$', 1) AS caregiver_role,
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
), standardized AS (
  @lead_shape(
    labelled AS d,
    'oklahoma' AS source_key,
    d.license_number AS natural_id,
    @clean_text(d.caregiver_role) AS contact_role,
    UPPER(cleaned.city) AS city,
    (state_in.state, d.state) AS state,
    (@postal_code(d.zip), d.zip) AS postal_code,
    'US' AS country,
    d.license_number AS license_number,
    (
      @license_type(d.type_license),
      TRIM(REGEXP_EXTRACT(d.type_license, '^(.*?) +- +', 1))
    ) AS license_type,
    'active' AS license_status,
    (
      @parse_date(d.license_monitoring_since, EXTRACT(YEAR FROM d.received_on)),
      d.license_monitoring_since
    ) AS license_issued_on,
    (@parse_integer(d.total_cap), d.total_cap) AS capacity,
    d.labels LIKE '%Infants%' AS serves_infants,
    d.labels LIKE '%Toddlers%' AS serves_toddlers,
    d.labels LIKE '%Preschool%' AS serves_preschool,
    d.labels LIKE '%School-age%' AS serves_school_age,
    d.labels LIKE '%Accepts Subsidy%' AS accepts_subsidy,
    (
      TRY_CAST(NULLIF(REGEXP_EXTRACT(d.star_level, '^ *([1-5])', 1), '') AS INT),
      d.star_level
    ) AS star_level,
    (
      NULLIF(REGEXP_EXTRACT(d.subsidy_contract_number, '([0-9]+) *$', 1), ''),
      REGEXP_REPLACE(d.subsidy_contract_number, '^Subsidy Contract Number: *(N/A)?', '', 'g')
    ) AS subsidy_contract_number,
    d.labels LIKE '%Year Round%' AS is_year_round,
    d.labels LIKE '%Daytime Hours%' AS has_daytime_hours,
    d.labels LIKE '%Evening Hours%' AS has_evening_hours,
    @schedule_line(d.mon, d.tues, d.wed, d.thurs, d.friday, d.saturday, d.sunday) AS schedule,
    (
      NULL,
      REGEXP_REPLACE(
        d.labels,
        'Accepts Subsidy|Year Round|School Year Only|Daytime Hours|Evening Hours|(Infants|Toddlers|Preschool|School-age) *\([^)]*\)|[|]',
        '',
        'g'
      )
    ) AS labels
  )
)
SELECT
  @lead_columns(s, content_hash := @content_hash(s))
FROM standardized AS s
