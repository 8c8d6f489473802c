MODEL (
  name quality.rule_result,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (rule, source_key, received_on, file_id),
  description 'How many rows each rule tested and how many failed: of the levels source and staging in each delivery, of the final level among the live leads on the last day of a delivery in each month. One row per rule and delivery, or rule, source and day.',
  audits (
    NOT_NULL(columns := (rule, source_key, received_on, tested, failed, inapplicable, broken)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (rule, source_key, received_on, file_id)),
    OUTCOMES_HAVE_A_LETTER_FOR_EACH_RULE,
    WARN_RULES_THAT_COULD_NOT_BE_EVALUATED
  )
);

WITH counted AS (
  SELECT
    'delivered' AS kind,
    o.file_id,
    o.source_key,
    o.received_on,
    o.outcomes,
    COUNT(*) AS row_count
  FROM quality.row_outcome AS o
  WHERE
    o.received_on BETWEEN @start_date AND @end_date
  GROUP BY
    o.file_id,
    o.source_key,
    o.received_on,
    o.outcomes
  UNION ALL
  SELECT
    'final' AS kind,
    NULL AS file_id,
    c.source_key,
    c.evaluated_on AS received_on,
    c.outcomes,
    c.leads AS row_count
  FROM quality.outcome_count AS c
  WHERE
    c.evaluated_on BETWEEN @start_date AND @end_date
), letter AS (
  SELECT
    r.rule,
    c.source_key,
    c.file_id,
    c.received_on,
    c.row_count,
    SUBSTRING(c.outcomes, r.position, 1) AS letter
  FROM counted AS c
  INNER JOIN quality.rule AS r
    ON (
      r.level = 'final'
    ) = (
      c.kind = 'final'
    )
    AND r.source_key IN ('', c.source_key)
), result AS (
  SELECT
    l.rule,
    l.source_key,
    l.file_id,
    l.received_on,
    SUM(CASE WHEN l.letter IN ('p', 'f') THEN l.row_count ELSE 0 END) AS tested,
    SUM(CASE WHEN l.letter = 'f' THEN l.row_count ELSE 0 END) AS failed,
    SUM(CASE WHEN l.letter = '-' THEN l.row_count ELSE 0 END) AS inapplicable,
    SUM(CASE WHEN l.letter = 'e' THEN l.row_count ELSE 0 END) AS broken
  FROM letter AS l
  GROUP BY
    l.rule,
    l.source_key,
    l.file_id,
    l.received_on
)
SELECT
  r.rule::TEXT AS rule, /* Rule */
  r.rule_hash::TEXT AS rule_hash, /* Hash of what it tested */
  r.level::TEXT AS level, /* source, staging or final */
  r.dimension::TEXT AS dimension, /* Dimension of quality */
  r.severity::TEXT AS severity, /* critical, error, warning or info */
  r.owner::TEXT AS owner, /* Who answers for the data */
  t.source_key::TEXT AS source_key, /* Source of the rows */
  t.file_id::TEXT AS file_id, /* The delivery; NULL for rules of the final level */
  t.tested::BIGINT AS tested, /* Rows that the rule judged */
  t.failed::BIGINT AS failed, /* Of these the rows that fail it */
  t.inapplicable::BIGINT AS inapplicable, /* Rows to which it does not apply, or that lack what it judges */
  t.broken::BIGINT AS broken, /* Rows for which it could not be evaluated: its SQL is at fault */
  (
    t.failed / NULLIF(t.tested, 0)
  )::DOUBLE AS failed_share, /* Share of the tested rows that fail; NULL where none was tested */
  (
    t.failed > 0 AND t.failed >= r.minimum_effect * t.tested
  )::BOOLEAN AS is_over_minimum, /* Whether the share reaches the minimum effect of the rule */
  t.received_on::DATE AS received_on /* Day of the delivery, or for which the leads were judged; the incremental clock */
FROM result AS t
INNER JOIN quality.rule AS r
  ON r.rule = t.rule
