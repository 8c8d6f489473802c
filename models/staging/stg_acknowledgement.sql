MODEL (
  name staging.stg_acknowledgement,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  references (
    lead_key
  ),
  description 'What became of changes for other systems, as senders and people delivered it. A row that cannot be read keeps its text and says why; it changes nothing. One row per delivered event.',
  audits (
    NOT_NULL(columns := (file_id, row_number, acted_at, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.acknowledgements),
    ACCEPTED_VALUES(
      "column" := event,
      is_in := (
        'claimed',
        'accepted',
        'rejected',
        'conflict',
        'abandoned',
        'approved',
        'released',
        'withdrawn'
      )
    )
  )
);

WITH cleaned AS (
  SELECT
    a.*,
    LOWER(TRIM(a.event)) AS word,
    LOWER(NULLIF(TRIM(a.target), '')) AS system,
    NULLIF(TRIM(a.lead_key), '') AS lead,
    NULLIF(TRIM(a.field), '') AS name,
    NULLIF(TRIM(a.acted_by), '') AS person,
    NULLIF(TRIM(a.acted_at), '') AS time_text,
    @parse_instant(a.acted_at) AS stated_at
  FROM bronze.acknowledgements AS a
  WHERE
    a.received_on BETWEEN @start_date AND @end_date
), known AS (
  SELECT
    c.*,
    CASE
      WHEN c.word IN (
        'claimed',
        'accepted',
        'rejected',
        'conflict',
        'abandoned',
        'approved',
        'released',
        'withdrawn'
      )
      THEN c.word
    END AS known_word
  FROM cleaned AS c
)
SELECT
  LOWER(TRIM(k.outbox_key))::TEXT AS outbox_key, /* Change that it is about */
  k.known_word::TEXT AS event, /* claimed, accepted, rejected, conflict, abandoned, approved, released or withdrawn; NULL where the word is another */
  k.system::TEXT AS target, /* System that the change is for */
  k.lead::TEXT AS lead_key, /* Lead that the change is about */
  k.name::TEXT AS field, /* Field of the system; * for the record as a whole */
  CASE
    WHEN REGEXP_MATCHES(k.value, '^''[=+@-]')
    THEN SUBSTRING(k.value, 2)
    ELSE NULLIF(k.value, '')
  END::TEXT AS value, /* Value that was sent; without the apostrophe that keeps a spreadsheet from taking it for a formula */
  @salesforce_id(NULLIF(TRIM(k.salesforce_id), ''))::TEXT AS salesforce_id, /* Id of the record in the system, of 15 characters */
  NULLIF(TRIM(k.batch_id), '')::TEXT AS batch_id, /* Batch that the change was sent in */
  COALESCE(LOWER(TRIM(k.is_retryable)) IN ('true', '1', 'yes'), FALSE)::BOOLEAN AS is_retryable, /* Of a rejection: whether the same change may succeed later */
  CASE
    WHEN REGEXP_MATCHES(k.message, '^''[=+@-]')
    THEN SUBSTRING(k.message, 2)
    ELSE NULLIF(TRIM(k.message), '')
  END::TEXT AS message, /* What the system answered, in its own words; of what people do, why */
  k.person::TEXT AS acted_by, /* Who or what did it */
  COALESCE(k.stated_at, k.received_at)::TIMESTAMPTZ AS acted_at, /* When, UTC; the time of the delivery where none is stated */
  CASE
    WHEN k.known_word IS NULL
    THEN CONCAT(
      'the event ',
      COALESCE(k.event, ''),
      ' is none of claimed, accepted, rejected, conflict, abandoned, approved, released, withdrawn'
    )
    WHEN k.system IS NULL OR k.lead IS NULL OR k.name IS NULL
    THEN 'target, lead_key or field is missing'
    WHEN k.person IS NULL
    THEN 'nobody is named as acted_by'
    WHEN NOT k.time_text IS NULL AND k.stated_at IS NULL
    THEN CONCAT('acted_at ', k.time_text, ' is no time such as 2026-11-23 14:05:00')
    WHEN k.stated_at > k.received_at + INTERVAL '1' DAY
    THEN CONCAT('acted_at ', k.time_text, ' had not come when the file did: correct it')
  END::TEXT AS problem, /* Why the row changes nothing; NULL where it does */
  k.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the row */
  k.row_number::BIGINT AS row_number, /* Number of the row in its delivery, from 1 */
  k.received_at::TIMESTAMPTZ AS received_at, /* When the project took the delivery in, UTC */
  k.received_on::DATE AS received_on /* Date of received_at; the incremental clock */
FROM known AS k
