MODEL (
  name marts.market_penetration,
  kind FULL,
  owner sales_operations,
  grain (area, state, place),
  description 'How much of the market sales knows and has won, by county and by ZIP, in facilities and in children that they may take. The shares of facilities are of those that a state lists, as in marts.metric_value. For operations and sales managers: where are the gaps? Example query: SELECT state, place, facilities, net_new, ROUND(100 * known_share) AS known_percent FROM marts.market_penetration WHERE area = ''county'' ORDER BY net_new DESC, state, place LIMIT 10. One row per county or ZIP with a live facility.',
  audits (
    NOT_NULL(columns := (area, state, place, facilities, known, won)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (area, state, place)),
    ACCEPTED_VALUES("column" := area, is_in := ('county', 'zip'))
  )
);

WITH counted AS (
  SELECT
    a.area,
    COALESCE(l.state, 'unknown') AS state,
    COALESCE(CASE a.area WHEN 'county' THEN l.county ELSE l.postal_code END, 'unknown') AS place,
    MIN(l.county_fips) AS county_fips,
    AVG(l.latitude) AS latitude,
    AVG(l.longitude) AS longitude,
    @market_counts(l),
    SUM(l.capacity) AS capacity,
    SUM(CASE WHEN l.match_status = 'known' THEN l.capacity ELSE 0 END) AS known_capacity,
    SUM(CASE WHEN l.status = 'Customer' THEN l.capacity ELSE 0 END) AS won_capacity
  FROM marts.sales_lead AS l
  CROSS JOIN (VALUES
    ('county'),
    ('zip')) AS a(area)
  GROUP BY
    a.area,
    COALESCE(l.state, 'unknown'),
    COALESCE(CASE a.area WHEN 'county' THEN l.county ELSE l.postal_code END, 'unknown')
)
SELECT
  c.area::TEXT AS area, /* county or zip */
  c.state::TEXT AS state, /* Two-letter code of the state, or unknown */
  c.place::TEXT AS place, /* Name of the county in upper case, or the ZIP; unknown where the facility tells none */
  CASE WHEN c.area = 'county' THEN c.county_fips END::TEXT AS county_fips, /* FIPS code of the county; NULL for ZIPs */
  c.latitude::DOUBLE AS latitude, /* Middle of its facilities */
  c.longitude::DOUBLE AS longitude, /* Middle of its facilities */
  c.facilities::BIGINT AS facilities, /* Live facilities */
  c.known::BIGINT AS known, /* Of these known to sales */
  c.net_new::BIGINT AS net_new, /* Not known to sales */
  c.won::BIGINT AS won, /* Customers */
  c.listed::BIGINT AS listed, /* Of the facilities those that a state lists: the market */
  c.listed_known::BIGINT AS listed_known, /* Of these known to sales */
  (
    c.listed_known / NULLIF(c.listed, 0)
  )::DOUBLE AS known_share, /* Share of the listed facilities that sales knows; NULL where there is none */
  (
    c.listed_won / NULLIF(c.listed, 0)
  )::DOUBLE AS won_share, /* Share of the listed facilities that are customers */
  COALESCE(c.capacity, 0)::BIGINT AS capacity, /* Children that the facilities may take, where that is known */
  (
    c.known_capacity / NULLIF(c.capacity, 0)
  )::DOUBLE AS known_capacity_share, /* Share of those children in facilities that sales knows; NULL where no capacity is known */
  (
    c.won_capacity / NULLIF(c.capacity, 0)
  )::DOUBLE AS won_capacity_share /* Share of those children in customers */
FROM counted AS c
