MODEL (
  name outbox.human_edit,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (target, lead_key, field),
  description 'Fields that people changed in Salesforce: an extract showed a value that is neither what the one before showed nor what was last written from here. From then on the field belongs to people, until a steward releases it. One row per system, lead and field.',
  audits (
    NOT_NULL(columns := (target, lead_key, field, edited_at, value_before, value, is_owned)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (target, lead_key, field))
  )
);

WITH touched AS (
  SELECT
    l.lead_key
  FROM staging.stg_salesforce_lead AS l
  UNION
  SELECT
    a.lead_key
  FROM outbox.acknowledgement AS a
  UNION
  SELECT
    s.lead_key
  FROM staging.stg_acknowledgement AS s
), repeated AS (
  /* A lead that came once has no history */
  SELECT
    l.lead_key
  FROM staging.stg_salesforce_lead AS l
  WHERE
    @is_touched(l.lead_key)
  GROUP BY
    l.lead_key
  HAVING
    COUNT(*) > 1
), delivered AS (
  /* As in the log of changes: where a delivery repeats a lead, the row that was changed last counts */
  SELECT
    l.*
  FROM staging.stg_salesforce_lead AS l
  INNER JOIN repeated AS r
    ON r.lead_key = l.lead_key
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY l.lead_key, l.file_id
      ORDER BY l.source_modified_at DESC, l.row_number DESC
    ) = 1
), dated AS (
  SELECT
    d.lead_key,
    d.file_id,
    d.received_at,
    d.source_modified_at AS modified_at,
    MAX(d.source_modified_at) OVER (
      PARTITION BY d.lead_key
      ORDER BY d.received_at, d.file_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_before,
    @crm_columns(d)
  FROM delivered AS d
), effective AS (
  /* A row that is older than what is known tells nothing */
  SELECT
    d.*
  FROM dated AS d
  WHERE
    d.modified_at IS NULL
    OR d.newest_before IS NULL
    OR d.modified_at >= d.newest_before
), field_row AS (
  @crm_rows(effective, FALSE, lead_key, file_id, received_at, modified_at)
), plain AS (
  SELECT
    f.lead_key,
    f.field,
    f.file_id,
    f.received_at,
    f.modified_at,
    @crm_plain(f.field, f.shown) AS value
  FROM field_row AS f
), written AS (
  SELECT
    a.target,
    a.lead_key,
    a.field,
    @crm_plain(a.field, a.value) AS value,
    a.claimed_at,
    CASE WHEN a.event = 'accepted' THEN a.event_at END AS accepted_at
  FROM outbox.acknowledgement AS a
  WHERE
    a.target = 'salesforce'
    AND a.event IN ('claimed', 'accepted')
    AND a.field <> '*'
    AND @is_touched(a.lead_key)
), varied AS (
  /* A value that was always the same, and never written from here, nobody has edited */
  SELECT
    p.lead_key,
    p.field
  FROM plain AS p
  GROUP BY
    p.lead_key,
    p.field
  HAVING
    MIN(p.value) <> MAX(p.value)
  UNION
  SELECT
    w.lead_key,
    w.field
  FROM written AS w
), history AS (
  SELECT
    p.*,
    LAG(p.value) OVER (PARTITION BY p.lead_key, p.field ORDER BY p.received_at, p.file_id) AS value_before,
    LAG(p.received_at) OVER (PARTITION BY p.lead_key, p.field ORDER BY p.received_at, p.file_id) AS received_before
  FROM plain AS p
  INNER JOIN varied AS v
    ON v.lead_key = p.lead_key AND v.field = p.field
), last_written AS (
  /* What was last written before each extract came */
  SELECT
    h.lead_key,
    h.field,
    h.file_id,
    w.value,
    w.claimed_at,
    w.accepted_at
  FROM history AS h
  INNER JOIN written AS w
    ON w.lead_key = h.lead_key AND w.field = h.field AND w.claimed_at <= h.received_at
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY h.lead_key, h.field, h.file_id ORDER BY w.claimed_at DESC, w.value) = 1
), judged AS (
  SELECT
    h.*,
    (
      NOT h.value_before IS NULL
      AND (
        w.value IS NULL OR h.value <> w.value
      )
      AND (
        h.value <> h.value_before
        OR /* Written for sure since the extract before, and yet not there: somebody has put it back */ (
          w.accepted_at < h.modified_at AND w.claimed_at > h.received_before
        )
      )
    ) AS is_edit,
    MAX(CASE WHEN h.value = w.value THEN 1 ELSE 0 END) OVER (
      PARTITION BY h.lead_key, h.field
      ORDER BY h.received_at, h.file_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS times_ours
  FROM history AS h
  LEFT JOIN last_written AS w
    ON w.lead_key = h.lead_key AND w.field = h.field AND w.file_id = h.file_id
), edited AS (
  SELECT
    j.*
  FROM judged AS j
  WHERE
    j.is_edit
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY j.lead_key, j.field ORDER BY j.received_at DESC, j.file_id DESC) = 1
), released AS (
  SELECT
    s.lead_key,
    s.field,
    MAX(s.acted_at) AS released_at
  FROM staging.stg_acknowledgement AS s
  WHERE
    s.problem IS NULL
    AND s.event = 'released'
    AND s.target = 'salesforce'
    AND @is_touched(s.lead_key)
  GROUP BY
    s.lead_key,
    s.field
)
SELECT
  'salesforce'::TEXT AS target, /* System that people changed it in */
  e.lead_key::TEXT AS lead_key, /* Lead */
  e.field::TEXT AS field, /* Field by its API name */
  e.received_at::TIMESTAMPTZ AS edited_at, /* When the extract came that showed the last such change, UTC */
  e.value_before::TEXT AS value_before, /* What the extract before showed, in the form in which values are compared; empty where it was blank */
  e.value::TEXT AS value, /* What people made of it, likewise */
  (
    e.times_ours > 0
  )::BOOLEAN AS had_arrived, /* Whether an extract had shown before what was written from here */
  e.file_id::TEXT AS file_id, /* SHA-256 of the delivery that showed it */
  r.released_at::TIMESTAMPTZ AS released_at, /* When a steward last released the field, UTC; NULL where nobody did */
  (
    r.released_at IS NULL OR r.released_at < e.received_at
  )::BOOLEAN AS is_owned /* Whether the field belongs to people: nobody has released it since */
FROM edited AS e
LEFT JOIN released AS r
  ON r.lead_key = e.lead_key AND r.field = e.field
