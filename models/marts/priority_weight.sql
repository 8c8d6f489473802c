MODEL (
  name marts.priority_weight,
  kind FULL,
  owner sales_operations,
  grain (feature, level),
  description 'What each term of the priority counts, set by hand or learned from conversions, and from how many. For sales operations who ask why a facility comes first, and whether the weights in seeds/priority_term.csv are right. Example query: SELECT part, description, ROUND(bits, 2) AS bits, is_learned, conversions FROM marts.priority_weight ORDER BY bits DESC. One row per feature and level.',
  audits (
    NOT_NULL(columns := (part, feature, level, bits, bits_by_hand, is_learned)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (feature, level)),
    FORALL(criteria := (
      bits BETWEEN -20 AND 20
    ))
  )
);

WITH observed AS (
  SELECT
    f.kind,
    f.size,
    f.subsidy,
    f.infants,
    f.reach,
    f.license,
    f.growth,
    f.owner,
    f.outcome,
    COUNT(*) AS facilities
  FROM marts.facility_feature AS f
  WHERE
    f.outcome IN ('converted', 'not_converted')
  GROUP BY
    f.kind,
    f.size,
    f.subsidy,
    f.infants,
    f.reach,
    f.license,
    f.growth,
    f.owner,
    f.outcome
), weighed AS (
  @priority_weights(
    observed,
    seeds.priority_term,
    @priority_minimum_conversions,
    @priority_prior_conversions
  )
)
SELECT
  w.part::TEXT AS part, /* fit for what the facility is, timing for what just happened to it */
  w.feature::TEXT AS feature, /* What is looked at */
  w.level::TEXT AS level, /* What is found */
  w.description::TEXT AS description, /* The finding in words */
  w.bits::DOUBLE AS bits, /* What it counts, in bits, learned ones in tenths: how much likelier such a facility becomes a customer */
  w.bits_by_hand::DOUBLE AS bits_by_hand, /* The weight set by hand */
  w.is_learned::BOOLEAN AS is_learned, /* Whether bits is learned; FALSE where the weight is fixed or the conversions are too few */
  w.conversions::BIGINT AS conversions, /* Facilities that converted and were so */
  w.others::BIGINT AS others, /* Facilities that sales knows, that are no customers and are so */
  w.converted_share::DOUBLE AS converted_share, /* Share of the level among those that converted */
  w.other_share::DOUBLE AS other_share /* Its share among the others */
FROM weighed AS w
