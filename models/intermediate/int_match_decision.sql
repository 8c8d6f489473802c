MODEL (
  name intermediate.int_match_decision,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (left_lead_key, right_lead_key),
  description 'What counts of the stewards decisions: for each pair the newest, whether a lead has changed since, and whether it contradicts what somebody else decided before. It overrules the score. One row per decided pair.',
  audits (
    NOT_NULL(
      columns := (
        left_lead_key,
        right_lead_key,
        decision,
        decided_by,
        decided_at,
        is_content_changed,
        is_contradicted
      )
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key))
  )
);

WITH valid AS (
  SELECT
    d.*
  FROM staging.stg_match_decision AS d
  WHERE
    d.problem IS NULL
), newest AS (
  SELECT
    v.*
  FROM valid AS v
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY v.left_lead_key, v.right_lead_key
      ORDER BY v.decided_at DESC, v.received_at DESC, v.file_id, v.row_number DESC
    ) = 1
), stated AS (
  /* Who is unsure contradicts nobody */
  SELECT
    v.file_id,
    v.row_number,
    v.decision,
    UPPER(v.decided_by) AS person,
    LAG(v.decision) OVER (
      PARTITION BY v.left_lead_key, v.right_lead_key
      ORDER BY v.decided_at, v.received_at, v.file_id DESC, v.row_number
    ) AS decision_before,
    LAG(UPPER(v.decided_by)) OVER (
      PARTITION BY v.left_lead_key, v.right_lead_key
      ORDER BY v.decided_at, v.received_at, v.file_id DESC, v.row_number
    ) AS person_before
  FROM valid AS v
  WHERE
    v.decision <> 'unsure'
), side AS (
  SELECT
    n.left_lead_key,
    n.right_lead_key,
    n.left_lead_key AS lead_key,
    n.left_content_hash AS stated_hash,
    n.received_at
  FROM newest AS n
  UNION ALL
  SELECT
    n.left_lead_key,
    n.right_lead_key,
    n.right_lead_key AS lead_key,
    n.right_content_hash AS stated_hash,
    n.received_at
  FROM newest AS n
), judged AS (
  /* The content that the decision names; where it names none, or a rule has changed all hashes since, the content
  known when it was delivered; failing that, the first that ever came */
  SELECT
    s.left_lead_key,
    s.right_lead_key,
    s.lead_key,
    v.content_hash
  FROM side AS s
  INNER JOIN intermediate.int_lead_version AS v
    ON v.lead_key = s.lead_key
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY s.left_lead_key, s.right_lead_key, s.lead_key
      ORDER BY CASE
        WHEN v.content_hash = s.stated_hash
        THEN 0
        WHEN v.received_at <= s.received_at
        THEN 1
        ELSE 2
      END, CASE WHEN v.received_at <= s.received_at THEN v.received_at END DESC, v.received_at
    ) = 1
), changed AS (
  SELECT
    j.left_lead_key,
    j.right_lead_key
  FROM judged AS j
  INNER JOIN intermediate.int_lead_current AS c
    ON c.lead_key = j.lead_key
  WHERE
    c.content_hash <> j.content_hash
  GROUP BY
    j.left_lead_key,
    j.right_lead_key
)
SELECT
  n.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  n.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  n.decision::TEXT AS decision, /* same, different, sister_site or unsure */
  n.decided_by::TEXT AS decided_by, /* Who decided */
  n.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  n.decision_reason::TEXT AS decision_reason, /* Why */
  (
    NOT c.left_lead_key IS NULL
  )::BOOLEAN AS is_content_changed, /* Whether one of the two leads says something else than what was judged */
  COALESCE(s.decision <> s.decision_before AND s.person <> s.person_before, FALSE)::BOOLEAN AS is_contradicted, /* Whether somebody else had just decided otherwise; who repeats the newest decision settles it */
  n.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the decision */
  n.row_number::BIGINT AS row_number /* Number of its row in that delivery */
FROM newest AS n
LEFT JOIN stated AS s
  ON s.file_id = n.file_id AND s.row_number = n.row_number
LEFT JOIN changed AS c
  ON c.left_lead_key = n.left_lead_key AND c.right_lead_key = n.right_lead_key
