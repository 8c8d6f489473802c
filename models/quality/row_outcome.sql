MODEL (
  name quality.row_outcome,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  references (
    lead_key
  ),
  description 'What each rule of the levels source and staging found in each delivered row, as a text of one letter per rule: p passed, f failed, - not applicable, e could not be evaluated. All rules of a table are judged in one pass over it; quality.rule tells which letter is whose. One row per delivered row.',
  audits (
    NOT_NULL(columns := (file_id, row_number, lead_key, outcomes, failures)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_FAILED_LETTER_IS_LISTED
  )
);

WITH source_row AS (
  @source_outcomes()
), repeated AS (
  SELECT
    l.file_id,
    l.lead_key,
    COUNT(*) AS copies
  FROM intermediate.int_lead_delivered AS l
  WHERE
    l.received_on BETWEEN @start_date AND @end_date
  GROUP BY
    l.file_id,
    l.lead_key
  HAVING
    COUNT(*) > 1
), delivered AS (
  SELECT
    l.*,
    COALESCE(r.copies, 1) AS copies_in_delivery
  FROM intermediate.int_lead_delivered AS l
  LEFT JOIN repeated AS r
    ON r.file_id = l.file_id AND r.lead_key = l.lead_key
  WHERE
    l.received_on BETWEEN @start_date AND @end_date
), staging_row AS (
  @staging_outcomes(delivered)
)
SELECT
  s.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  s.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  s.lead_key::TEXT AS lead_key, /* Lead that the row is about */
  s.source_key::TEXT AS source_key, /* Source that delivered it */
  CONCAT(b.outcomes, s.outcomes)::TEXT AS outcomes, /* A letter per rule, at the position that quality.rule has for it */
  CONCAT(b.failures, s.failures)::TEXT AS failures, /* The rules that failed with the values that they read, parted by control characters 30 and 31; empty where all passed */
  s.received_on::DATE AS received_on /* Day on which the delivery was taken in; the incremental clock */
FROM staging_row AS s
INNER JOIN source_row AS b
  ON b.file_id = s.file_id AND b.row_number = s.row_number
