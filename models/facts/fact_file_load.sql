MODEL (
  name facts.fact_file_load,
  kind VIEW,
  grain (
    attempt_id
  ),
  description 'Every attempt to take a file in: what became of it, with counts and sizes. Delivered rows are loaded or rejected, none is lost. One row per attempt.',
  audits (
    UNIQUE_VALUES(columns := (
      attempt_id
    )),
    NOT_NULL(columns := (attempt_id, status)),
    ACCEPTED_VALUES("column" := status, is_in := ('loaded', 'duplicate', 'quarantined')),
    FORALL(criteria := (
      rows_delivered = rows_loaded + rows_rejected
    ))
  )
);

SELECT
  l.attempt_id::TEXT AS attempt_id, /* Key of the attempt */
  l.file_id::TEXT AS file_id, /* SHA-256 of the file's bytes */
  l.source_key::TEXT AS source_key, /* Source whose folder the file lay in */
  l.file_name::TEXT AS file_name, /* Name of the file */
  l.file_date::DATE AS file_date, /* Date that the file claims */
  l.delivery_mode::TEXT AS delivery_mode, /* full_snapshot or change_feed */
  l.status::TEXT AS status, /* loaded, duplicate or quarantined */
  l.reason::TEXT AS reason, /* Why it was not loaded, or what to know about the load */
  d.is_effective::BOOLEAN AS is_effective, /* Whether a loaded delivery sets current state; FALSE for a full snapshot where a newer was there */
  l.rows_delivered::BIGINT AS rows_delivered, /* Rows in the file */
  l.rows_loaded::BIGINT AS rows_loaded, /* Rows taken into bronze */
  l.rows_rejected::BIGINT AS rows_rejected, /* Rows kept as rejected rows */
  l.file_bytes::BIGINT AS file_bytes, /* Size of the file in bytes */
  l.received_at::TIMESTAMPTZ AS received_at, /* When the file was taken in, UTC */
  l.started_at::TIMESTAMPTZ AS started_at, /* When the attempt began, UTC */
  l.finished_at::TIMESTAMPTZ AS finished_at /* When the attempt ended, UTC */
FROM bronze.file_ledger AS l
LEFT JOIN intermediate.int_delivery AS d
  ON l.status = 'loaded' AND d.file_id = l.file_id
