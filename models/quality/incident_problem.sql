MODEL (
  name quality.incident_problem,
  kind FULL,
  grain (
    incident_key
  ),
  description 'Problems with the data as they were seen last: from the first time that one was seen, through what people did about it, to the clean delivery that ends it. A problem that comes back continues its incident. One row per problem.',
  audits (
    NOT_NULL(columns := (incident_key, state, severity_rank, cause, first_seen_at, seen_at)),
    UNIQUE_VALUES(columns := (
      incident_key
    )),
    ACCEPTED_VALUES("column" := state, is_in := ('open', 'acknowledged', 'snoozed', 'resolved'))
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
    h.snoozed_until
  FROM seen AS s
  INNER JOIN timed AS t
    ON t.incident_key = s.incident_key
  LEFT JOIN handled AS h
    ON h.incident_key = s.incident_key AND h.place = 1
  WHERE
    s.place = 1
)
SELECT
  p.incident_key::TEXT AS incident_key, /* Key: hash of kind, name, table and source */
  p.state::TEXT AS state, /* open, acknowledged, snoozed (open again from snoozed_until on) or resolved */
  p.severity_rank::INT AS severity_rank, /* 1 info, 2 warning, 3 error, 4 critical */
  p.kind::TEXT AS kind, /* rule, anomaly, file or audit */
  p.name::TEXT AS name, /* Rule, metric, file, or audit with its arguments */
  p.object_name::TEXT AS object_name, /* Table that it is about */
  p.source_key::TEXT AS source_key, /* Source that it is about; empty for an audit */
  p.owner::TEXT AS owner, /* Who answers for the data */
  p.cause::TEXT AS cause, /* What was found when it was seen last, in words */
  p.remedy::TEXT AS remedy, /* What the owner can do */
  p.file_id::TEXT AS file_id, /* The delivery in which it was seen last; of an audit the run; empty for rules that judge a day */
  p.about::TEXT AS about, /* Value that the rule is about */
  p.columns_read::TEXT AS columns_read, /* Columns that a rule reads; the metric of an anomaly */
  p.affected_rows::BIGINT AS affected_rows, /* Leads or rows that it affected then; NULL where that is not counted */
  p.first_seen_at::TIMESTAMPTZ AS first_seen_at, /* When it was ever seen first, UTC */
  p.since_at::TIMESTAMPTZ AS since_at, /* When the first of the deliveries came that were counted together for it, UTC */
  p.seen_at::TIMESTAMPTZ AS seen_at, /* When it was seen last, UTC */
  p.opened_at::TIMESTAMPTZ AS opened_at, /* When it began, or was reopened, the last time, UTC; NULL where it is resolved */
  p.resolved_at::TIMESTAMPTZ AS resolved_at, /* When somebody resolved it, or the first clean delivery came, UTC; NULL where it is not resolved */
  p.handled_by::TEXT AS handled_by, /* Who acknowledged or snoozed it since it began */
  CASE WHEN p.state = 'snoozed' THEN p.snoozed_until END::TIMESTAMPTZ AS snoozed_until /* Until when nobody is told, UTC */
FROM problem AS p
