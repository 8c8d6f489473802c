MODEL (
  name marts.lead_conversion,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (
    lead_key
  ),
  references (
    entity_key
  ),
  description 'When Salesforce leads became customers. For marketing and sales operations: how many, and how long it took. Example query: SELECT converted_month, COUNT(*) AS conversions, MEDIAN(days_to_convert) AS median_days FROM marts.lead_conversion WHERE was_seen GROUP BY ALL ORDER BY converted_month. One row per Salesforce lead that was ever converted.',
  audits (
    NOT_NULL(columns := (lead_key, entity_key, was_seen, is_customer)),
    UNIQUE_VALUES(columns := (
      lead_key
    ))
  )
);

WITH touched AS (
  SELECT
    v.lead_key
  FROM intermediate.int_lead_version AS v
  UNION
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
  UNION
  SELECT
    e.lead_key
  FROM intermediate.int_entity AS e
), version AS (
  SELECT
    v.lead_key,
    v.received_at,
    v.is_converted,
    LAG(v.is_converted) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS was_converted
  FROM intermediate.int_lead_version AS v
  WHERE
    NOT v.is_converted IS NULL AND @is_touched(v.lead_key)
), first_conversion AS (
  SELECT
    v.lead_key,
    MIN(v.received_at) AS converted_at,
    MIN(CASE WHEN NOT v.was_converted THEN v.received_at END) AS seen_at
  FROM version AS v
  WHERE
    v.is_converted
  GROUP BY
    v.lead_key
)
SELECT
  f.lead_key::TEXT AS lead_key, /* Salesforce lead */
  e.entity_key::TEXT AS entity_key, /* Facility */
  l.lead_source::TEXT AS campaign, /* Campaign or channel by which sales got the lead */
  l.source_created_at::DATE AS created_on, /* When the lead was created */
  COALESCE(f.seen_at = f.converted_at, FALSE)::BOOLEAN AS was_seen, /* Whether an extract had it before as not converted, so that the day is known */
  CASE WHEN f.seen_at = f.converted_at THEN f.converted_at END::DATE AS converted_on, /* Day of the extract that first showed it as converted; NULL where it came as a customer */
  DATE_TRUNC('MONTH', CASE WHEN f.seen_at = f.converted_at THEN f.converted_at END)::DATE AS converted_month, /* First day of that month */
  DATE_DIFF(
    'DAY',
    l.source_created_at::DATE,
    CASE WHEN f.seen_at = f.converted_at THEN f.converted_at END::DATE
  )::INT AS days_to_convert, /* Days from its creation */
  l.is_converted::BOOLEAN AS is_customer /* Whether it is converted still */
FROM first_conversion AS f
INNER JOIN intermediate.int_lead_current AS l
  ON l.lead_key = f.lead_key
INNER JOIN intermediate.int_entity AS e
  ON e.lead_key = f.lead_key
