MODEL (
  name ops.rejected_row,
  kind VIEW,
  grain (file_id, line_number),
  description 'Delivered rows that could not be kept as rows, as they came, with the reason. One row per rejected row.',
  audits (
    NOT_NULL(columns := (file_id, line_number, raw_text, reason)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, line_number))
  )
);

SELECT
  r.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  r.source_key::TEXT AS source_key, /* Source that delivered the row */
  l.file_name::TEXT AS file_name, /* Name of the file */
  r.line_number::BIGINT AS line_number, /* Line of the file at which the row begins */
  r.raw_text::TEXT AS raw_text, /* The row as delivered */
  r.reason::TEXT AS reason, /* Why it could not be taken in */
  r.received_at::TIMESTAMPTZ AS received_at /* When the delivery was taken in, UTC */
FROM bronze.rejected_row AS r
INNER JOIN bronze.file_ledger AS l
  ON l.file_id = r.file_id AND l.status = 'loaded'
