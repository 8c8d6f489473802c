AUDIT (
  name enriched_lead_shows_what_survived
);

/* What the golden record shows of an attribute, in all its columns, is what survived. */
SELECT
  a.entity_key,
  a.attribute,
  a.value
FROM facts.fact_enriched_attribute AS a
LEFT JOIN @this_model AS t
  ON t.entity_key = a.entity_key
WHERE
  NOT COALESCE(a.value = @golden_value(a.attribute, t), FALSE)
