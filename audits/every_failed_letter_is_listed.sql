AUDIT (
  name every_failed_letter_is_listed
);

/* Each letter f of a row is explained by a failure with its value. */
WITH listed AS (
  SELECT
    t.file_id,
    t.row_number,
    COUNT(*) AS failures
  FROM @this_model AS t
  GROUP BY
    t.file_id,
    t.row_number
)
SELECT
  o.file_id,
  o.row_number,
  o.outcomes,
  l.failures
FROM quality.row_outcome AS o
LEFT JOIN listed AS l
  ON l.file_id = o.file_id AND l.row_number = o.row_number
WHERE
  o.received_on BETWEEN @start_date AND @end_date
  AND LENGTH(o.outcomes) - LENGTH(REPLACE(o.outcomes, 'f', '')) <> COALESCE(l.failures, 0)
