MODEL (
  name quality.incident,
  kind FULL,
  grain (
    incident_key
  ),
  description 'Problems with the data: from the first time that one was seen, through what people did about it, to the clean delivery that ends it. A problem that comes back continues its incident. One that began with, or after, a problem upstream of it is muted, and listed there; so is a rule that fails in the rows of another. One row per problem.',
  audits (
    NOT_NULL(columns := (incident_key, state, severity, cause, first_seen_at, last_seen_at)),
    UNIQUE_VALUES(columns := (
      incident_key
    )),
    ACCEPTED_VALUES("column" := state, is_in := ('open', 'acknowledged', 'snoozed', 'resolved')),
    MUTED_INCIDENTS_ARE_LISTED_IN_A_LOUD_ONE
  )
);

WITH point AS (
  /* What opens and what closes an incident */
  SELECT
    o.incident_key,
    o.seen_at AS at,
    o.is_failing AS is_opening
  FROM quality.incident_observation AS o
  UNION ALL
  SELECT
    e.incident_key,
    e.acted_at AS at,
    e.action = 'reopen' AS is_opening
  FROM staging.stg_incident_event AS e
  WHERE
    e.problem IS NULL AND e.action IN ('resolve', 'reopen')
), bounded AS (
  SELECT
    p.*,
    MAX(CASE WHEN p.is_opening THEN p.at END) OVER (PARTITION BY p.incident_key) AS last_opening,
    MAX(CASE WHEN NOT p.is_opening THEN p.at END) OVER (PARTITION BY p.incident_key) AS last_closing
  FROM point AS p
), timed AS (
  SELECT
    b.incident_key,
    MIN(
      CASE
        WHEN b.is_opening AND (
          b.at > b.last_closing OR b.last_closing IS NULL
        )
        THEN b.at
      END
    ) AS opened_at,
    MIN(CASE WHEN NOT b.is_opening AND b.at >= b.last_opening THEN b.at END) AS resolved_at
  FROM bounded AS b
  GROUP BY
    b.incident_key
), seen AS (
  SELECT
    o.*,
    MIN(o.seen_at) OVER (PARTITION BY o.incident_key) AS first_seen_at,
    ROW_NUMBER() OVER (PARTITION BY o.incident_key ORDER BY o.seen_at DESC, o.file_id) AS place
  FROM quality.incident_observation AS o
  WHERE
    o.is_failing
), handled AS (
  SELECT
    e.*,
    ROW_NUMBER() OVER (
      PARTITION BY e.incident_key
      ORDER BY e.acted_at DESC, e.file_id, e.row_number DESC
    ) AS place
  FROM staging.stg_incident_event AS e
  INNER JOIN timed AS t
    ON t.incident_key = e.incident_key AND e.acted_at >= t.opened_at
  WHERE
    e.problem IS NULL AND e.action IN ('ack', 'snooze')
), problem AS (
  SELECT
    s.*,
    t.opened_at,
    CASE WHEN t.opened_at IS NULL THEN t.resolved_at END AS resolved_at,
    t.opened_at::DATE AS opened_on,
    CASE
      WHEN t.opened_at IS NULL
      THEN 'resolved'
      WHEN h.action = 'ack'
      THEN 'acknowledged'
      WHEN h.action = 'snooze'
      THEN 'snoozed'
      ELSE 'open'
    END AS state,
    h.acted_by AS handled_by,
    h.snoozed_until,
    CASE s.kind WHEN 'file' THEN 1 WHEN 'anomaly' THEN 2 ELSE 3 END AS kind_rank
  FROM seen AS s
  INNER JOIN timed AS t
    ON t.incident_key = s.incident_key
  LEFT JOIN handled AS h
    ON h.incident_key = s.incident_key AND h.place = 1
  WHERE
    s.place = 1
), active AS (
  SELECT
    p.*
  FROM problem AS p
  WHERE
    p.state <> 'resolved'
), above AS (
  SELECT
    b.incident_key,
    a.incident_key AS above_key
  FROM active AS b
  INNER JOIN active AS a
    ON a.incident_key <> b.incident_key
    AND (
      a.source_key = b.source_key OR a.source_key = '' OR b.source_key = ''
    )
  LEFT JOIN seeds.model_lineage AS m
    ON m.model_name = b.object_name
  WHERE
    (
      m.upstream LIKE CONCAT('% ', a.object_name, ' %')
      OR (
        a.object_name = b.object_name AND a.kind_rank < b.kind_rank
      )
    )
    AND (
      (
        a.kind IN ('file', 'anomaly') AND b.opened_on = a.opened_on
      )
      OR (
        a.kind = 'audit' AND b.opened_on >= a.opened_on
      )
      OR (
        a.kind /* A rule explains another only where both are about the same value */ = 'rule'
        AND b.kind = 'rule'
        AND b.opened_on >= a.opened_on
        AND a.about <> ''
        AND CONCAT(', ', b.columns_read) LIKE CONCAT('%, ', a.about, '%')
      )
    )
), explained AS (
  /* By one that is loud itself, so that each stays in sight */
  SELECT
    v.incident_key,
    MIN(v.above_key) AS explained_by
  FROM above AS v
  LEFT JOIN above AS w
    ON w.incident_key = v.above_key
  WHERE
    w.incident_key IS NULL
  GROUP BY
    v.incident_key
), loud AS (
  /* The rules that lineage leaves, in an order that stays from delivery to delivery: who leads is told once */
  SELECT
    a.incident_key,
    a.source_key,
    a.seen_at,
    a.since_at,
    a.severity_rank,
    r.rule,
    r.position,
    r.level = 'final' AS is_final,
    ROW_NUMBER() OVER (ORDER BY a.opened_on, a.severity_rank DESC, r.weight DESC, a.incident_key) AS place
  FROM active AS a
  INNER JOIN quality.rule AS r
    ON r.rule = a.name
  LEFT JOIN explained AS e
    ON e.incident_key = a.incident_key
  WHERE
    a.kind = 'rule' AND e.incident_key IS NULL
), beside AS (
  /* Pairs that the same rows showed last; a problem is never told as a lesser one */
  SELECT
    b.place,
    b.position,
    a.place AS first_place,
    a.position AS first_position,
    a.source_key,
    a.is_final,
    LEAST(a.since_at, b.since_at) AS since_at,
    a.seen_at
  FROM loud AS b
  INNER JOIN loud AS a
    ON a.source_key = b.source_key
    AND a.seen_at = b.seen_at
    AND a.is_final = b.is_final
    AND a.place < b.place
    AND a.severity_rank >= b.severity_rank
), shown AS (
  SELECT DISTINCT
    d.file_id,
    d.source_key,
    d.received_at
  FROM beside AS b
  INNER JOIN intermediate.int_delivery AS d
    ON d.source_key = b.source_key AND d.received_at BETWEEN b.since_at AND b.seen_at
  WHERE
    d.is_effective AND NOT b.is_final
), outcome AS (
  /* Rows with the same outcomes fail the same rules: there are far fewer combinations than rows */
  SELECT
    FALSE AS is_final,
    s.source_key,
    s.received_at AS seen_at,
    o.outcomes,
    COUNT(*) AS row_count
  FROM quality.row_outcome AS o
  INNER JOIN shown AS s
    ON s.file_id = o.file_id
  GROUP BY
    s.source_key,
    s.received_at,
    o.outcomes
  UNION ALL
  SELECT
    TRUE AS is_final,
    c.source_key,
    c.evaluated_on::TIMESTAMPTZ AS seen_at,
    c.outcomes,
    c.leads AS row_count
  FROM quality.outcome_count AS c
), compared AS (
  SELECT
    b.place,
    b.first_place,
    CONCAT(SUBSTRING(o.outcomes, b.first_position, 1), SUBSTRING(o.outcomes, b.position, 1)) AS letters,
    o.row_count
  FROM beside AS b
  INNER JOIN outcome AS o
    ON o.source_key = b.source_key
    AND o.is_final = b.is_final
    AND o.seen_at BETWEEN b.since_at AND b.seen_at
), counted AS (
  SELECT
    c.place,
    c.first_place,
    SUM(CASE WHEN c.letters = 'ff' THEN c.row_count ELSE 0 END)::DOUBLE AS both_fail,
    SUM(CASE WHEN c.letters IN ('fp', 'f-', 'fe') THEN c.row_count ELSE 0 END)::DOUBLE AS first_fails,
    SUM(CASE WHEN c.letters IN ('pf', '-f', 'ef') THEN c.row_count ELSE 0 END)::DOUBLE AS second_fails,
    SUM(CASE WHEN c.letters = 'pp' THEN c.row_count ELSE 0 END)::DOUBLE AS both_pass
  FROM compared AS c
  GROUP BY
    c.place,
    c.first_place
), alike AS (
  SELECT
    c.place,
    c.first_place
  FROM counted AS c
  WHERE
    @agreement(c.both_fail, c.first_fails, c.second_fails, c.both_pass) /* Almost perfect (Landis and Koch 1977) */ >= 0.8
), nearest AS (
  /* In the rows of one that is loud itself, likewise */
  SELECT
    v.place,
    MIN(v.first_place) AS first_place
  FROM alike AS v
  LEFT JOIN alike AS w
    ON w.place = v.first_place
  WHERE
    w.place IS NULL
  GROUP BY
    v.place
), fellow AS (
  SELECT
    b.incident_key,
    b.rule,
    a.incident_key AS first_key
  FROM nearest AS n
  INNER JOIN loud AS b
    ON b.place = n.place
  INNER JOIN loud AS a
    ON a.place = n.first_place
), muted AS (
  SELECT
    e.incident_key,
    COALESCE(f.first_key, e.explained_by) AS muted_by
  FROM explained AS e
  LEFT JOIN fellow AS f
    ON f.incident_key = e.explained_by
  UNION ALL
  SELECT
    f.incident_key,
    f.first_key AS muted_by
  FROM fellow AS f
), fellows AS (
  SELECT
    f.first_key,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(f.rule)), ', ') AS rules
  FROM fellow AS f
  GROUP BY
    f.first_key
), listed AS (
  SELECT
    m.muted_by AS incident_key,
    COUNT(*) AS mutes,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(m.incident_key)), ' ') AS muted_keys
  FROM muted AS m
  GROUP BY
    m.muted_by
), touched AS (
  SELECT
    o.object_name,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(m.model_name)), ' ') AS affected_models
  FROM (
    SELECT DISTINCT
      p.object_name
    FROM problem AS p
  ) AS o
  INNER JOIN seeds.model_lineage AS m
    ON m.upstream LIKE CONCAT('% ', o.object_name, ' %')
  WHERE
    REGEXP_MATCHES(m.model_name, '^(facts|marts|outbox)[.]')
  GROUP BY
    o.object_name
)
SELECT
  p.incident_key::TEXT AS incident_key, /* Key: hash of kind, name, table and source */
  p.state::TEXT AS state, /* open, acknowledged, snoozed (open again from snoozed_until on) or resolved */
  CASE p.severity_rank
    WHEN 1
    THEN 'info'
    WHEN 2
    THEN 'warning'
    WHEN 3
    THEN 'error'
    ELSE 'critical'
  END::TEXT AS severity, /* critical, error, warning or info; one step more where a flag, mart or feed reads the column */
  p.kind::TEXT AS kind, /* rule, anomaly, file or audit */
  p.name::TEXT AS name, /* Rule, metric, file, or audit with its arguments */
  p.object_name::TEXT AS object_name, /* Table that it is about */
  p.source_key::TEXT AS source_key, /* Source that it is about; empty for an audit */
  p.owner::TEXT AS owner, /* Who answers for the data */
  CASE
    WHEN s.rules IS NULL
    THEN p.cause
    ELSE CONCAT(p.cause, '; in these rows fail too: ', s.rules)
  END::TEXT AS cause, /* What was found when it was seen last, in words, and which rules fail in the same rows */
  p.remedy::TEXT AS remedy, /* What the owner can do */
  NULLIF(p.file_id, '')::TEXT AS file_id, /* The delivery in which it was seen last; of an audit the run */
  p.affected_rows::BIGINT AS affected_leads, /* Leads or rows that it affected then; NULL where that is not counted */
  COALESCE(d.affected_models, '')::TEXT AS affected_models, /* Facts, marts and feeds that are built from the table, separated by blanks */
  p.first_seen_at::TIMESTAMPTZ AS first_seen_at, /* When it was ever seen first, UTC */
  p.seen_at::TIMESTAMPTZ AS last_seen_at, /* When it was seen last, UTC */
  p.opened_at::TIMESTAMPTZ AS opened_at, /* When it began, or was reopened, the last time, UTC; NULL where it is resolved */
  p.resolved_at::TIMESTAMPTZ AS resolved_at, /* When somebody resolved it, or the first clean delivery came, UTC; NULL where it is not resolved */
  p.handled_by::TEXT AS handled_by, /* Who acknowledged or snoozed it since it began */
  CASE WHEN p.state = 'snoozed' THEN p.snoozed_until END::TIMESTAMPTZ AS snoozed_until, /* Until when nobody is told, UTC */
  m.muted_by::TEXT AS muted_by, /* The incident that explains it, upstream or in the same rows, about which people are told instead; NULL where there is none */
  COALESCE(l.mutes, 0)::BIGINT AS mutes, /* How many incidents it explains: downstream, or in the same rows */
  COALESCE(l.muted_keys, '')::TEXT AS muted_keys /* Their keys, separated by blanks */
FROM problem AS p
LEFT JOIN muted AS m
  ON m.incident_key = p.incident_key
LEFT JOIN listed AS l
  ON l.incident_key = p.incident_key
LEFT JOIN fellows AS s
  ON s.first_key = p.incident_key
LEFT JOIN touched AS d
  ON d.object_name = p.object_name
