MODEL (
  name quality.lead_failure,
  kind VIEW,
  grain (lead_key, rule),
  description 'Why a live lead does not score 100: each rule that it fails now, at any level, with the points that this costs, what the rule read, and the delivered row. A view over quality.lead_outcome: a million leads have as many failures, and people look at a few. One row per live lead and rule that it fails.',
  audits (
    NOT_NULL(columns := (lead_key, rule, points))
  )
);

WITH today AS (
  SELECT
    MAX(d.day) AS day
  FROM intermediate.int_day AS d
), failing AS (
  SELECT
    o.lead_key,
    o.source_key,
    o.file_id,
    o.row_number,
    UNNEST(STR_SPLIT(SUBSTRING(o.failures, 2), CHR(30))) AS failure
  FROM quality.lead_outcome AS o
)
SELECT
  f.lead_key::TEXT AS lead_key, /* Lead */
  f.source_key::TEXT AS source_key, /* Source of the lead */
  r.rule::TEXT AS rule, /* Rule that it fails */
  r.rule_hash::TEXT AS rule_hash, /* Hash of what the rule tested */
  r.level::TEXT AS level, /* source, staging or final */
  r.table_name::TEXT AS table_name, /* Table that the rule checks */
  r.dimension::TEXT AS dimension, /* Dimension of quality */
  r.severity::TEXT AS severity, /* critical, error, warning or info */
  r.owner::TEXT AS owner, /* Who answers for the data */
  COALESCE(100 * r.weight / NULLIF(s.applicable_weight, 0), 0)::DOUBLE AS points, /* Points of the score that this costs */
  r.columns_read::TEXT AS columns_read, /* Columns that the rule reads */
  SPLIT_PART(f.failure, CHR(31), 2)::TEXT AS value, /* What it read, as column and value */
  CONCAT(r.description, ' (', SPLIT_PART(f.failure, CHR(31), 2), ')')::TEXT AS reason, /* Why the lead fails, in words */
  r.remedy::TEXT AS remedy, /* What the owner can do */
  t.day::DATE AS as_of, /* Day for which the lead was judged: the newest day of a delivery */
  f.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the lead's version */
  f.row_number::BIGINT AS row_number /* Number of the row in that delivery */
FROM failing AS f
CROSS JOIN today AS t
INNER JOIN quality.rule AS r
  ON r.rule = SPLIT_PART(f.failure, CHR(31), 1)
INNER JOIN quality.lead_score AS s
  ON s.lead_key = f.lead_key
WHERE
  f.failure <> ''
