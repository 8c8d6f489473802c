MODEL (
  name quality.column_value,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, column_name, value),
  tags (
    watches_all_columns
  ),
  description 'The most frequent values of every column of every delivery: all of them where a column has at most 300, otherwise the first 20; none of a column with more than about 20,000 in the first 100,000 rows. One row per delivery, column and value.',
  audits (
    NOT_NULL(columns := (file_id, column_name, value, row_count)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, column_name, value))
  )
);

WITH delivered AS (
  @delivered_values()
), first_rows AS (
  @delivered_values(100000)
), countable AS (
  /* Counting the values of a column in which nearly every one is another takes memory, and tells nothing */
  SELECT
    f.file_id,
    f.column_name
  FROM first_rows AS f
  GROUP BY
    f.file_id,
    f.column_name
  HAVING
    APPROX_COUNT_DISTINCT(f.value) <= 20000
), counted AS (
  /* Blanks are left out when all is counted: to leave them out before, each value would be trimmed twice */
  SELECT
    d.file_id,
    d.column_name,
    d.value,
    COUNT(d.value) AS row_count
  FROM delivered AS d
  INNER JOIN countable AS c
    ON c.file_id = d.file_id AND c.column_name = d.column_name
  GROUP BY
    d.file_id,
    d.column_name,
    d.value
  HAVING
    COUNT(d.value) > 0
), ranked AS (
  SELECT
    c.*,
    COUNT(*) OVER (PARTITION BY c.file_id, c.column_name) AS distinct_count,
    ROW_NUMBER() OVER (PARTITION BY c.file_id, c.column_name ORDER BY c.row_count DESC, c.value) AS place
  FROM counted AS c
)
SELECT
  r.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  l.source_key::TEXT AS source_key, /* Source that delivered it */
  r.column_name::TEXT AS column_name, /* Column, as the contract names it */
  r.value::TEXT AS value, /* Value as delivered, without the blanks around it */
  r.row_count::BIGINT AS row_count, /* Rows that hold it */
  r.place::BIGINT AS place, /* 1 for the most frequent value of the column */
  r.distinct_count::BIGINT AS distinct_count, /* Distinct values of the column in the delivery */
  (
    r.distinct_count <= 300
  )::BOOLEAN AS is_complete, /* Whether all values of the column are here */
  l.received_on::DATE AS received_on /* Date on which the delivery was taken in; the incremental clock */
FROM ranked AS r
INNER JOIN intermediate.int_delivery AS l
  ON l.file_id = r.file_id
WHERE
  (
    r.place <= 20 OR r.distinct_count <= 300
  )
  AND l.received_on BETWEEN @start_date AND @end_date
