MODEL (
  name staging.stg_text,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (
    text_raw
  ),
  tags (
    mixed_columns
  ),
  description 'Short texts as delivered, such as cities, states and titles, with encoding faults mended, and the state or country that they name: read once, at their first delivery. One row per distinct text.',
  audits (NOT_NULL(columns := (
      text_raw
    )), UNIQUE_VALUES(columns := (
      text_raw
  )))
);

WITH new AS (
  @new_values(text)
)
SELECT
  n.text_raw::TEXT AS text_raw, /* Text as delivered */
  @clean_text(n.text_raw)::TEXT AS text, /* The text with mojibake mended and white space folded; NULL where nothing is left */
  @state_code(n.text_raw)::TEXT AS state, /* Two-letter code of the US state or Canadian province that the text names; NULL where it names none */
  @country_code(n.text_raw)::TEXT AS country, /* US or CA where the text names one of them; NULL otherwise */
  n.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM new AS n
