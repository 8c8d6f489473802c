MODEL (
  name quality.column_profile,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, column_name),
  tags (
    watches_all_columns
  ),
  description 'What every column of every delivery holds: rows, missing and distinct values, lengths, and of values that are numbers their quantiles and a histogram. Profiled once, when the delivery comes, and kept. One row per delivery and column.',
  audits (
    NOT_NULL(
      columns := (file_id, source_key, column_name, row_count, null_count, distinct_count)
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, column_name)),
    FORALL(
      criteria := (
        null_count <= row_count,
        distinct_count <= row_count - null_count,
        number_count <= row_count - null_count
      )
    )
  )
);

WITH delivered AS (
  @delivered_values()
), parsed AS (
  /* A number begins with a digit, a sign or a point: trying to read all words as numbers takes a fifth longer */
  SELECT
    d.*,
    LENGTH(d.value) AS length,
    CASE
      WHEN d.value < ':' AND ABS(TRY_CAST(d.value AS DOUBLE)) < 1e15
      THEN TRY_CAST(d.value AS DOUBLE)
    END AS number
  FROM delivered AS d
), binned AS (
  /* Bins are the same for every delivery, so that two histograms can be held side by side */
  SELECT
    p.*,
    CASE
      WHEN p.number < 1
      THEN 0
      WHEN p.number < 2
      THEN 1
      WHEN p.number < 5
      THEN 2
      WHEN p.number < 10
      THEN 3
      WHEN p.number < 20
      THEN 4
      WHEN p.number < 50
      THEN 5
      WHEN p.number < 100
      THEN 6
      WHEN p.number < 200
      THEN 7
      WHEN p.number < 500
      THEN 8
      WHEN p.number < 1000
      THEN 9
      WHEN p.number >= 1000
      THEN 10
    END AS bin
  FROM parsed AS p
), profiled AS (
  SELECT
    b.file_id,
    b.column_name,
    COUNT(*) AS row_count,
    COUNT(*) - COUNT(b.value) AS null_count,
    APPROX_COUNT_DISTINCT(b.value) AS distinct_count,
    MIN(b.value) AS least,
    MAX(b.value) AS greatest,
    MIN(b.length) AS length_least,
    AVG(b.length) AS length_mean,
    MAX(b.length) AS length_greatest,
    COUNT(b.number) AS number_count,
    MIN(b.number) AS number_least,
    AVG(b.number) AS number_mean,
    MAX(b.number) AS number_greatest,
    @quantile(b.number, 5) AS quantile_05,
    @quantile(b.number, 25) AS quantile_25,
    @quantile(b.number, 50) AS quantile_50,
    @quantile(b.number, 75) AS quantile_75,
    @quantile(b.number, 95) AS quantile_95,
    [
      COUNT(CASE WHEN b.bin = 0 THEN 1 END),
      COUNT(CASE WHEN b.bin = 1 THEN 1 END),
      COUNT(CASE WHEN b.bin = 2 THEN 1 END),
      COUNT(CASE WHEN b.bin = 3 THEN 1 END),
      COUNT(CASE WHEN b.bin = 4 THEN 1 END),
      COUNT(CASE WHEN b.bin = 5 THEN 1 END),
      COUNT(CASE WHEN b.bin = 6 THEN 1 END),
      COUNT(CASE WHEN b.bin = 7 THEN 1 END),
      COUNT(CASE WHEN b.bin = 8 THEN 1 END),
      COUNT(CASE WHEN b.bin = 9 THEN 1 END),
      COUNT(CASE WHEN b.bin = 10 THEN 1 END)
    ] AS histogram
  FROM binned AS b
  GROUP BY
    b.file_id,
    b.column_name
), frequent AS (
  SELECT
    v.file_id,
    v.column_name,
    MAX(v.distinct_count) AS distinct_count,
    MAX(CASE WHEN v.place = 1 THEN v.row_count END) AS top_row_count,
    ARRAY_TO_STRING(
      LIST_SORT(
        ARRAY_AGG(
          CONCAT(LPAD(v.place::TEXT, 2, '0'), ' ', SUBSTRING(v.value, 1, 60), ': ', v.row_count::TEXT)
        )
      ),
      CHR(10)
    ) AS top_values
  FROM quality.column_value AS v
  WHERE
    v.place <= 10 AND v.received_on BETWEEN @start_date AND @end_date
  GROUP BY
    v.file_id,
    v.column_name
)
SELECT
  p.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  l.source_key::TEXT AS source_key, /* Source that delivered it */
  p.column_name::TEXT AS column_name, /* Column, as the contract names it */
  p.row_count::BIGINT AS row_count, /* Rows of the delivery */
  p.null_count::BIGINT AS null_count, /* Rows without a value, or with blanks only */
  COALESCE(f.distinct_count, LEAST(p.distinct_count, p.row_count - p.null_count))::BIGINT AS distinct_count, /* Distinct values, without the blanks around them; above 20,000 about (HyperLogLog) */
  f.top_row_count::BIGINT AS top_row_count, /* Rows with the most frequent value; NULL where the column is empty, or has more than about 20,000 values */
  f.top_values::TEXT AS top_values, /* The ten most frequent values, a line each: place, value and rows; NULL likewise */
  SUBSTRING(p.least, 1, 200)::TEXT AS least, /* First value in the order of the letters; as text, at most 200 letters */
  SUBSTRING(p.greatest, 1, 200)::TEXT AS greatest, /* Last value, likewise */
  p.length_least::BIGINT AS length_least, /* Letters of the shortest value */
  p.length_mean::DOUBLE AS length_mean, /* Letters of a value on average */
  p.length_greatest::BIGINT AS length_greatest, /* Letters of the longest value */
  p.number_count::BIGINT AS number_count, /* Rows whose value is a number */
  p.number_least::DOUBLE AS number_least, /* Least of the numbers */
  p.number_mean::DOUBLE AS number_mean, /* Mean of the numbers */
  p.number_greatest::DOUBLE AS number_greatest, /* Greatest of the numbers */
  p.quantile_05::DOUBLE AS quantile_05, /* Number below which 5% of them lie */
  p.quantile_25::DOUBLE AS quantile_25, /* Number below which 25% of them lie */
  p.quantile_50::DOUBLE AS quantile_50, /* Number below which 50% of them lie; the median */
  p.quantile_75::DOUBLE AS quantile_75, /* Number below which 75% of them lie */
  p.quantile_95::DOUBLE AS quantile_95, /* Number below which 95% of them lie */
  CASE WHEN p.number_count > 0 THEN p.histogram END::BIGINT[] AS histogram, /* Rows whose number is below 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, and from there on */
  l.received_at::TIMESTAMPTZ AS received_at, /* When the delivery was taken in, UTC */
  l.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM profiled AS p
INNER JOIN intermediate.int_delivery AS l
  ON l.file_id = p.file_id
LEFT JOIN frequent AS f
  ON f.file_id = p.file_id AND f.column_name = p.column_name
WHERE
  l.received_on BETWEEN @start_date AND @end_date
