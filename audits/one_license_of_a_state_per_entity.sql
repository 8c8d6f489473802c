AUDIT (
  name one_license_of_a_state_per_entity
);

/* A state gives a facility one licence; only a steward may say otherwise. */
WITH decided AS (
  SELECT
    d.left_lead_key AS lead_key
  FROM intermediate.int_match_decision AS d
  WHERE
    d.decision = 'same'
  UNION
  SELECT
    d.right_lead_key AS lead_key
  FROM intermediate.int_match_decision AS d
  WHERE
    d.decision = 'same'
)
SELECT
  e.entity_key,
  l.source_key,
  COUNT(*) AS licenses,
  MIN(l.lead_key) AS one_lead_key,
  MAX(l.lead_key) AS other_lead_key
FROM @this_model AS e
INNER JOIN intermediate.int_match_lead AS l
  ON l.lead_key = e.lead_key
LEFT JOIN decided AS d
  ON d.lead_key = e.lead_key
WHERE
  NOT l.is_crm AND d.lead_key IS NULL
GROUP BY
  e.entity_key,
  l.source_key
HAVING
  COUNT(*) > 1
