MODEL (
  name ops.feedback_statement,
  kind VIEW,
  grain (file_id, row_number),
  description 'The outcome of everything that people said as feedback, or answered to it. One row per delivered statement.',
  audits (
    NOT_NULL(columns := (file_id, row_number, outcome)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    ACCEPTED_VALUES(
      "column" := outcome,
      is_in := ('counts', 'superseded', 'repeated', 'refused', 'unknown feedback')
    )
  )
);

WITH placed AS (
  /* Feedback stands as it was first given; of the answers the newest counts */
  SELECT
    s.*,
    ROW_NUMBER() OVER (
      PARTITION BY s.feedback_key, s.action = 'give', s.problem IS NULL
      ORDER BY s.received_at, s.file_id, s.row_number
    ) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY s.feedback_key, s.action = 'give', s.problem IS NULL
      ORDER BY s.acted_at DESC, s.received_at DESC, s.file_id, s.row_number DESC
    ) AS newest_place,
    MAX(CASE WHEN s.action = 'give' AND s.problem IS NULL THEN 1 ELSE 0 END) OVER (PARTITION BY s.feedback_key) AS is_given
  FROM staging.stg_feedback AS s
)
SELECT
  p.file_id::TEXT AS file_id, /* SHA-256 of the delivery */
  f.file_name::TEXT AS file_name, /* Name of its file */
  p.row_number::BIGINT AS row_number, /* Number of the row in it, from 1 */
  p.feedback_key::TEXT AS feedback_key, /* Key of the feedback; NULL where an answer names none */
  p.action::TEXT AS action, /* give, accept, decline or apply */
  p.comment::TEXT AS comment, /* What was said */
  p.led_to::TEXT AS led_to, /* Of an answer: the file, line, rule or change that it led to */
  p.acted_by::TEXT AS acted_by, /* Who said it */
  p.acted_at::TIMESTAMPTZ AS acted_at, /* When, UTC */
  CASE
    WHEN NOT p.problem IS NULL
    THEN 'refused'
    WHEN p.is_given = 0
    THEN 'unknown feedback'
    WHEN p.action = 'give' AND p.place > 1
    THEN 'repeated'
    WHEN p.action <> 'give' AND p.newest_place > 1
    THEN 'superseded'
    ELSE 'counts'
  END::TEXT AS outcome, /* counts; superseded by a newer answer; repeated where the key was given before; refused; unknown feedback */
  CASE
    WHEN NOT p.problem IS NULL
    THEN p.problem
    WHEN p.is_given = 0
    THEN CONCAT('no feedback has the key ', p.feedback_key, ': look for a slip in it')
    WHEN p.action = 'give' AND p.place > 1
    THEN CONCAT('the key ', p.feedback_key, ' was given before: leave it out')
  END::TEXT AS remark /* What to do about it; NULL where nothing is */
FROM placed AS p
INNER JOIN bronze.file_ledger AS f
  ON f.file_id = p.file_id AND f.status = 'loaded'
