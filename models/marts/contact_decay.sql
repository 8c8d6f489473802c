MODEL (
  name marts.contact_decay,
  kind FULL,
  owner data_steward,
  grain (source_key, attribute),
  description 'How fast contacts go stale: how often the phone or e-mail address of a lead was replaced by another one, by the time for which leads were watched. For marketing and stewards: how old may a list be? A value that is added where there was none, or removed, is no replacement. Example query: SELECT source_key, attribute, changes, ROUND(100 * yearly_rate, 1) AS percent_a_year FROM marts.contact_decay ORDER BY yearly_rate DESC. One row per source and kind of contact.',
  audits (
    NOT_NULL(columns := (source_key, attribute, changes, lead_years)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (source_key, attribute)),
    ACCEPTED_VALUES("column" := attribute, is_in := ('phone', 'e-mail'))
  )
);

WITH newest AS (
  SELECT
    MAX(d.received_at) AS received_at
  FROM intermediate.int_delivery AS d
  WHERE
    d.is_effective
), version AS (
  SELECT
    v.source_key,
    v.lead_key,
    v.received_at,
    v.is_listed AND NOT v.is_deleted AS is_live,
    v.phone_e164,
    v.email,
    LEAD(v.received_at) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS ended_at,
    LAG(v.phone_e164) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS phone_before,
    LAG(v.email) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS email_before
  FROM intermediate.int_lead_version AS v
), watched AS (
  SELECT
    v.source_key,
    v.phone_e164,
    v.email,
    v.phone_before,
    v.email_before,
    CASE
      WHEN v.is_live
      THEN DATE_DIFF('DAY', v.received_at::DATE, COALESCE(v.ended_at, n.received_at)::DATE)
      ELSE 0
    END AS days
  FROM version AS v
  CROSS JOIN newest AS n
), counted AS (
  SELECT
    w.source_key,
    SUM(CASE WHEN NOT w.phone_e164 IS NULL THEN w.days ELSE 0 END) / 365.25 AS phone_years,
    SUM(CASE WHEN NOT w.email IS NULL THEN w.days ELSE 0 END) / 365.25 AS email_years,
    SUM(CASE WHEN w.phone_e164 <> w.phone_before THEN 1 ELSE 0 END) AS phone_changes,
    SUM(CASE WHEN w.email <> w.email_before THEN 1 ELSE 0 END) AS email_changes
  FROM watched AS w
  GROUP BY
    w.source_key
), listed AS (
  SELECT
    c.source_key,
    'phone' AS attribute,
    c.phone_changes AS changes,
    c.phone_years AS lead_years
  FROM counted AS c
  UNION ALL
  SELECT
    c.source_key,
    'e-mail' AS attribute,
    c.email_changes AS changes,
    c.email_years AS lead_years
  FROM counted AS c
)
SELECT
  l.source_key::TEXT AS source_key, /* Source of the leads */
  l.attribute::TEXT AS attribute, /* phone or e-mail */
  l.changes::BIGINT AS changes, /* Times that one was replaced by another */
  l.lead_years::DOUBLE AS lead_years, /* Years for which live leads with such a contact were watched, added up */
  (
    l.changes / NULLIF(l.lead_years, 0)
  )::DOUBLE AS yearly_rate, /* Replacements by lead and year; NULL where nothing was watched */
  (
    GREATEST(SQRT(l.changes + 0.375) - 0.98, 0) * GREATEST(SQRT(l.changes + 0.375) - 0.98, 0) / NULLIF(l.lead_years, 0)
  )::DOUBLE AS yearly_rate_low, /* Lower end of the 95% interval (Anscombe's transform of a count) */
  (
    (
      SQRT(l.changes + 0.375) + 0.98
    ) * (
      SQRT(l.changes + 0.375) + 0.98
    ) / NULLIF(l.lead_years, 0)
  )::DOUBLE AS yearly_rate_high /* Upper end of it */
FROM listed AS l
