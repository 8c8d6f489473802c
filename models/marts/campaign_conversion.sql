MODEL (
  name marts.campaign_conversion,
  kind FULL,
  owner marketing,
  grain (campaign, cohort_month),
  description 'How many leads of each campaign and month of creation became customers, with the interval in which the true rate lies. For marketing: which campaign brings customers, and is the difference more than luck? Young cohorts have had less time; compare those of one age. Duplicates are left out. Example query: SELECT campaign, SUM(leads) AS leads, SUM(converted) AS converted FROM marts.campaign_conversion GROUP BY ALL ORDER BY leads DESC. One row per campaign and month of creation.',
  audits (
    NOT_NULL(columns := (campaign, cohort_month, leads, converted)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (campaign, cohort_month)),
    FORALL(
      criteria := (converted <= leads, rate BETWEEN rate_low - 0.000001 AND rate_high + 0.000001)
    )
  )
);

WITH today AS (
  SELECT
    MAX(d.day) AS as_of
  FROM intermediate.int_day AS d
), lead AS (
  SELECT
    COALESCE(l.lead_source, 'not told') AS campaign,
    DATE_TRUNC('MONTH', l.born_at)::DATE AS cohort_month,
    l.is_converted,
    c.days_to_convert
  FROM intermediate.int_lead_current AS l
  INNER JOIN facts.fact_lead_match AS m
    ON m.lead_key = l.lead_key
  LEFT JOIN marts.lead_conversion AS c
    ON c.lead_key = l.lead_key
  WHERE
    l.is_crm AND l.is_live AND m.match_status <> 'duplicate'
), counted AS (
  SELECT
    l.campaign,
    l.cohort_month,
    COUNT(*) AS leads,
    SUM(CASE WHEN l.is_converted THEN 1 ELSE 0 END) AS converted,
    AVG(l.days_to_convert) AS days_to_convert
  FROM lead AS l
  GROUP BY
    l.campaign,
    l.cohort_month
)
SELECT
  c.campaign::TEXT AS campaign, /* Campaign or channel by which sales got the leads; not told where Salesforce has none */
  c.cohort_month::DATE AS cohort_month, /* First day of the month in which the leads were created */
  DATE_DIFF('MONTH', c.cohort_month, t.as_of)::INT AS months_old, /* Months from then to the newest delivery */
  c.leads::BIGINT AS leads, /* Leads that Salesforce still has, without duplicates */
  c.converted::BIGINT AS converted, /* Of these customers */
  (
    c.converted / c.leads
  )::DOUBLE AS rate, /* Share that became customers */
  @wilson_bound(c.converted, c.leads, 'low')::DOUBLE AS rate_low, /* Lower end of the 95% interval of that share (Wilson) */
  @wilson_bound(c.converted, c.leads, 'high')::DOUBLE AS rate_high, /* Upper end of it */
  c.days_to_convert::DOUBLE AS days_to_convert /* Mean days from creation, of conversions whose day is known */
FROM counted AS c
CROSS JOIN today AS t
