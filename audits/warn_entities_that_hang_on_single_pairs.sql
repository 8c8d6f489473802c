AUDIT (
  name warn_entities_that_hang_on_single_pairs,
  defaults (
    least = 5
  ),
  blocking FALSE
);

/* Of a facility's many leads most match each other. Where each pair is a bridge, one wrong pair has joined two facilities. */
SELECT
  e.entity_key,
  COUNT(DISTINCT e.lead_key) AS leads,
  COUNT(p.right_lead_key) AS pairs
FROM @this_model AS e
LEFT JOIN intermediate.int_match_edge AS p
  ON p.left_lead_key = e.lead_key
WHERE
  e.entity_size >= @least
GROUP BY
  e.entity_key
HAVING
  COUNT(p.right_lead_key) < COUNT(DISTINCT e.lead_key)
