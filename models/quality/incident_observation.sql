MODEL (
  name quality.incident_observation,
  kind VIEW,
  grain (incident_key, seen_at, file_id),
  description 'What each delivery or run showed about each possible problem: whether it is there, or not. Of rules, where enough rows were tested to tell whether more than the minimum effect fail; of anomalies, refused files and audits. One row per possible problem and delivery, day or run.',
  audits (
    NOT_NULL(
      columns := (incident_key, kind, name, object_name, source_key, seen_at, is_failing)
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (incident_key, seen_at, file_id))
  )
);

WITH used AS (
  @columns_in_use()
), tested AS (
  SELECT
    o.rule,
    o.source_key,
    o.file_id,
    o.tested,
    o.failed,
    r.minimum_rows,
    COALESCE(d.received_at, o.received_on::TIMESTAMPTZ) AS seen_at,
    CASE
      WHEN d.delivery_mode = 'change_feed'
      THEN ''
      ELSE COALESCE(o.file_id, o.received_on::TEXT)
    END AS pool /* The deliveries of a change feed hold different rows, a full snapshot or day has them all */
  FROM quality.rule_result AS o
  INNER JOIN quality.rule AS r
    ON r.rule = o.rule
  LEFT JOIN intermediate.int_delivery AS d
    ON d.file_id = o.file_id
  WHERE
    o.tested > 0 AND (
      o.file_id IS NULL OR d.is_effective
    )
), running AS (
  SELECT
    t.*,
    SUM(t.tested) OVER (
      PARTITION BY t.rule, t.source_key, t.pool
      ORDER BY t.seen_at, t.file_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )::DOUBLE / t.minimum_rows AS enough
  FROM tested AS t
), pooled AS (
  /* The newest deliveries that hold minimum_rows together: those after which fewer came */
  SELECT
    u.rule,
    u.source_key,
    u.file_id,
    u.seen_at,
    SUM(u.tested) OVER newest AS tested,
    SUM(u.failed) OVER newest AS failed,
    COUNT(*) OVER newest AS deliveries,
    MIN(u.seen_at) OVER newest AS since_at
  FROM running AS u
  WINDOW newest AS (
    PARTITION BY u.rule, u.source_key, u.pool
    ORDER BY u.enough
    RANGE BETWEEN 0.999999 PRECEDING AND CURRENT ROW
  )
), judged AS (
  SELECT
    p.*,
    r.table_name,
    r.severity,
    r.columns_read,
    r.owner,
    r.description,
    r.remedy,
    CASE
      WHEN p.tested < r.minimum_rows
      THEN NULL
      WHEN @least_share(p.failed, p.tested) > r.minimum_effect
      THEN TRUE
      WHEN p.failed = 0 OR p.failed < r.minimum_effect * p.tested
      THEN FALSE
    END AS is_failing /* Neither where so few rows leave it open: what was so before stays so */
  FROM pooled AS p
  INNER JOIN quality.rule AS r
    ON r.rule = p.rule
), observed AS (
  SELECT
    'rule' AS kind,
    j.rule AS name,
    j.table_name AS object_name,
    j.source_key,
    j.file_id,
    j.seen_at,
    j.since_at,
    j.is_failing,
    j.severity,
    j.columns_read,
    j.owner,
    j.failed AS affected_rows,
    CONCAT(
      j.failed::TEXT,
      ' of ',
      j.tested::TEXT,
      CASE
        WHEN j.deliveries > 1
        THEN CONCAT(' rows of ', j.deliveries::TEXT, ' deliveries fail: ')
        ELSE ' rows fail: '
      END,
      j.description
    ) AS cause,
    j.remedy
  FROM judged AS j
  WHERE
    NOT j.is_failing IS NULL
  UNION ALL
  SELECT
    'anomaly' AS kind,
    CONCAT(a.family, ': ', a.metric) AS name,
    CONCAT('bronze.', a.source_key) AS object_name,
    a.source_key,
    a.file_id,
    a.received_at AS seen_at,
    a.received_at AS since_at,
    a.verdict <> 'normal' AS is_failing,
    CASE WHEN a.verdict = 'alarm' THEN 'error' ELSE 'warning' END AS severity,
    a.metric AS columns_read,
    'data_steward' AS owner,
    NULL AS affected_rows,
    a.description AS cause,
    'Compare the delivery with the one before: leads quality profile. Ask the source where it is wrong, and note it in seeds/anomaly_review.csv' AS remedy
  FROM quality.anomaly AS a
  WHERE
    a.verdict = 'normal' OR (
      a.is_leading AND a.verdict IN ('warning', 'alarm')
    )
  UNION ALL
  SELECT
    'file' AS kind,
    q.file_name AS name,
    CONCAT('bronze.', q.source_key) AS object_name,
    q.source_key,
    q.file_id,
    q.finished_at AS seen_at,
    q.finished_at AS since_at,
    TRUE AS is_failing,
    'error' AS severity,
    '' AS columns_read,
    'operator' AS owner,
    q.rows_delivered AS affected_rows,
    q.reason AS cause,
    'Correct the file or the contract, then put it into landing again: leads status' AS remedy
  FROM bronze.file_ledger AS q
  WHERE
    q.status = 'quarantined'
  UNION ALL
  /* A refused file is a problem until its like is loaded: the same bytes, name or date, or a newer full snapshot */
  SELECT
    'file' AS kind,
    q.file_name AS name,
    CONCAT('bronze.', q.source_key) AS object_name,
    q.source_key,
    q.file_id,
    MIN(l.finished_at) AS seen_at,
    MIN(l.finished_at) AS since_at,
    FALSE AS is_failing,
    'error' AS severity,
    '' AS columns_read,
    'operator' AS owner,
    NULL AS affected_rows,
    NULL AS cause,
    NULL AS remedy
  FROM bronze.file_ledger AS q
  INNER JOIN bronze.file_ledger AS l
    ON l.source_key = q.source_key
    AND l.status = 'loaded'
    AND l.finished_at > q.finished_at
    AND (
      l.file_id = q.file_id
      OR l.file_name = q.file_name
      OR l.file_date = q.file_date
      OR (
        l.delivery_mode = 'full_snapshot'
        AND l.file_date >= COALESCE(q.file_date, q.finished_at::DATE)
      )
    )
  WHERE
    q.status = 'quarantined'
  GROUP BY
    q.file_name,
    q.source_key,
    q.file_id
  UNION ALL
  SELECT
    'audit' AS kind,
    TRIM(CONCAT(t.audit_name, ' ', t.arguments)) AS name,
    t.model_name AS object_name,
    '' AS source_key,
    t.run_id AS file_id,
    t.audited_at AS seen_at,
    t.audited_at AS since_at,
    t.status <> 'passed' AS is_failing,
    CASE WHEN t.status = 'failed' THEN 'critical' ELSE 'warning' END AS severity,
    '' AS columns_read,
    'operator' AS owner,
    t.failed_rows AS affected_rows,
    CONCAT(t.failed_rows::TEXT, ' rows break what ', t.audit_name, ' promises of ', t.model_name) AS cause,
    'Look at the rows that the run printed, or at the query of the audit in audits/' AS remedy
  FROM ops.audit_result AS t
  WHERE
    t.environment = 'prod'
  UNION ALL
  /* A batch of which another system refused changes for good; one of which it refused none ends it */
  SELECT
    'outbox' AS kind,
    CONCAT('changes that ', k.target, ' refused') AS name,
    'outbox.change' AS object_name,
    '' AS source_key,
    k.batch_id AS file_id,
    MAX(k.event_at) AS seen_at,
    MAX(k.event_at) AS since_at,
    SUM(CASE WHEN k.event = 'rejected' AND NOT k.is_retryable THEN 1 ELSE 0 END) > 0 AS is_failing,
    'error' AS severity,
    '' AS columns_read,
    'operator' AS owner,
    SUM(CASE WHEN k.event = 'rejected' AND NOT k.is_retryable THEN 1 ELSE 0 END) AS affected_rows,
    CONCAT(
      k.target,
      ' refused changes, such as: ',
      COALESCE(
        MIN(CASE WHEN k.event = 'rejected' AND NOT k.is_retryable THEN k.message END),
        'no reason was given'
      )
    ) AS cause,
    'Correct what it refuses, or withdraw the change: leads outbox list --state rejected' AS remedy
  FROM outbox.acknowledgement AS k
  WHERE
    k.event IN ('accepted', 'rejected') AND NOT k.batch_id IS NULL
  GROUP BY
    k.target,
    k.batch_id
), ranked AS (
  SELECT
    o.*,
    REGEXP_REPLACE(
      SPLIT_PART(SPLIT_PART(o.columns_read, ', ', 1), ' ', 1),
      '_(raw|e164|reason|normal|type)$',
      '',
      'g'
    ) AS about,
    CASE o.severity WHEN 'info' THEN 1 WHEN 'warning' THEN 2 WHEN 'error' THEN 3 ELSE 4 END AS rank
  FROM observed AS o
)
SELECT
  SUBSTRING(MD5(CONCAT(r.kind, '|', r.name, '|', r.object_name, '|', r.source_key)), 1, 12)::TEXT AS incident_key, /* Key of the incident that the problem is: it stays the same for ever */
  r.kind::TEXT AS kind, /* rule, anomaly, file, audit, or outbox where another system refuses what is sent */
  r.name::TEXT AS name, /* Rule, metric, file, or audit with its arguments */
  r.object_name::TEXT AS object_name, /* Table that it is about */
  r.source_key::TEXT AS source_key, /* Source that it is about; empty for an audit */
  COALESCE(r.file_id, '')::TEXT AS file_id, /* The delivery, of an audit the run, of the outbox the batch; empty for rules that judge a day */
  r.seen_at::TIMESTAMPTZ AS seen_at, /* When it was seen: when the delivery came, or the audit was asked, UTC */
  r.since_at::TIMESTAMPTZ AS since_at, /* When the first of the deliveries came that were counted together for it, UTC; seen_at but for a change feed */
  r.is_failing::BOOLEAN AS is_failing, /* Whether the problem is there */
  LEAST(4, r.rank + CASE WHEN u.column_name IS NULL THEN 0 ELSE 1 END)::INT AS severity_rank, /* 1 info, 2 warning, 3 error, 4 critical; one step more where a flag, mart or feed reads the column */
  r.columns_read::TEXT AS columns_read, /* Columns that a rule reads; the metric of an anomaly */
  r.about::TEXT AS about, /* The column that it is about, such as phone for phone_raw; empty where it is none */
  r.owner::TEXT AS owner, /* Who answers for the data */
  r.affected_rows::BIGINT AS affected_rows, /* Rows or leads that it affects; NULL where that is not counted */
  r.cause::TEXT AS cause, /* What was found, in words */
  r.remedy::TEXT AS remedy /* What the owner can do */
FROM ranked AS r
LEFT JOIN used AS u
  ON u.column_name = r.about
