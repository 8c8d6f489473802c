MODEL (
  name intermediate.int_row_conservation,
  kind VIEW,
  grain (
    file_id
  ),
  description 'Rows of every loaded delivery along the way: in the ledger, in bronze, rejected and in staging. One row per loaded delivery.',
  audits (
    UNIQUE_VALUES(columns := (
      file_id
    )),
    FORALL(
      criteria := (
        rows_loaded = rows_in_bronze,
        rows_loaded = rows_in_staging,
        rows_rejected = rows_in_rejected
      )
    )
  )
);

WITH loaded AS (
  SELECT
    l.*
  FROM bronze.file_ledger AS l
  WHERE
    l.status = 'loaded'
), bronze_row AS (
  SELECT
    file_id
  FROM bronze.salesforce
  UNION ALL
  SELECT
    file_id
  FROM bronze.nevada
  UNION ALL
  SELECT
    file_id
  FROM bronze.oklahoma
  UNION ALL
  SELECT
    file_id
  FROM bronze.texas
), in_bronze AS (
  SELECT
    file_id,
    COUNT(*) AS row_count
  FROM bronze_row
  GROUP BY
    file_id
), in_staging AS (
  SELECT
    file_id,
    COUNT(*) AS row_count
  FROM intermediate.int_lead_delivered
  GROUP BY
    file_id
), rejected AS (
  SELECT
    file_id,
    COUNT(*) AS row_count
  FROM bronze.rejected_row
  GROUP BY
    file_id
)
SELECT
  l.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  l.file_name::TEXT AS file_name, /* Name of the file */
  l.rows_loaded::BIGINT AS rows_loaded, /* Loaded rows that the ledger tells */
  l.rows_rejected::BIGINT AS rows_rejected, /* Rejected rows that the ledger tells */
  COALESCE(b.row_count, 0)::BIGINT AS rows_in_bronze, /* Rows found in bronze */
  COALESCE(s.row_count, 0)::BIGINT AS rows_in_staging, /* Rows found in staging */
  COALESCE(r.row_count, 0)::BIGINT AS rows_in_rejected /* Rows found among the rejected */
FROM loaded AS l
LEFT JOIN in_bronze AS b
  ON b.file_id = l.file_id
LEFT JOIN in_staging AS s
  ON s.file_id = l.file_id
LEFT JOIN rejected AS r
  ON r.file_id = l.file_id
