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

WITH muted AS (
  SELECT
    e.incident_key,
    COALESCE(f.first_key, e.upstream_key) AS muted_by
  FROM quality.incident_upstream AS e
  LEFT JOIN quality.incident_fellow AS f
    ON f.incident_key = e.upstream_key
  UNION ALL
  SELECT
    f.incident_key,
    f.first_key AS muted_by
  FROM quality.incident_fellow AS f
), fellows AS (
  SELECT
    f.first_key,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(f.rule)), ', ') AS rules
  FROM quality.incident_fellow AS f
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
    FROM quality.incident_problem AS p
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
  p.snoozed_until::TIMESTAMPTZ AS snoozed_until, /* Until when nobody is told, UTC */
  m.muted_by::TEXT AS muted_by, /* The incident that explains it, upstream or in the same rows, about which people are told instead; NULL where there is none */
  COALESCE(l.mutes, 0)::BIGINT AS mutes, /* How many incidents it explains: downstream, or in the same rows */
  COALESCE(l.muted_keys, '')::TEXT AS muted_keys /* Their keys, separated by blanks */
FROM quality.incident_problem AS p
LEFT JOIN muted AS m
  ON m.incident_key = p.incident_key
LEFT JOIN listed AS l
  ON l.incident_key = p.incident_key
LEFT JOIN fellows AS s
  ON s.first_key = p.incident_key
LEFT JOIN touched AS d
  ON d.object_name = p.object_name
