MODEL (
  name staging.stg_incident_event,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'What people did about incidents, as delivered. A row that cannot be read keeps its text and says why; it changes nothing. One row per delivered event.',
  audits (
    NOT_NULL(columns := (file_id, row_number, acted_at, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.incidents),
    ACCEPTED_VALUES("column" := action, is_in := ('ack', 'snooze', 'resolve', 'reopen'))
  )
);

WITH cleaned AS (
  SELECT
    i.*,
    LOWER(TRIM(i.action)) AS word,
    NULLIF(TRIM(i.acted_by), '') AS person,
    NULLIF(TRIM(i.acted_at), '') AS time_text,
    @parse_instant(i.acted_at) AS stated_at,
    @parse_instant(i.snoozed_until) AS until_at
  FROM bronze.incidents AS i
  WHERE
    i.received_on BETWEEN @start_date AND @end_date
)
SELECT
  LOWER(TRIM(c.incident_key))::TEXT AS incident_key, /* Incident that it is about */
  CASE WHEN c.word IN ('ack', 'snooze', 'resolve', 'reopen') THEN c.word END::TEXT AS action, /* ack, snooze, resolve or reopen; NULL where the word is another */
  c.person::TEXT AS acted_by, /* Who did it */
  COALESCE(c.stated_at, c.received_at)::TIMESTAMPTZ AS acted_at, /* When, UTC; the time of the delivery where none is stated */
  c.until_at::TIMESTAMPTZ AS snoozed_until, /* Of a snooze: until when, UTC */
  NULLIF(TRIM(@unguarded(c.reason)), '')::TEXT AS reason, /* Why; without the apostrophe that keeps a spreadsheet from taking it for a formula */
  CASE
    WHEN NOT COALESCE(c.word, '') IN ('ack', 'snooze', 'resolve', 'reopen')
    THEN CONCAT('the action ', COALESCE(c.action, ''), ' is none of ack, snooze, resolve, reopen')
    WHEN c.person IS NULL
    THEN 'nobody is named as acted_by'
    WHEN NOT c.time_text IS NULL AND c.stated_at IS NULL
    THEN CONCAT('acted_at ', c.time_text, ' is no time such as 2026-11-23 14:05:00')
    WHEN c.stated_at > c.received_at + INTERVAL '1' DAY
    THEN CONCAT('acted_at ', c.time_text, ' had not come when the file did: correct it')
    WHEN c.word = 'snooze' AND c.until_at IS NULL
    THEN 'snoozed_until is missing, or is no time such as 2026-11-23 14:05:00'
  END::TEXT AS problem, /* Why the row changes nothing; NULL where it does */
  c.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  c.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  c.received_at::TIMESTAMPTZ AS received_at, /* When the project took the delivery in, UTC */
  c.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM cleaned AS c
