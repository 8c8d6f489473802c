MODEL (
  name marts.territory_assignment,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (
    entity_key
  ),
  depends_on (
    facts.fact_lead_match
  ),
  description 'Which territory each facility falls to, and by which rule of seeds/territory_rule.csv. For sales operations: a rule is changed in the seed, planned in dev, and `sqlmesh table_diff prod:dev marts.territory_assignment` shows which facilities change hands. Example query: SELECT territory, owner, COUNT(*) AS facilities FROM marts.territory_assignment GROUP BY ALL ORDER BY facilities DESC. One row per facility with a live lead.',
  audits (
    UNIQUE_VALUES(columns := (
      entity_key
    )),
    NOT_NULL(columns := (entity_key, territory, owner, precedence)),
    EVERY_LIVE_LEAD_HAS_ONE_TERRITORY
  )
);

WITH touched AS (
  SELECT
    e.entity_key
  FROM facts.fact_enriched_lead AS e
), facility AS (
  /* A state that licenses by ZIP alone tells no county */
  SELECT
    e.entity_key,
    COALESCE(e.state, g.state) AS state,
    COALESCE(g.county, e.county) AS county,
    e.postal_code,
    e.capacity
  FROM facts.fact_enriched_lead AS e
  LEFT JOIN dims.dim_geography AS g
    ON g.geography_key = e.postal_code
  WHERE
    @is_touched(e.entity_key)
), place AS (
  SELECT DISTINCT
    f.state,
    f.county,
    f.postal_code
  FROM facility AS f
), fitting AS (
  /* Places are few, and facilities are many: rules are compared with places */
  SELECT
    p.state,
    p.county,
    p.postal_code,
    r.precedence,
    r.minimum_capacity,
    r.maximum_capacity
  FROM place AS p
  INNER JOIN seeds.territory_rule AS r
    ON COALESCE(r.state, p.state, '') = COALESCE(p.state, '')
    AND COALESCE(r.county, p.county, '') = COALESCE(p.county, '')
    AND COALESCE(p.postal_code, '') LIKE COALESCE(REPLACE(r.zip_prefix, '*', '%'), '%')
), decided AS (
  SELECT
    f.entity_key,
    MIN(t.precedence) AS precedence
  FROM facility AS f
  INNER JOIN fitting AS t
    ON COALESCE(t.state, '') = COALESCE(f.state, '')
    AND COALESCE(t.county, '') = COALESCE(f.county, '')
    AND COALESCE(t.postal_code, '') = COALESCE(f.postal_code, '')
  WHERE
    COALESCE(f.capacity >= t.minimum_capacity, t.minimum_capacity IS NULL)
    AND COALESCE(f.capacity <= t.maximum_capacity, t.maximum_capacity IS NULL)
  GROUP BY
    f.entity_key
)
SELECT
  d.entity_key::TEXT AS entity_key, /* Facility */
  r.territory::TEXT AS territory, /* Territory that it falls to */
  r.owner::TEXT AS owner, /* Who works the territory */
  d.precedence::INT AS precedence, /* The rule that decided, by its number in seeds/territory_rule.csv */
  r.description::TEXT AS rule /* That rule in words */
FROM decided AS d
INNER JOIN seeds.territory_rule AS r
  ON r.precedence = d.precedence
