MODEL (
  name ops.schema_version,
  kind VIEW,
  grain (source_key, schema_version),
  description 'Every header that a source ever delivered, refused files too, numbered in the order of its first arrival. One row per source and header.',
  audits (
    NOT_NULL(columns := (source_key, schema_version, fingerprint)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (source_key, schema_version)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (source_key, fingerprint))
  )
);

WITH header_seen AS (
  SELECT
    l.source_key,
    l.header,
    MIN(l.started_at) AS first_seen_at,
    MAX(l.started_at) AS last_seen_at,
    ARG_MIN(l.file_name, l.started_at) AS first_file_name,
    ARG_MAX(l.file_name, l.started_at) AS last_file_name,
    COUNT(DISTINCT l.file_id) AS files,
    MAX(CASE WHEN l.status = 'loaded' THEN 1 ELSE 0 END) AS loaded
  FROM bronze.file_ledger AS l
  WHERE
    NOT l.header IS NULL
  GROUP BY
    l.source_key,
    l.header
), numbered AS (
  SELECT
    h.*,
    ROW_NUMBER() OVER (PARTITION BY h.source_key ORDER BY h.first_seen_at, h.header) AS schema_version
  FROM header_seen AS h
), header_column AS (
  SELECT
    n.source_key,
    n.schema_version,
    c.column_header
  FROM numbered AS n
  CROSS JOIN UNNEST(STR_SPLIT(n.header, '|')) AS c(column_header)
), added AS (
  SELECT
    a.source_key,
    a.schema_version,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(a.column_header)), ', ') AS columns_added
  FROM header_column AS a
  LEFT JOIN header_column AS b
    ON b.source_key = a.source_key
    AND b.schema_version = a.schema_version - 1
    AND b.column_header = a.column_header
  WHERE
    b.column_header IS NULL AND a.schema_version > 1
  GROUP BY
    a.source_key,
    a.schema_version
), removed AS (
  SELECT
    b.source_key,
    b.schema_version + 1 AS schema_version,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(b.column_header)), ', ') AS columns_removed
  FROM header_column AS b
  LEFT JOIN header_column AS a
    ON a.source_key = b.source_key
    AND a.schema_version = b.schema_version + 1
    AND a.column_header = b.column_header
  WHERE
    a.column_header IS NULL
  GROUP BY
    b.source_key,
    b.schema_version
)
SELECT
  n.source_key::TEXT AS source_key, /* Source that delivered the header */
  n.schema_version::INT AS schema_version, /* 1 for the first header of the source, and so on */
  MD5(n.header)::TEXT AS fingerprint, /* Hash of the header */
  n.header::TEXT AS header, /* The column headers as delivered, separated by | */
  a.columns_added::TEXT AS columns_added, /* Columns that the version before had not; NULL where there are none */
  r.columns_removed::TEXT AS columns_removed, /* Columns of the version before that are gone; NULL where there are none */
  (
    n.loaded = 1
  )::BOOLEAN AS is_accepted, /* Whether a file with this header was ever loaded */
  n.files::BIGINT AS files, /* Files that had this header */
  n.first_file_name::TEXT AS first_file_name, /* First file that had it */
  n.last_file_name::TEXT AS last_file_name, /* Last file that had it */
  n.first_seen_at::TIMESTAMPTZ AS first_seen_at, /* When it first came, UTC */
  n.last_seen_at::TIMESTAMPTZ AS last_seen_at /* When it last came, UTC */
FROM numbered AS n
LEFT JOIN added AS a
  ON a.source_key = n.source_key AND a.schema_version = n.schema_version
LEFT JOIN removed AS r
  ON r.source_key = n.source_key AND r.schema_version = n.schema_version
