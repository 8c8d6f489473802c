MODEL (
  name ops.match_decision,
  kind VIEW,
  grain (file_id, row_number),
  description 'The outcome of every decision that a steward delivered. One row per delivered decision.',
  audits (
    NOT_NULL(columns := (file_id, row_number, outcome)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('applied', 'overruled', 'superseded', 'refused', 'unknown lead', 'lead gone')
    )
  )
);

WITH lead AS (
  SELECT
    l.lead_key,
    l.is_live,
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
), decided AS (
  SELECT
    d.*,
    l.lead_key AS left_found,
    r.lead_key AS right_found,
    l.is_live AND r.is_live AS are_live,
    NOT n.left_lead_key IS NULL AS is_newest,
    COALESCE(n.is_contradicted, FALSE) AS is_contradicted,
    COALESCE(n.is_content_changed, FALSE) AS is_content_changed,
    d.decision <> 'unsure'
    AND (
      d.decision = 'same'
    ) <> (
      l.entity_key = r.entity_key
    ) AS is_overruled
  FROM staging.stg_match_decision AS d
  LEFT JOIN lead AS l
    ON l.lead_key = d.left_lead_key
  LEFT JOIN lead AS r
    ON r.lead_key = d.right_lead_key
  LEFT JOIN intermediate.int_match_decision AS n
    ON n.file_id = d.file_id AND n.row_number = d.row_number
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
    WHEN d.left_found IS NULL OR d.right_found IS NULL
    THEN 'unknown lead'
    WHEN NOT d.is_newest
    THEN 'superseded'
    WHEN NOT d.are_live
    THEN 'lead gone'
    WHEN d.is_overruled
    THEN 'overruled'
    ELSE 'applied'
  END::TEXT AS outcome, /* applied; superseded by a newer one; overruled by decisions on other pairs; refused; unknown lead; lead gone where one is not live */
  CASE
    WHEN NOT d.problem IS NULL
    THEN d.problem
    WHEN d.left_found IS NULL
    THEN CONCAT(d.left_lead_key, ' never came: look for a slip in the key')
    WHEN d.right_found IS NULL
    THEN CONCAT(d.right_lead_key, ' never came: look for a slip in the key')
    WHEN NOT d.is_newest OR NOT d.are_live
    THEN NULL
    WHEN d.is_overruled
    THEN 'decisions on other pairs say otherwise: settle which of them is right'
    WHEN d.is_contradicted
    THEN 'somebody else had decided otherwise: the newest decision counts; decide once more to settle it'
    WHEN d.is_content_changed
    THEN 'one of the two leads has changed since: look again'
  END::TEXT AS remark /* What to do about it; NULL where nothing is */
FROM decided AS d
INNER JOIN bronze.file_ledger AS f
  ON f.file_id = d.file_id AND f.status = 'loaded'
