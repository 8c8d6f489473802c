MODEL (
  name marts.flag_history,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (lead_key, since),
  description 'When each lead became net-new, known, a duplicate, one to review or gone, until when it was that, and what came of the facility. For sales operations: how many were net-new in October, and how many of them were won? Example query: SELECT COUNT(DISTINCT entity_key) AS net_new_in_month, COUNT(DISTINCT CASE WHEN is_won THEN entity_key END) AS won FROM marts.flag_history WHERE match_status = ''net_new'' AND month = (SELECT MAX(month) FROM marts.flag_history). One row per lead and period in a status.',
  audits (
    NOT_NULL(columns := (lead_key, since, match_status, entity_key, month, is_won, is_now)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, since))
  )
);

WITH touched AS (
  SELECT
    e.entity_key
  FROM intermediate.int_entity AS e
  UNION
  SELECT
    e.entity_key
  FROM facts.fact_match_status_change AS c
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = c.lead_key
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  UNION
  SELECT
    c.entity_key
  FROM marts.lead_conversion AS c
), member AS (
  SELECT
    e.lead_key,
    e.entity_key
  FROM intermediate.int_entity AS e
  WHERE
    @is_touched(e.entity_key)
), won AS (
  SELECT
    c.entity_key,
    MIN(c.converted_on) AS won_on
  FROM marts.lead_conversion AS c
  WHERE
    c.was_seen AND @is_touched(c.entity_key)
  GROUP BY
    c.entity_key
), known AS (
  /* Since when Salesforce has the facility */
  SELECT
    m.entity_key,
    MIN(l.born_at)::DATE AS known_on
  FROM member AS m
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
  WHERE
    l.is_crm AND l.is_live
  GROUP BY
    m.entity_key
), spell AS (
  SELECT
    c.lead_key,
    m.entity_key,
    c.match_status,
    c.previous_status,
    c.cause,
    c.changed_at,
    LEAD(c.changed_at) OVER (PARTITION BY c.lead_key ORDER BY c.changed_at) AS ended_at,
    LEAD(c.match_status) OVER (PARTITION BY c.lead_key ORDER BY c.changed_at) AS next_status
  FROM facts.fact_match_status_change AS c
  INNER JOIN member AS m
    ON m.lead_key = c.lead_key
)
SELECT
  s.lead_key::TEXT AS lead_key, /* Lead */
  s.entity_key::TEXT AS entity_key, /* Facility that it is held to be about today */
  s.match_status::TEXT AS match_status, /* net_new, known, to_review, duplicate or gone */
  s.previous_status::TEXT AS previous_status, /* Status before; NULL for the first */
  s.next_status::TEXT AS next_status, /* Status after; NULL while this one holds */
  s.changed_at::TIMESTAMPTZ AS since, /* From when it was that, UTC */
  s.ended_at::TIMESTAMPTZ AS until, /* Until when; NULL while it holds */
  DATE_TRUNC('MONTH', s.changed_at)::DATE AS month, /* First day of the month in which it became that */
  (
    s.ended_at IS NULL
  )::BOOLEAN AS is_now, /* Whether it is that now */
  s.cause::TEXT AS cause, /* delivery, or matching where a rule or a decision judged otherwise */
  k.known_on::DATE AS known_on, /* Since when Salesforce has the facility; NULL where it has not */
  w.won_on::DATE AS won_on, /* When the facility became a customer, where that was after it became this */
  COALESCE(w.won_on >= s.changed_at::DATE, FALSE)::BOOLEAN AS is_won /* Whether it became a customer after that */
FROM spell AS s
LEFT JOIN known AS k
  ON k.entity_key = s.entity_key
LEFT JOIN won AS w
  ON w.entity_key = s.entity_key AND w.won_on >= s.changed_at::DATE
