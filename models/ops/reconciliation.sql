MODEL (
  name ops.reconciliation,
  kind VIEW,
  grain (
    file_id
  ),
  description 'The rows of every loaded delivery, counted at each step: file, bronze, staging, lead versions, current leads. A delivered row is loaded or rejected, and none is lost. A delivery that came after what is built here is told by is_built, and its later links are not judged yet. One row per loaded delivery.',
  audits (UNIQUE_VALUES(columns := (
      file_id
  )), EVERY_DELIVERED_ROW_ARRIVES)
);

WITH loaded AS (
  SELECT
    l.*
  FROM bronze.file_ledger AS l
  WHERE
    l.status = 'loaded'
), bronze_row AS (
  @bronze_rows()
), in_bronze AS (
  SELECT
    file_id,
    COUNT(*) AS row_count
  FROM bronze_row
  GROUP BY
    file_id
), in_rejected AS (
  SELECT
    file_id,
    COUNT(*) AS row_count
  FROM bronze.rejected_row
  GROUP BY
    file_id
), first_version AS (
  SELECT
    v.lead_key,
    MIN(v.received_at) AS received_at
  FROM intermediate.int_lead_version AS v
  GROUP BY
    v.lead_key
), in_staging AS (
  SELECT
    s.file_id,
    COUNT(*) AS row_count,
    COUNT(DISTINCT s.lead_key) AS lead_count,
    COUNT(DISTINCT CASE WHEN v.received_at <= s.received_at THEN s.lead_key END) AS version_count,
    COUNT(DISTINCT c.lead_key) AS current_count
  FROM intermediate.int_lead_delivered AS s
  LEFT JOIN first_version AS v
    ON v.lead_key = s.lead_key
  LEFT JOIN intermediate.int_lead_current AS c
    ON c.lead_key = s.lead_key
  GROUP BY
    s.file_id
  UNION ALL
  SELECT
    m.file_id,
    COUNT(*) AS row_count,
    0 AS lead_count,
    0 AS version_count,
    0 AS current_count
  FROM staging.stg_match_decision AS m
  GROUP BY
    m.file_id
), counted AS (
  SELECT
    l.file_id,
    l.source_key,
    l.file_name,
    l.received_at,
    d.is_effective,
    l.rows_delivered,
    l.rows_loaded,
    l.rows_rejected,
    COALESCE(b.row_count, 0) AS rows_in_bronze,
    COALESCE(r.row_count, 0) AS rows_in_rejected,
    COALESCE(s.row_count, 0) AS rows_in_staging,
    COALESCE(s.lead_count, 0) AS leads_in_staging,
    COALESCE(s.version_count, 0) AS leads_with_version,
    COALESCE(s.current_count, 0) AS leads_current,
    COALESCE(b.row_count, 0) = 0
    OR l.received_at <= MAX(CASE WHEN s.row_count > 0 THEN l.received_at END) OVER (PARTITION BY l.source_key) AS is_built
  FROM loaded AS l
  LEFT JOIN intermediate.int_delivery AS d
    ON d.file_id = l.file_id
  LEFT JOIN in_bronze AS b
    ON b.file_id = l.file_id
  LEFT JOIN in_rejected AS r
    ON r.file_id = l.file_id
  LEFT JOIN in_staging AS s
    ON s.file_id = l.file_id
)
SELECT
  c.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  c.source_key::TEXT AS source_key, /* Source that delivered it */
  c.file_name::TEXT AS file_name, /* Name of the file */
  c.received_at::TIMESTAMPTZ AS received_at, /* When it was taken in, UTC */
  c.rows_delivered::BIGINT AS rows_delivered, /* Rows in the file */
  c.rows_loaded::BIGINT AS rows_loaded, /* Rows taken into bronze, as the ledger tells */
  c.rows_rejected::BIGINT AS rows_rejected, /* Rows rejected, as the ledger tells */
  c.rows_in_bronze::BIGINT AS rows_in_bronze, /* Rows found in bronze */
  c.rows_in_rejected::BIGINT AS rows_in_rejected, /* Rows found among the rejected */
  c.rows_in_staging::BIGINT AS rows_in_staging, /* Rows found in staging */
  c.leads_in_staging::BIGINT AS leads_in_staging, /* Leads that the delivery names */
  c.leads_with_version::BIGINT AS leads_with_version, /* Of these, leads that have a version by then */
  c.leads_current::BIGINT AS leads_current, /* Of these, leads that are known now, live or not */
  COALESCE(c.is_built, FALSE)::BOOLEAN AS is_built, /* FALSE where it came after all that staging holds of its source: the next run builds it */
  CASE
    WHEN c.rows_delivered <> c.rows_loaded + c.rows_rejected
    THEN 'file to ledger'
    WHEN c.rows_loaded <> c.rows_in_bronze
    THEN 'file to bronze'
    WHEN c.rows_rejected <> c.rows_in_rejected
    THEN 'file to rejected rows'
    WHEN NOT COALESCE(c.is_built, FALSE)
    THEN NULL
    WHEN c.rows_in_bronze <> c.rows_in_staging
    THEN 'bronze to staging'
    WHEN c.is_effective AND c.leads_in_staging <> c.leads_with_version
    THEN 'staging to lead versions'
    WHEN c.is_effective AND c.leads_in_staging <> c.leads_current
    THEN 'lead versions to current leads'
  END::TEXT AS broken_link /* The first step at which rows or leads are missing; NULL where all add up */
FROM counted AS c
