MODEL (
  name staging.stg_match_decision,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  description 'What stewards decided about pairs of leads, as delivered and in one form: the lead whose key sorts first on the left. A row that cannot be read keeps its text and says why; it decides nothing. One row per delivered decision.',
  audits (
    NOT_NULL(columns := (file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.decisions),
    ACCEPTED_VALUES("column" := decision, is_in := ('same', 'different', 'sister_site', 'unsure'))
  )
);

WITH delivered AS (
  SELECT
    d.*
  FROM bronze.decisions AS d
  WHERE
    d.received_on BETWEEN @start_date AND @end_date
), cleaned AS (
  SELECT
    d.*,
    NULLIF(TRIM(d.lead_key_1), '') AS lead_key_a,
    NULLIF(TRIM(d.lead_key_2), '') AS lead_key_b,
    REPLACE(REPLACE(LOWER(TRIM(d.decision)), ' ', '_'), '-', '_') AS word,
    NULLIF(TRIM(d.decided_by), '') AS person,
    NULLIF(TRIM(d.decided_at), '') AS time_text
  FROM delivered AS d
), ordered AS (
  SELECT
    c.*,
    LEAST(c.lead_key_a, c.lead_key_b) AS left_lead_key,
    GREATEST(c.lead_key_a, c.lead_key_b) AS right_lead_key,
    CASE
      WHEN c.lead_key_a <= c.lead_key_b
      THEN c.content_hash_1
      ELSE c.content_hash_2
    END AS left_content_hash,
    CASE
      WHEN c.lead_key_a <= c.lead_key_b
      THEN c.content_hash_2
      ELSE c.content_hash_1
    END AS right_content_hash,
    CASE WHEN c.word IN ('same', 'different', 'sister_site', 'unsure') THEN c.word END AS known_word,
    @parse_instant(c.time_text) AS stated_at
  FROM cleaned AS c
), judged AS (
  SELECT
    o.*,
    CASE
      WHEN o.lead_key_a IS NULL OR o.lead_key_b IS NULL
      THEN 'one of the two leads is missing: give both keys'
      WHEN o.lead_key_a = o.lead_key_b
      THEN 'the two leads are one: give two keys'
      WHEN o.known_word IS NULL
      THEN CONCAT(
        'the decision ',
        COALESCE(o.decision, ''),
        ' is none of same, different, sister_site, unsure'
      )
      WHEN o.person IS NULL
      THEN 'nobody is named as decided_by'
      WHEN NOT o.time_text IS NULL AND o.stated_at IS NULL
      THEN CONCAT('decided_at ', o.time_text, ' is no time such as 2026-11-23 14:05:00')
      WHEN o.stated_at > o.received_at + INTERVAL '1' DAY
      THEN CONCAT('decided_at ', o.time_text, ' had not come when the file did: correct it')
      WHEN MIN(o.known_word) OVER (PARTITION BY o.file_id, o.left_lead_key, o.right_lead_key) <> MAX(o.known_word) OVER (PARTITION BY o.file_id, o.left_lead_key, o.right_lead_key)
      THEN 'the file decides the pair in two ways: drop it again with one of them'
    END AS problem
  FROM ordered AS o
)
SELECT
  j.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  j.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  j.known_word::TEXT AS decision, /* same, different, sister_site or unsure; NULL where the word is another */
  j.person::TEXT AS decided_by, /* Who decided */
  COALESCE(j.stated_at, j.received_at)::TIMESTAMPTZ AS decided_at, /* When, UTC; the time of the delivery where none is stated */
  NULLIF(TRIM(@unguarded(j.reason)), '')::TEXT AS decision_reason, /* Why; without the apostrophe that keeps a spreadsheet from taking it for a formula */
  NULLIF(TRIM(j.left_content_hash), '')::TEXT AS left_content_hash, /* Content of the first lead that was judged, where it is stated */
  NULLIF(TRIM(j.right_content_hash), '')::TEXT AS right_content_hash, /* The same of the other lead */
  j.problem::TEXT AS problem, /* Why the row decides nothing; NULL where it does */
  j.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  j.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  j.received_at::TIMESTAMPTZ AS received_at, /* When the project took the delivery in, UTC */
  j.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM judged AS j
