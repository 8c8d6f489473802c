MODEL (
  name quality.incident,
  kind FULL,
  grain (
    incident_key
  ),
  description 'Problems with the data: from the first time that one was seen, through what people did about it, to the clean delivery that ends it. A problem that comes back continues its incident. One that began with, or after, a problem upstream of it is muted, and listed there. One row per problem.',
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
), muted AS (
  /* By one that is loud itself, so that each stays in sight */
  SELECT
    v.incident_key,
    MIN(v.above_key) AS muted_by
  FROM above AS v
  LEFT JOIN above AS w
    ON w.incident_key = v.above_key
  WHERE
    w.incident_key IS NULL
  GROUP BY
    v.incident_key
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
  p.cause::TEXT AS cause, /* What was found when it was seen last, in words */
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
  m.muted_by::TEXT AS muted_by, /* The incident upstream that explains it, about which people are told instead; NULL where there is none */
  COALESCE(l.mutes, 0)::BIGINT AS mutes, /* How many incidents downstream it explains */
  COALESCE(l.muted_keys, '')::TEXT AS muted_keys /* Their keys, separated by blanks */
FROM problem AS p
LEFT JOIN muted AS m
  ON m.incident_key = p.incident_key
LEFT JOIN listed AS l
  ON l.incident_key = p.incident_key
LEFT JOIN touched AS d
  ON d.object_name = p.object_name
