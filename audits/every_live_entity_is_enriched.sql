AUDIT (
  name every_live_entity_is_enriched
);

/* No facility with a live lead is left out, and none without one is made up. */
WITH live AS (
  SELECT DISTINCT
    m.entity_key
  FROM facts.fact_lead_match AS m
  WHERE
    m.is_live
)
SELECT
  v.entity_key AS live_entity_key,
  t.entity_key AS enriched_entity_key
FROM live AS v
FULL JOIN @this_model AS t
  ON t.entity_key = v.entity_key
WHERE
  v.entity_key IS NULL OR t.entity_key IS NULL
