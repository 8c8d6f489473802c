MODEL (
  name ops.feedback,
  kind FULL,
  grain (
    feedback_key
  ),
  description 'What people said about leads, values and definitions, and what came of it: received, then accepted, declined or applied, by whom and why, with the row of the file that it is about and the change that it led to. The newest answer counts. One row per feedback.',
  audits (
    NOT_NULL(columns := (feedback_key, subject, comment, given_by, given_at, state)),
    UNIQUE_VALUES(columns := (
      feedback_key
    )),
    ACCEPTED_VALUES("column" := state, is_in := ('received', 'accepted', 'declined', 'applied'))
  )
);

WITH counted AS (
  SELECT
    s.*
  FROM staging.stg_feedback AS s
  INNER JOIN ops.feedback_statement AS o
    ON o.file_id = s.file_id AND o.row_number = s.row_number
  WHERE
    o.outcome = 'counts'
), given AS (
  SELECT
    c.*
  FROM counted AS c
  WHERE
    c.action = 'give'
), answer AS (
  SELECT
    c.*
  FROM counted AS c
  WHERE
    c.action <> 'give'
), about AS (
  /* The row that brought the lead as it is now */
  SELECT
    l.lead_key,
    l.name,
    l.file_id,
    l.row_number,
    f.file_name
  FROM intermediate.int_lead_current AS l
  INNER JOIN (
    SELECT DISTINCT
      g.lead_key
    FROM given AS g
  ) AS wanted
    ON wanted.lead_key = l.lead_key
  LEFT JOIN bronze.file_ledger AS f
    ON f.file_id = l.file_id AND f.status = 'loaded'
)
SELECT
  g.feedback_key::TEXT AS feedback_key, /* Key of the feedback: twelve hexadecimal digits */
  g.subject::TEXT AS subject, /* What it is about: lead, value or definition */
  g.lead_key::TEXT AS lead_key, /* Lead that it is about; NULL of a definition */
  l.name::TEXT AS lead_name, /* Name of that lead; NULL where no such lead ever came */
  g.term::TEXT AS term, /* Which value of the lead, or what is defined */
  g.value_seen::TEXT AS value_seen, /* The value that was seen */
  g.suggested_value::TEXT AS suggested_value, /* What it should be */
  g.comment::TEXT AS comment, /* What is wrong */
  g.acted_by::TEXT AS given_by, /* Who gave it */
  g.acted_at::TIMESTAMPTZ AS given_at, /* When, UTC */
  CASE a.action
    WHEN 'accept'
    THEN 'accepted'
    WHEN 'decline'
    THEN 'declined'
    WHEN 'apply'
    THEN 'applied'
    ELSE 'received'
  END::TEXT AS state, /* received; accepted, somebody sees to it; declined; applied */
  a.acted_by::TEXT AS answered_by, /* Who gave the newest answer */
  a.acted_at::TIMESTAMPTZ AS answered_at, /* When, UTC */
  a.comment::TEXT AS answer, /* Why, or what was changed */
  a.led_to::TEXT AS led_to, /* The file, line, rule or change that it led to */
  l.file_name::TEXT AS about_file_name, /* File that brought the lead as it is now */
  l.row_number::BIGINT AS about_row_number, /* Its row in that file, from 1 */
  l.file_id::TEXT AS about_file_id, /* SHA-256 of that delivery */
  g.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the feedback */
  g.row_number::BIGINT AS row_number /* Number of its row in that delivery */
FROM given AS g
LEFT JOIN answer AS a
  ON a.feedback_key = g.feedback_key
LEFT JOIN about AS l
  ON l.lead_key = g.lead_key
