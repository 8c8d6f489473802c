MODEL (
  name facts.fact_facility_license,
  kind FULL,
  grain (lead_key, license_month),
  depends_on (dims.dim_source, dims.dim_date),
  description 'Every licence by the month that its file claims; the newest delivery of a month counts, so a correction replaces what it corrects. One row per licence and month.',
  audits (
    NOT_NULL(columns := (lead_key, license_month)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, license_month)),
    KEY_HAS_ITS_MEMBER(key := source_key, dimension := dims.dim_source, member := source_key),
    KEY_HAS_ITS_MEMBER(key := license_month, dimension := dims.dim_date, member := date_day)
  )
);

WITH newest_of_month AS (
  SELECT
    d.file_id,
    DATE_TRUNC('MONTH', d.file_date)::DATE AS license_month
  FROM intermediate.int_delivery AS d
  WHERE
    d.delivery_mode = 'full_snapshot'
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY d.source_key, DATE_TRUNC('MONTH', d.file_date)
      ORDER BY d.file_date DESC, d.received_at DESC
    ) = 1
), listed AS (
  SELECT
    l.lead_key,
    l.source_key,
    l.license_number,
    l.license_type,
    l.license_status,
    l.is_license_provisional,
    l.license_issued_on,
    l.license_expires_on,
    l.capacity,
    l.star_level,
    l.file_id,
    n.license_month
  FROM intermediate.int_lead_delivered AS l
  INNER JOIN newest_of_month AS n
    ON n.file_id = l.file_id
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY l.lead_key, l.file_id ORDER BY l.row_number DESC) = 1
)
SELECT
  l.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  l.license_month::DATE AS license_month, /* First day of the month that the file claims */
  l.source_key::TEXT AS source_key, /* State that licenses */
  l.license_number::TEXT AS license_number, /* Licence number as the state writes it */
  l.license_type::TEXT AS license_type, /* Conformed licence type */
  l.license_status::TEXT AS license_status, /* Conformed licence status */
  l.is_license_provisional::BOOLEAN AS is_license_provisional, /* Whether the licence is provisional */
  l.license_issued_on::DATE AS license_issued_on, /* First issue */
  l.license_expires_on::DATE AS license_expires_on, /* Expiry */
  l.capacity::INT AS capacity, /* Children that the facility may take */
  l.star_level::INT AS star_level, /* Quality stars of the state */
  l.file_id::TEXT AS file_id /* Delivery that told it */
FROM listed AS l
