MODEL (
  name quality.delivery_metric,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, family, metric),
  description 'What is watched of every delivery that counts, beside the shares of single values, which are in quality.column_value: rows, repeated keys, new and delisted leads, missing values, medians, rejected rows, and how many of the new leads sales knows. One row per delivery and metric.',
  audits (
    NOT_NULL(columns := (file_id, source_key, family, metric, events, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, family, metric)),
    FORALL(criteria := (
      total IS NULL OR events <= total
    ))
  )
);

WITH delivery AS (
  SELECT
    d.*
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective AND d.received_on BETWEEN @start_date AND @end_date
), keyed AS (
  SELECT
    s.file_id,
    COUNT(*) AS row_count,
    COUNT(DISTINCT s.lead_key) AS lead_count
  FROM intermediate.int_lead_delivered AS s
  WHERE
    s.received_on BETWEEN @start_date AND @end_date
  GROUP BY
    s.file_id
), changed AS (
  /* What a delivery brought and took away; of the first one of a source everything is new, which says nothing */
  SELECT
    d.file_id,
    COUNT(CASE WHEN v.is_listed AND c.first_received_at = v.received_at THEN 1 END) AS new_count,
    COUNT(CASE WHEN NOT v.is_listed THEN 1 END) AS delisted_count
  FROM delivery AS d
  LEFT JOIN intermediate.int_lead_version AS v
    ON v.source_key = d.source_key AND v.received_at = d.received_at
  LEFT JOIN intermediate.int_lead_current AS c
    ON c.lead_key = v.lead_key
  WHERE
    NOT d.previous_file_id IS NULL
  GROUP BY
    d.file_id
), matched AS (
  SELECT
    d.file_id,
    COUNT(*) AS new_count,
    COUNT(CASE WHEN s.match_status IN ('known', 'duplicate') THEN 1 END) AS known_count,
    COUNT(CASE WHEN s.match_status = 'net_new' THEN 1 END) AS net_new_count
  FROM facts.fact_match_status_change AS s
  INNER JOIN intermediate.int_lead_current AS c
    ON c.lead_key = s.lead_key
  INNER JOIN delivery AS d
    ON d.source_key = c.source_key AND d.received_at = s.changed_at
  WHERE
    s.previous_status IS NULL
    AND NOT d.previous_file_id IS NULL
    AND s.changed_on BETWEEN @start_date AND @end_date
  GROUP BY
    d.file_id
), rejected AS (
  SELECT
    l.file_id,
    l.rows_delivered,
    l.rows_rejected
  FROM bronze.file_ledger AS l
  WHERE
    l.status = 'loaded'
), metric AS (
  SELECT
    d.file_id,
    'volume' AS family,
    'rows' AS metric,
    d.rows_loaded AS events,
    NULL AS total
  FROM delivery AS d
  UNION ALL
  SELECT
    k.file_id,
    'repeated' AS family,
    'repeated keys' AS metric,
    k.row_count - k.lead_count AS events,
    k.row_count AS total
  FROM keyed AS k
  UNION ALL
  SELECT
    c.file_id,
    'new' AS family,
    'new leads' AS metric,
    c.new_count AS events,
    NULL AS total
  FROM changed AS c
  UNION ALL
  SELECT
    c.file_id,
    'delisted' AS family,
    'delisted leads' AS metric,
    c.delisted_count AS events,
    NULL AS total
  FROM changed AS c
  UNION ALL
  SELECT
    m.file_id,
    'match_rate' AS family,
    'new leads that sales knows' AS metric,
    m.known_count AS events,
    m.new_count AS total
  FROM matched AS m
  UNION ALL
  SELECT
    m.file_id,
    'match_rate' AS family,
    'new leads that are net-new' AS metric,
    m.net_new_count AS events,
    m.new_count AS total
  FROM matched AS m
  UNION ALL
  SELECT
    r.file_id,
    'rejected' AS family,
    'rejected rows' AS metric,
    r.rows_rejected AS events,
    r.rows_delivered AS total
  FROM rejected AS r
  UNION ALL
  SELECT
    p.file_id,
    'null_rate' AS family,
    p.column_name AS metric,
    p.null_count AS events,
    p.row_count AS total
  FROM quality.column_profile AS p
  WHERE
    p.received_on BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT
    p.file_id,
    'typical_value' AS family,
    p.column_name AS metric,
    p.quantile_50 AS events,
    NULL AS total
  FROM quality.column_profile AS p
  WHERE
    p.received_on BETWEEN @start_date AND @end_date
    AND p.quantile_50 > 0
    AND /* The median of fewer is anything */ p.number_count >= 30
    AND p.number_count * 10 >= (
      p.row_count - p.null_count
    ) * 9
)
SELECT
  m.file_id::TEXT AS file_id, /* SHA-256 of the delivery's bytes */
  d.source_key::TEXT AS source_key, /* Source that delivered it */
  d.delivery_mode::TEXT AS delivery_mode, /* full_snapshot or change_feed */
  m.family::TEXT AS family, /* Metrics of a family vary alike: volume, repeated, new, delisted, match_rate, rejected, null_rate or typical_value */
  m.metric::TEXT AS metric, /* What is watched; of null_rate and typical_value the column */
  m.events::DOUBLE AS events, /* How many, or the level of a volume or a median */
  m.total::DOUBLE AS total, /* Of how many; NULL where events are no part of something */
  d.file_date::DATE AS file_date, /* Date that the delivery claims */
  d.received_at::TIMESTAMPTZ AS received_at, /* When it was taken in, UTC */
  d.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM metric AS m
INNER JOIN delivery AS d
  ON d.file_id = m.file_id
