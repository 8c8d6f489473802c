AUDIT (
  name every_live_lead_has_one_territory
);

/* A lead without a territory is called by nobody, one with two by two people. */
WITH assigned AS (
  SELECT
    t.entity_key,
    COUNT(*) AS territories
  FROM @this_model AS t
  GROUP BY
    t.entity_key
)
SELECT
  m.lead_key,
  a.territories
FROM facts.fact_lead_match AS m
LEFT JOIN assigned AS a
  ON a.entity_key = m.entity_key
WHERE
  m.is_live AND COALESCE(a.territories, 0) <> 1
