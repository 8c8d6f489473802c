MODEL (
  name ops.incident_event,
  kind VIEW,
  grain (file_id, row_number),
  description 'The outcome of everything that people did about incidents: which events had an effect, which not, and why. One row per delivered event.',
  audits (
    NOT_NULL(columns := (file_id, row_number, outcome)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('applied', 'superseded', 'ended', 'no effect', 'refused', 'unknown incident')
    )
  )
);

WITH point AS (
  /* What opens and what closes an incident, as in quality.incident, and the events between */
  SELECT
    o.incident_key,
    o.seen_at AS at,
    o.file_id,
    0 AS row_number,
    o.is_failing AS is_opening,
    NOT o.is_failing AS is_closing
  FROM quality.incident_observation AS o
  INNER JOIN (
    SELECT DISTINCT
      k.incident_key
    FROM staging.stg_incident_event AS k
  ) AS k
    ON k.incident_key = o.incident_key
  UNION ALL
  SELECT
    e.incident_key,
    e.acted_at AS at,
    e.file_id,
    e.row_number,
    e.problem IS NULL AND COALESCE(e.action, '') = 'reopen' AS is_opening,
    e.problem IS NULL AND COALESCE(e.action, '') = 'resolve' AS is_closing
  FROM staging.stg_incident_event AS e
), placed AS (
  SELECT
    p.incident_key,
    p.file_id,
    p.row_number,
    MAX(CASE WHEN p.is_opening THEN p.at END) OVER earlier AS opened_before,
    MAX(CASE WHEN p.is_closing THEN p.at END) OVER earlier AS closed_before
  FROM point AS p
  WINDOW earlier AS (
    PARTITION BY p.incident_key
    ORDER BY p.at, CASE WHEN p.row_number = 0 THEN 0 ELSE 1 END, p.file_id, p.row_number
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
), acted AS (
  SELECT
    e.*,
    i.state,
    i.opened_at,
    i.resolved_at,
    i.incident_key IS NULL AS is_unknown,
    p.opened_before IS NULL AND p.closed_before IS NULL AS is_early,
    COALESCE(p.opened_before > p.closed_before, NOT p.opened_before IS NULL) AS was_open,
    ROW_NUMBER() OVER (
      PARTITION BY e.incident_key, e.problem IS NULL AND e.action IN ('ack', 'snooze')
      ORDER BY e.acted_at DESC, e.file_id, e.row_number DESC
    ) AS place
  FROM staging.stg_incident_event AS e
  INNER JOIN placed AS p
    ON p.file_id = e.file_id AND p.row_number = e.row_number
  LEFT JOIN quality.incident AS i
    ON i.incident_key = e.incident_key
), judged AS (
  SELECT
    a.*,
    CASE
      WHEN NOT a.problem IS NULL
      THEN 'refused'
      WHEN a.is_unknown
      THEN 'unknown incident'
      WHEN a.is_early OR a.was_open = (
        a.action = 'reopen'
      )
      THEN 'no effect'
      WHEN a.action = 'resolve'
      THEN CASE WHEN a.resolved_at = a.acted_at THEN 'applied' ELSE 'ended' END
      WHEN a.action = 'reopen'
      THEN CASE WHEN a.opened_at = a.acted_at THEN 'applied' ELSE 'ended' END
      WHEN a.opened_at IS NULL OR a.acted_at < a.opened_at
      THEN 'ended'
      WHEN a.place = 1
      THEN 'applied'
      ELSE 'superseded'
    END AS outcome
  FROM acted AS a
)
SELECT
  j.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the event */
  j.row_number::BIGINT AS row_number, /* Number of the row in it, from 1 */
  j.incident_key::TEXT AS incident_key, /* Incident that it is about */
  j.action::TEXT AS action, /* ack, snooze, resolve or reopen; NULL where the word is another */
  j.acted_by::TEXT AS acted_by, /* Who did it */
  j.acted_at::TIMESTAMPTZ AS acted_at, /* When, UTC */
  j.snoozed_until::TIMESTAMPTZ AS snoozed_until, /* Of a snooze: until when, UTC */
  j.reason::TEXT AS reason, /* Why */
  j.outcome::TEXT AS outcome, /* applied (it counts now); superseded by a newer one; ended: it counted until the incident was resolved, or came back; no effect; refused; unknown incident */
  CASE
    WHEN j.outcome = 'refused'
    THEN j.problem
    WHEN j.outcome = 'unknown incident'
    THEN 'there is no incident of this key: look for a slip in it, or for a rule that was removed'
    WHEN j.outcome = 'no effect' AND j.is_early
    THEN 'the incident had not begun then'
    WHEN j.outcome = 'no effect' AND j.was_open
    THEN 'the incident was open then'
    WHEN j.outcome = 'no effect'
    THEN 'the incident was resolved then'
    WHEN j.outcome = 'ended' AND j.state = 'resolved'
    THEN 'the incident was resolved since'
    WHEN j.outcome = 'ended'
    THEN 'the incident came back since'
  END::TEXT AS remark, /* Why it does not count; NULL where it does, or a newer one does */
  j.received_at::TIMESTAMPTZ AS received_at /* When the project took the delivery in, UTC */
FROM judged AS j
