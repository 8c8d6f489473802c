MODEL (
  name marts.lead_history,
  kind VIEW,
  owner data_steward,
  grain (lead_key, changed_at, attribute),
  ignored_rules ['nomissingaudits'],
  description 'What became of a lead, attribute by attribute: the value before, the value since, when it changed and by which file and line. For salespeople and stewards: since when does it have this phone, and who says so? Filter by lead_key: the history is unfolded when it is read. Example query: SELECT attribute, old_value, new_value, changed_at, file_name FROM marts.lead_history WHERE lead_key = (SELECT MIN(lead_key) FROM dims.dim_lead WHERE NOT is_current) AND is_change ORDER BY changed_at, place. One row per lead, moment and attribute that has another value than before.'
);

WITH attribute AS (
  @history_attributes()
), stated AS (
  SELECT
    v.lead_key,
    v.source_key,
    v.received_at,
    v.row_number,
    v.is_listed,
    a.attribute,
    a.place,
    @history_value(a.attribute, v) AS value
  FROM intermediate.int_lead_version AS v
  CROSS JOIN attribute AS a
), followed AS (
  SELECT
    s.*,
    LAG(s.value) OVER (PARTITION BY s.lead_key, s.attribute ORDER BY s.received_at) AS value_before,
    ROW_NUMBER() OVER (PARTITION BY s.lead_key, s.attribute ORDER BY s.received_at) AS state
  FROM stated AS s
), load AS (
  /* A lead that is listed no longer has the attributes of the delivery before: what changed it is the delivery without it */
  SELECT
    l.source_key,
    l.received_at,
    MIN(l.file_id) AS file_id,
    MIN(l.file_name) AS file_name,
    MIN(l.file_date) AS file_date
  FROM facts.fact_file_load AS l
  WHERE
    l.status = 'loaded'
  GROUP BY
    l.source_key,
    l.received_at
)
SELECT
  f.lead_key::TEXT AS lead_key, /* Lead */
  f.attribute::TEXT AS attribute, /* What changed, such as phone, address, capacity, stage or listing */
  f.place::INT AS place, /* Order in which attributes are shown */
  f.value_before::TEXT AS old_value, /* Value before; NULL where there was none */
  f.value::TEXT AS new_value, /* Value since; NULL where there is none any more */
  (
    f.state > 1
  )::BOOLEAN AS is_change, /* FALSE for what the lead came with */
  f.received_at::TIMESTAMPTZ AS changed_at, /* When the delivery that shows it was taken in, UTC */
  l.file_name::TEXT AS file_name, /* File of that delivery */
  l.file_date::DATE AS file_date, /* Date that the file claims */
  l.file_id::TEXT AS file_id, /* SHA-256 of the file */
  CASE WHEN f.is_listed THEN f.row_number END::BIGINT AS row_number /* Number of the row in the file; NULL where the file no longer lists the lead */
FROM followed AS f
LEFT JOIN load AS l
  ON l.source_key = f.source_key AND l.received_at = f.received_at
WHERE
  COALESCE(f.value, '') <> COALESCE(f.value_before, '')
