AUDIT (
  name one_license_of_a_state_per_entity
);

/* A state gives a facility one licence; only a steward may say otherwise. */
SELECT
  e.entity_key,
  l.source_key,
  COUNT(*) AS licenses,
  MIN(l.lead_key) AS one_lead_key,
  MAX(l.lead_key) AS other_lead_key
FROM @this_model AS e
INNER JOIN intermediate.int_match_lead AS l
  ON l.lead_key = e.lead_key
WHERE
  l.source_key <> 'salesforce'
GROUP BY
  e.entity_key,
  l.source_key
HAVING
  COUNT(*) > 1
