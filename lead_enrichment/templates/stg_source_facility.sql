MODEL (
  name staging.stg_{source}_facility,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description '{title} licensing rows in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.{source}),
    EVERY_VALUE_IS_PARSED(source := {source})
  )
);

WITH standardized AS (
  /* {by_tag} */
  @lead_shape(
    bronze.{source} AS d,
    '{source}' AS source_key,
    TRIM(d.{key}) AS natural_id,
    'US' AS country,
    TRIM(d.{key}) AS license_number{readings}
  )
)
SELECT
  @lead_columns(s, content_hash := @content_hash(s))
FROM standardized AS s
