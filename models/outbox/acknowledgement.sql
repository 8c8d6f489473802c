MODEL (
  name outbox.acknowledgement,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    outbox_key
  ),
  references (lead_key, salesforce_id),
  description 'What became of each change that a sender or a person ever said anything of: the last answer counts, and what people allowed stays allowed. One row per change.',
  audits (
    NOT_NULL(columns := (outbox_key, target, lead_key, field, attempts)),
    UNIQUE_VALUES(columns := (
      outbox_key
    )),
    ACCEPTED_VALUES(
      "column" := event,
      is_in := ('claimed', 'accepted', 'rejected', 'conflict', 'abandoned')
    )
  )
);

WITH said AS (
  SELECT
    s.*
  FROM staging.stg_acknowledgement AS s
  WHERE
    s.problem IS NULL
), answered AS (
  /* Of equal times an answer counts, not its claim */
  SELECT
    s.*
  FROM said AS s
  WHERE
    s.event IN ('claimed', 'accepted', 'rejected', 'conflict', 'abandoned')
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY s.outbox_key
      ORDER BY s.acted_at DESC, CASE WHEN s.event = 'claimed' THEN 1 ELSE 0 END, s.received_at DESC, s.file_id, s.row_number DESC
    ) = 1
), summed AS (
  SELECT
    s.outbox_key,
    MIN(s.target) AS target,
    MIN(s.lead_key) AS lead_key,
    MIN(s.field) AS field,
    COALESCE(MAX(CASE WHEN s.event = 'claimed' THEN s.value END), MAX(s.value)) AS value, /* What met an edit of people before it was claimed has an answer alone */
    MAX(s.salesforce_id) AS salesforce_id,
    SUM(CASE WHEN s.event = 'claimed' THEN 1 ELSE 0 END) AS attempts,
    MAX(CASE WHEN s.event = 'claimed' THEN s.acted_at END) AS claimed_at,
    MIN(CASE WHEN s.event = 'approved' THEN s.acted_at END) AS approved_at,
    MIN(CASE WHEN s.event = 'withdrawn' THEN s.acted_at END) AS withdrawn_at,
    MIN(
      CASE
        WHEN s.event = 'withdrawn'
        THEN CONCAT(s.acted_by, COALESCE(CONCAT(': ', s.message), ''))
      END
    ) AS withdrawn_why
  FROM said AS s
  WHERE
    s.event <> 'released'
  GROUP BY
    s.outbox_key
)
SELECT
  s.outbox_key::TEXT AS outbox_key, /* Change */
  s.target::TEXT AS target, /* System that it is for */
  s.lead_key::TEXT AS lead_key, /* Lead that it is about */
  s.field::TEXT AS field, /* Field of the system; * for the record as a whole */
  s.value::TEXT AS value, /* Value that was claimed, or answered without a claim; NULL where no sender has spoken */
  s.salesforce_id::TEXT AS salesforce_id, /* Id of the record in the system, once it is known */
  a.event::TEXT AS event, /* Last word of a sender: claimed, accepted, rejected, conflict or abandoned; NULL where people alone have spoken */
  a.acted_at::TIMESTAMPTZ AS event_at, /* When it was said, UTC */
  s.claimed_at::TIMESTAMPTZ AS claimed_at, /* When it was last claimed, UTC */
  COALESCE(a.is_retryable, FALSE)::BOOLEAN AS is_retryable, /* Of a rejection: whether the same change may succeed later */
  a.message::TEXT AS message, /* Answer of the system, in its own words */
  a.batch_id::TEXT AS batch_id, /* Batch of the last word */
  s.attempts::INT AS attempts, /* How often it was claimed */
  s.approved_at::TIMESTAMPTZ AS approved_at, /* When a person let it pass above the limits, UTC */
  s.withdrawn_at::TIMESTAMPTZ AS withdrawn_at, /* When a person withdrew it, UTC */
  s.withdrawn_why::TEXT AS withdrawn_why /* Who withdrew it, and why */
FROM summed AS s
LEFT JOIN answered AS a
  ON a.outbox_key = s.outbox_key
