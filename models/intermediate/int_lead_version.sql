MODEL (
  name intermediate.int_lead_version,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (lead_key, received_at),
  references (
    lead_key
  ),
  description 'The log of changes: a row where the content of a lead differs from its delivery before, and a row with is_listed FALSE where a new full snapshot no longer lists a lead. It compares narrow keys over the history of staging and fetches the attributes of what changed. One row per lead and change.',
  audits (
    NOT_NULL(columns := (lead_key, lead_version_key, is_listed, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, received_at)),
    WARN_MANY_LEADS_DELISTED
  )
);

WITH delivery AS (
  SELECT
    d.*
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective AND d.received_on <= @end_date
), concerned AS (
  /* Only what these days delivered, or list no longer, may change: of a million leads mostly few */
  SELECT
    l.lead_key
  FROM intermediate.int_lead_delivered AS l
  WHERE
    l.received_on BETWEEN @start_date AND @end_date
  UNION
  SELECT
    l.lead_key
  FROM delivery AS d
  INNER JOIN intermediate.int_lead_delivered AS l
    ON l.file_id = d.previous_file_id
  WHERE
    d.delivery_mode = 'full_snapshot' AND d.received_on >= @start_date
), narrow AS (
  /* Where a delivery repeats a lead, the row that the source changed last counts; of equal ones the last */
  SELECT
    l.lead_key,
    l.content_hash,
    l.source_modified_at,
    l.file_id,
    l.row_number,
    l.source_key,
    l.received_at,
    l.received_on
  FROM intermediate.int_lead_delivered AS l
  WHERE
    l.received_on <= @end_date
    AND l.lead_key IN (
      SELECT
        c.lead_key
      FROM concerned AS c
    )
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY l.lead_key, l.file_id
      ORDER BY l.source_modified_at DESC, l.row_number DESC
    ) = 1
), delivered AS (
  SELECT
    n.*,
    d.delivery_mode,
    d.previous_file_id,
    MAX(n.source_modified_at) OVER (
      PARTITION BY n.lead_key
      ORDER BY n.received_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_change_before
  FROM narrow AS n
  INNER JOIN delivery AS d
    ON d.file_id = n.file_id
), effective AS (
  /* A row of a change feed that is older than what is known changes nothing */
  SELECT
    d.*,
    LAG(d.content_hash) OVER (PARTITION BY d.lead_key ORDER BY d.received_at) AS content_hash_before,
    LAG(d.file_id) OVER (PARTITION BY d.lead_key ORDER BY d.received_at) AS file_id_before
  FROM delivered AS d
  WHERE
    d.source_modified_at IS NULL
    OR d.newest_change_before IS NULL
    OR d.source_modified_at >= d.newest_change_before
), changed AS (
  SELECT
    e.lead_key,
    e.file_id,
    e.row_number,
    e.received_at,
    TRUE AS is_listed
  FROM effective AS e
  WHERE
    e.received_on >= @start_date
    AND (
      e.content_hash_before IS NULL
      OR e.content_hash <> e.content_hash_before
      OR /* Back in the list after a snapshot without it */ (
        e.delivery_mode = 'full_snapshot' AND e.file_id_before <> e.previous_file_id
      )
    )
), missing AS (
  SELECT
    e.lead_key,
    e.file_id,
    e.row_number,
    d.received_at,
    FALSE AS is_listed
  FROM delivery AS d
  INNER JOIN effective AS e
    ON e.file_id = d.previous_file_id
  LEFT JOIN effective AS n
    ON n.file_id = d.file_id AND n.lead_key = e.lead_key
  WHERE
    d.delivery_mode = 'full_snapshot'
    AND d.received_on >= @start_date
    AND n.lead_key IS NULL
), versions AS (
  SELECT
    *
  FROM changed
  UNION ALL
  SELECT
    *
  FROM missing
), attributed AS (
  SELECT
    l.*,
    v.is_listed,
    v.received_at AS version_received_at,
    MD5(CONCAT(l.lead_key, '|', l.content_hash, '|', v.is_listed::TEXT, '|', l.file_id)) AS lead_version_key
  FROM versions AS v
  INNER JOIN intermediate.int_lead_delivered AS l
    ON l.file_id = v.file_id AND l.row_number = v.row_number
)
SELECT
  @lead_columns(a, received_at, received_on),
  a.lead_version_key::TEXT AS lead_version_key, /* Hash of lead key, content, listing and delivery: unique, also where a lead returns to an earlier state */
  a.is_listed::BOOLEAN AS is_listed, /* FALSE where a newer full snapshot no longer lists the lead */
  a.version_received_at::TIMESTAMPTZ AS received_at, /* When the delivery that brought the change was taken in, UTC */
  a.version_received_at::DATE AS received_on /* Date of received_at; the incremental clock */
FROM attributed AS a
WHERE
  a.version_received_at::DATE BETWEEN @start_date AND @end_date
