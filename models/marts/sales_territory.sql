MODEL (
  name marts.sales_territory,
  kind VIEW,
  owner sales_operations,
  grain (
    territory
  ),
  description 'What each territory holds: facilities known and unknown, won and open, and their capacity. The shares are of the facilities that a state lists, as in marts.metric_value: those that Salesforce alone has are no part of the market. For sales managers: where is the work, and is it shared out fairly? A territory whose rules no facility fits is listed too. Example query: SELECT territory, facilities, net_new, ROUND(100 * known_share) AS known_percent, unknown_capacity FROM marts.sales_territory ORDER BY unknown_capacity DESC. One row per territory.',
  audits (
    NOT_NULL(columns := (territory, owner, facilities, known, net_new, to_review, won)),
    UNIQUE_VALUES(columns := (
      territory
    )),
    FORALL(criteria := (
      facilities = known + net_new + to_review
    ))
  )
);

WITH counted AS (
  SELECT
    l.territory,
    @market_counts(l),
    SUM(CASE WHEN l.match_status = 'to_review' THEN 1 ELSE 0 END) AS to_review,
    SUM(CASE WHEN l.status = 'Open' THEN 1 ELSE 0 END) AS open_leads,
    SUM(CASE WHEN l.is_to_act_on THEN 1 ELSE 0 END) AS to_act_on,
    SUM(CASE WHEN l.match_status = 'net_new' AND l.priority_decile = 1 THEN 1 ELSE 0 END) AS best_unknown,
    SUM(l.duplicate_count) AS duplicates,
    SUM(l.capacity) AS capacity,
    SUM(CASE WHEN l.match_status = 'known' THEN l.capacity END) AS known_capacity,
    SUM(CASE WHEN l.match_status = 'net_new' THEN l.capacity END) AS unknown_capacity,
    SUM(CASE WHEN l.status = 'Customer' THEN l.capacity END) AS won_capacity
  FROM marts.sales_lead AS l
  GROUP BY
    l.territory
), ruled AS (
  SELECT
    r.territory,
    MIN(r.owner) AS owner,
    MIN(r.precedence) AS precedence
  FROM seeds.territory_rule AS r
  GROUP BY
    r.territory
)
SELECT
  r.territory::TEXT AS territory, /* Territory */
  r.owner::TEXT AS owner, /* Who works it */
  r.precedence::INT AS precedence, /* Place of its first rule in seeds/territory_rule.csv */
  COALESCE(c.facilities, 0)::BIGINT AS facilities, /* Live facilities */
  COALESCE(c.known, 0)::BIGINT AS known, /* Of these known to sales */
  COALESCE(c.net_new, 0)::BIGINT AS net_new, /* Not known to sales */
  COALESCE(c.to_review, 0)::BIGINT AS to_review, /* Perhaps known: a person should say */
  COALESCE(c.won, 0)::BIGINT AS won, /* Customers */
  COALESCE(c.listed, 0)::BIGINT AS listed, /* Of the facilities those that a state lists: the market */
  COALESCE(c.listed_known, 0)::BIGINT AS listed_known, /* Of these known to sales */
  COALESCE(c.listed_won, 0)::BIGINT AS listed_won, /* Of these customers */
  COALESCE(c.open_leads, 0)::BIGINT AS open_leads, /* Being worked on */
  COALESCE(c.to_act_on, 0)::BIGINT AS to_act_on, /* With something to do */
  COALESCE(c.best_unknown, 0)::BIGINT AS best_unknown, /* Net-new and in the best tenth by priority */
  COALESCE(c.duplicates, 0)::BIGINT AS duplicates, /* Salesforce leads to merge away */
  (
    c.listed_known / NULLIF(c.listed, 0)
  )::DOUBLE AS known_share, /* Share of the listed facilities that sales knows; NULL where there is none */
  (
    c.listed_won / NULLIF(c.listed, 0)
  )::DOUBLE AS won_share, /* Share of the listed facilities that are customers */
  COALESCE(c.capacity, 0)::BIGINT AS capacity, /* Children that its facilities may take, where that is known */
  COALESCE(c.known_capacity, 0)::BIGINT AS known_capacity, /* Of these in facilities that sales knows */
  COALESCE(c.unknown_capacity, 0)::BIGINT AS unknown_capacity, /* In facilities that are net-new */
  COALESCE(c.won_capacity, 0)::BIGINT AS won_capacity /* In customers */
FROM ruled AS r
LEFT JOIN counted AS c
  ON c.territory = r.territory
