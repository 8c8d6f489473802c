MODEL (
  name ops.match_decision,
  kind VIEW,
  grain (file_id, row_number),
  description 'What became of every decision that a steward delivered. One row per delivered decision.',
  audits (
    NOT_NULL(columns := (file_id, row_number, outcome)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('applied', 'superseded', 'refused', 'unknown lead', 'lead gone')
    )
  )
);

WITH lead AS (
  SELECT
    l.lead_key,
    l.is_live
  FROM intermediate.int_lead_current AS l
)
SELECT
  d.file_id::TEXT AS file_id, /* SHA-256 of the delivery */
  f.file_name::TEXT AS file_name, /* Name of its file */
  d.row_number::BIGINT AS row_number, /* Number of the row in it, from 1 */
  d.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  d.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  d.decision::TEXT AS decision, /* same, different, sister_site or unsure */
  d.decided_by::TEXT AS decided_by, /* Who decided */
  d.decided_at::TIMESTAMPTZ AS decided_at, /* When, UTC */
  d.decision_reason::TEXT AS decision_reason, /* Why */
  CASE
    WHEN NOT d.problem IS NULL
    THEN 'refused'
    WHEN l.lead_key IS NULL OR r.lead_key IS NULL
    THEN 'unknown lead'
    WHEN n.left_lead_key IS NULL
    THEN 'superseded'
    WHEN NOT l.is_live OR NOT r.is_live
    THEN 'lead gone'
    ELSE 'applied'
  END::TEXT AS outcome, /* applied; superseded by a newer one; refused; unknown lead; lead gone where one is not live */
  CASE
    WHEN NOT d.problem IS NULL
    THEN d.problem
    WHEN l.lead_key IS NULL
    THEN CONCAT(d.left_lead_key, ' never came: look for a slip in the key')
    WHEN r.lead_key IS NULL
    THEN CONCAT(d.right_lead_key, ' never came: look for a slip in the key')
    WHEN n.is_contradicted
    THEN 'people disagree about the pair: the newest decision counts until they settle it'
    WHEN n.is_content_changed
    THEN 'one of the two leads has changed since: look again'
  END::TEXT AS remark /* What to do about it; NULL where nothing is */
FROM staging.stg_match_decision AS d
INNER JOIN bronze.file_ledger AS f
  ON f.file_id = d.file_id AND f.status = 'loaded'
LEFT JOIN lead AS l
  ON l.lead_key = d.left_lead_key
LEFT JOIN lead AS r
  ON r.lead_key = d.right_lead_key
LEFT JOIN intermediate.int_match_decision AS n
  ON n.file_id = d.file_id AND n.row_number = d.row_number
