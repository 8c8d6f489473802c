MODEL (
  name facts.fact_file_load,
  kind VIEW,
  grain (
    attempt_id
  ),
  description 'The audit trail of files: every attempt to take one in, its outcome and why, with counts, sizes and who ran it. Delivered rows are loaded or rejected, none is lost. One row per attempt.',
  audits (
    UNIQUE_VALUES(columns := (
      attempt_id
    )),
    NOT_NULL(columns := (attempt_id, status)),
    ACCEPTED_VALUES("column" := status, is_in := ('loaded', 'duplicate', 'quarantined', 'withdrawn')),
    ACCEPTED_VALUES("column" := completeness, is_in := ('attested', 'mismatch', 'unattested')),
    FORALL(criteria := (
      rows_delivered = rows_loaded + rows_rejected
    ))
  )
);

WITH correction AS (
  SELECT
    l.attempt_id,
    LEAD(l.file_id) OVER (PARTITION BY l.source_key, l.file_date ORDER BY l.received_at) AS superseded_by_file_id
  FROM bronze.file_ledger AS l
  WHERE
    l.status = 'loaded' AND l.delivery_mode = 'full_snapshot'
)
SELECT
  l.attempt_id::TEXT AS attempt_id, /* Key of the attempt */
  l.file_id::TEXT AS file_id, /* SHA-256 of the file's bytes */
  l.source_key::TEXT AS source_key, /* Source whose folder the file lay in */
  l.file_name::TEXT AS file_name, /* Name of the file */
  l.file_date::DATE AS file_date, /* Date that the file claims */
  l.delivery_mode::TEXT AS delivery_mode, /* full_snapshot or change_feed */
  l.status::TEXT AS status, /* loaded, duplicate, quarantined, or withdrawn: a load that was taken back */
  l.reason::TEXT AS reason, /* Why it was not loaded, or what to know about the load */
  d.is_effective::BOOLEAN AS is_effective, /* Whether a loaded delivery sets current state; FALSE for a full snapshot where a newer was there */
  c.superseded_by_file_id::TEXT AS superseded_by_file_id, /* The correction: the next full snapshot of the source for the same date */
  v.schema_version::INT AS schema_version, /* Version of the header among those of the source */
  l.completeness::TEXT AS completeness, /* attested, mismatch, or unattested where nobody stated a row count */
  l.rows_expected::BIGINT AS rows_expected, /* Rows that were stated */
  l.attested_by::TEXT AS attested_by, /* Who stated them: manifest, trailer row or an operator */
  l.rows_delivered::BIGINT AS rows_delivered, /* Rows in the file */
  l.rows_loaded::BIGINT AS rows_loaded, /* Rows taken into bronze */
  l.rows_rejected::BIGINT AS rows_rejected, /* Rows kept as rejected rows */
  l.file_bytes::BIGINT AS file_bytes, /* Size of the file in bytes */
  l.encoding::TEXT AS encoding, /* Format and character encoding of the file */
  l.run_by::TEXT AS run_by, /* User whose command took the file in */
  l.received_at::TIMESTAMPTZ AS received_at, /* When the file was taken in, UTC */
  l.started_at::TIMESTAMPTZ AS started_at, /* When the attempt began, UTC */
  l.finished_at::TIMESTAMPTZ AS finished_at /* When the attempt ended, UTC */
FROM bronze.file_ledger AS l
LEFT JOIN intermediate.int_delivery AS d
  ON l.status = 'loaded' AND d.file_id = l.file_id
LEFT JOIN correction AS c
  ON c.attempt_id = l.attempt_id
LEFT JOIN ops.schema_version AS v
  ON v.source_key = l.source_key AND v.header = l.header
