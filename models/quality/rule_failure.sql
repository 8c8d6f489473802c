MODEL (
  name quality.rule_failure,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (rule, file_id, row_number),
  description 'The delivered rows that fail a rule of the levels source and staging, with what the rule read and why it fails. What live leads fail now, at all levels, is in quality.lead_failure. One row per rule and delivered row that fails it.',
  audits (
    NOT_NULL(columns := (rule, lead_key, value, reason, file_id, row_number)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (rule, file_id, row_number))
  )
);

WITH failing AS (
  SELECT
    o.file_id,
    o.row_number,
    o.lead_key,
    o.source_key,
    o.received_on,
    UNNEST(STR_SPLIT(SUBSTRING(o.failures, 2), CHR(30))) AS failure
  FROM quality.row_outcome AS o
  WHERE
    o.received_on BETWEEN @start_date AND @end_date AND o.failures <> ''
)
SELECT
  r.rule::TEXT AS rule, /* Rule that the row fails */
  r.rule_hash::TEXT AS rule_hash, /* Hash of what the rule tested */
  r.level::TEXT AS level, /* source or staging */
  r.dimension::TEXT AS dimension, /* Dimension of quality */
  r.severity::TEXT AS severity, /* critical, error, warning or info */
  f.source_key::TEXT AS source_key, /* Source that delivered the row */
  f.lead_key::TEXT AS lead_key, /* Lead that the row is about */
  r.columns_read::TEXT AS columns_read, /* Columns that the rule reads */
  SPLIT_PART(f.failure, CHR(31), 2)::TEXT AS value, /* What it read, as column and value */
  CONCAT(r.description, ' (', SPLIT_PART(f.failure, CHR(31), 2), ')')::TEXT AS reason, /* Why the row fails, in words */
  f.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  f.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  f.received_on::DATE AS received_on /* Day on which the delivery was taken in; the incremental clock */
FROM failing AS f
INNER JOIN quality.rule AS r
  ON r.rule = SPLIT_PART(f.failure, CHR(31), 1)
