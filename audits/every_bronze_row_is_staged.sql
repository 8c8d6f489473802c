AUDIT (
  name every_bronze_row_is_staged
);

/* The audit of an incremental model sees the days that were just built: bronze must hold as many rows of them. */
WITH delivered AS (
  SELECT
    b.file_id,
    COUNT(*) AS row_count
  FROM @bronze AS b
  WHERE
    b.received_on BETWEEN @start_date AND @end_date
  GROUP BY
    b.file_id
), staged AS (
  SELECT
    s.file_id,
    COUNT(*) AS row_count
  FROM @this_model AS s
  GROUP BY
    s.file_id
)
SELECT
  CONCAT(
    COALESCE(l.file_name, d.file_id, s.file_id),
    ': bronze holds ',
    COALESCE(d.row_count, 0),
    ' rows, staging ',
    COALESCE(s.row_count, 0),
    '.'
  ) AS message
FROM delivered AS d
FULL JOIN staged AS s
  ON s.file_id = d.file_id
LEFT JOIN bronze.file_ledger AS l
  ON l.file_id = COALESCE(d.file_id, s.file_id) AND l.status = 'loaded'
WHERE
  COALESCE(d.row_count, 0) <> COALESCE(s.row_count, 0)
