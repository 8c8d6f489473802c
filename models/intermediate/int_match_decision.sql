MODEL (
  name intermediate.int_match_decision,
  kind FULL,
  grain (left_lead_key, right_lead_key),
  description 'What counts of the stewards decisions: for each pair the newest, whether a lead has changed since, and whether people disagree. It overrules the score. One row per decided pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key, decision, decided_by, decided_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key))
  )
);

WITH valid AS (
  SELECT
    d.*
  FROM staging.stg_match_decision AS d
  WHERE
    d.problem IS NULL
), of_person AS (
  /* Somebody who changed their mind does not contradict themselves */
  SELECT
    v.left_lead_key,
    v.right_lead_key,
    v.decision
  FROM valid AS v
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY v.left_lead_key, v.right_lead_key, v.decided_by
      ORDER BY v.decided_at DESC, v.received_at DESC, v.file_id, v.row_number DESC
    ) = 1
), agreement AS (
  SELECT
    p.left_lead_key,
    p.right_lead_key,
    MIN(p.decision) <> MAX(p.decision) AS is_contradicted
  FROM of_person AS p
  GROUP BY
    p.left_lead_key,
    p.right_lead_key
), newest AS (
  SELECT
    v.*
  FROM valid AS v
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY v.left_lead_key, v.right_lead_key
      ORDER BY v.decided_at DESC, v.received_at DESC, v.file_id, v.row_number DESC
    ) = 1
), side AS (
  SELECT
    n.left_lead_key,
    n.right_lead_key,
    n.left_lead_key AS lead_key,
    n.received_at
  FROM newest AS n
  UNION ALL
  SELECT
    n.left_lead_key,
    n.right_lead_key,
    n.right_lead_key AS lead_key,
    n.received_at
  FROM newest AS n
), judged AS (
  /* Where a decision does not say which content it judged, that known at its delivery counts */
  SELECT
    s.left_lead_key,
    s.right_lead_key,
    s.lead_key,
    v.content_hash
  FROM side AS s
  INNER JOIN intermediate.int_lead_version AS v
    ON v.lead_key = s.lead_key AND v.received_at <= s.received_at
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY s.left_lead_key, s.right_lead_key, s.lead_key
      ORDER BY v.received_at DESC
    ) = 1
), current_lead AS (
  SELECT
    c.lead_key,
    c.content_hash
  FROM intermediate.int_lead_current AS c
)
SELECT
  n.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  n.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  n.decision::TEXT AS decision, /* same, different, sister_site or unsure */
  n.decided_by::TEXT AS decided_by, /* Who decided */
  n.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  n.decision_reason::TEXT AS decision_reason, /* Why */
  (
    COALESCE(n.left_content_hash, lj.content_hash) <> lc.content_hash
    OR COALESCE(n.right_content_hash, rj.content_hash) <> rc.content_hash
  )::BOOLEAN AS is_content_changed, /* Whether one of the two leads says something else than what was judged; NULL where that is not known */
  a.is_contradicted::BOOLEAN AS is_contradicted, /* Whether people decided the pair in different ways; the newest counts */
  n.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the decision */
  n.row_number::BIGINT AS row_number /* Number of its row in that delivery */
FROM newest AS n
INNER JOIN agreement AS a
  ON a.left_lead_key = n.left_lead_key AND a.right_lead_key = n.right_lead_key
LEFT JOIN current_lead AS lc
  ON lc.lead_key = n.left_lead_key
LEFT JOIN current_lead AS rc
  ON rc.lead_key = n.right_lead_key
LEFT JOIN judged AS lj
  ON lj.left_lead_key = n.left_lead_key
  AND lj.right_lead_key = n.right_lead_key
  AND lj.lead_key = n.left_lead_key
LEFT JOIN judged AS rj
  ON rj.left_lead_key = n.left_lead_key
  AND rj.right_lead_key = n.right_lead_key
  AND rj.lead_key = n.right_lead_key
