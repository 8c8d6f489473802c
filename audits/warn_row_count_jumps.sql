AUDIT (
  name warn_row_count_jumps,
  blocking FALSE,
  defaults (share = 0.2, fewest = 20)
);

/* The newest full snapshot of a source has far more or far fewer rows than the one before it. */
WITH newest AS (
  SELECT
    t.*,
    ROW_NUMBER() OVER (PARTITION BY t.source_key ORDER BY t.received_at DESC) AS age
  FROM @this_model AS t
  WHERE
    t.is_effective AND t.delivery_mode = 'full_snapshot'
)
SELECT
  n.source_key,
  n.file_id,
  n.file_date,
  n.rows_loaded,
  p.rows_loaded AS rows_before
FROM newest AS n
INNER JOIN @this_model AS p
  ON p.file_id = n.previous_file_id
WHERE
  n.age = 1
  AND ABS(n.rows_loaded - p.rows_loaded) >= @fewest
  AND ABS(n.rows_loaded - p.rows_loaded) > @share * p.rows_loaded
