MODEL (
  name staging.stg_feedback,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'What people said about leads, values and definitions, and what stewards answered, as delivered. A row that cannot be read keeps its text and says why; it changes nothing. One row per delivered statement.',
  audits (
    NOT_NULL(columns := (file_id, row_number, acted_at, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.feedback),
    ACCEPTED_VALUES("column" := action, is_in := ('give', 'accept', 'decline', 'apply')),
    ACCEPTED_VALUES("column" := subject, is_in := ('lead', 'value', 'definition'))
  )
);

WITH cleaned AS (
  SELECT
    f.*,
    COALESCE(NULLIF(LOWER(TRIM(f.action)), ''), 'give') AS word,
    NULLIF(LOWER(TRIM(f.feedback_key)), '') AS key_text,
    NULLIF(TRIM(f.lead_key), '') AS about_lead,
    NULLIF(TRIM(@unguarded(f.term)), '') AS about_term,
    NULLIF(TRIM(@unguarded(f.comment)), '') AS said,
    NULLIF(TRIM(@unguarded(f.led_to)), '') AS led_to_text,
    NULLIF(TRIM(@unguarded(f.acted_by)), '') AS person,
    NULLIF(TRIM(f.acted_at), '') AS time_text,
    @parse_instant(f.acted_at) AS stated_at
  FROM bronze.feedback AS f
  WHERE
    f.received_on BETWEEN @start_date AND @end_date
)
SELECT
  COALESCE(
    c.key_text,
    CASE
      WHEN c.word = 'give'
      THEN SUBSTRING(MD5(CONCAT(c.file_id, ' ', c.row_number::TEXT)), 1, 12)
    END
  )::TEXT AS feedback_key, /* Key of the feedback; where feedback comes without one, made from its delivery and row */
  CASE WHEN c.word IN ('give', 'accept', 'decline', 'apply') THEN c.word END::TEXT AS action, /* give, accept, decline or apply; NULL where the word is another */
  CASE
    WHEN c.word <> 'give'
    THEN NULL
    WHEN NOT c.about_lead IS NULL AND NOT c.about_term IS NULL
    THEN 'value'
    WHEN NOT c.about_lead IS NULL
    THEN 'lead'
    WHEN NOT c.about_term IS NULL
    THEN 'definition'
  END::TEXT AS subject, /* Of feedback what it is about: lead, value or definition */
  c.about_lead::TEXT AS lead_key, /* Lead that it is about */
  c.about_term::TEXT AS term, /* Which value of the lead, or what is defined */
  NULLIF(TRIM(@unguarded(c.value_seen)), '')::TEXT AS value_seen, /* The value that was seen */
  NULLIF(TRIM(@unguarded(c.suggested_value)), '')::TEXT AS suggested_value, /* What it should be */
  c.said::TEXT AS comment, /* What is wrong; of an answer why, or what was changed */
  c.led_to_text::TEXT AS led_to, /* Of an answer: the file, line, rule or change that it led to */
  c.person::TEXT AS acted_by, /* Who gave it, or answered it */
  COALESCE(c.stated_at, c.received_at)::TIMESTAMPTZ AS acted_at, /* When, UTC; the time of the delivery where none is stated */
  CASE
    WHEN NOT c.word IN ('give', 'accept', 'decline', 'apply')
    THEN CONCAT('the action ', c.action, ' is none of give, accept, decline, apply')
    WHEN c.person IS NULL
    THEN 'nobody is named as acted_by'
    WHEN NOT c.time_text IS NULL AND c.stated_at IS NULL
    THEN CONCAT('acted_at ', c.time_text, ' is no time such as 2026-11-23 14:05:00')
    WHEN c.stated_at > c.received_at + INTERVAL '1' DAY
    THEN CONCAT('acted_at ', c.time_text, ' had not come when the file did: correct it')
    WHEN NOT c.key_text IS NULL AND NOT REGEXP_MATCHES(c.key_text, '^[0-9a-f]{12}$')
    THEN CONCAT('the key ', c.key_text, ' is not twelve hexadecimal digits')
    WHEN c.word <> 'give' AND c.key_text IS NULL
    THEN 'an answer needs the feedback_key of what it answers'
    WHEN c.word = 'give' AND c.about_lead IS NULL AND c.about_term IS NULL
    THEN 'it is about nothing: give a lead_key, a term, or both'
    WHEN c.said IS NULL
    THEN 'it says nothing: fill comment'
  END::TEXT AS problem, /* Why the row changes nothing; NULL where it does */
  c.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  c.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  c.received_at::TIMESTAMPTZ AS received_at, /* When the project took the delivery in, UTC */
  c.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM cleaned AS c
