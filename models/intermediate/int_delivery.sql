MODEL (
  name intermediate.int_delivery,
  kind VIEW,
  grain (
    file_id
  ),
  description 'Loaded deliveries in the order in which they became known. A full snapshot that claims an older date than one already there is stale: it changes no current state. A change feed is never stale as a whole: int_lead_version judges it lead by lead. One row per loaded delivery.',
  audits (
    NOT_NULL(columns := (file_id, source_key, received_at, is_effective)),
    UNIQUE_VALUES(columns := (
      file_id
    )),
    WARN_ROW_COUNT_JUMPS
  )
);

WITH loaded AS (
  SELECT
    l.*,
    MAX(l.file_date) OVER (
      PARTITION BY l.source_key
      ORDER BY l.received_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_date_before
  FROM bronze.file_ledger AS l
  WHERE
    l.status = 'loaded'
), judged AS (
  SELECT
    l.*,
    (
      l.delivery_mode = 'change_feed'
      OR l.file_date >= COALESCE(l.newest_date_before, l.file_date)
    ) AS is_effective
  FROM loaded AS l
), chained AS (
  SELECT
    j.*,
    LAG(j.file_id) OVER (PARTITION BY j.source_key, j.is_effective ORDER BY j.received_at) AS file_id_before
  FROM judged AS j
)
SELECT
  c.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  c.source_key::TEXT AS source_key, /* Source that delivered it */
  c.delivery_mode::TEXT AS delivery_mode, /* full_snapshot or change_feed */
  c.file_date::DATE AS file_date, /* Date that the delivery claims */
  c.is_effective::BOOLEAN AS is_effective, /* FALSE for a full snapshot where a newer one was there already */
  CASE WHEN c.is_effective THEN c.file_id_before END::TEXT AS previous_file_id, /* The effective delivery of the source before this one */
  c.rows_loaded::BIGINT AS rows_loaded, /* Rows taken into bronze */
  c.received_at::TIMESTAMPTZ AS received_at, /* When it was taken in, UTC */
  c.received_on::DATE AS received_on /* Date of received_at */
FROM chained AS c
