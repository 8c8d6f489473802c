AUDIT (
  name a_territory_has_one_owner
);

/* Several rules may lead to a territory; they must agree on who works it. */
SELECT
  t.territory
FROM @this_model AS t
GROUP BY
  t.territory
HAVING
  COUNT(DISTINCT t.owner) > 1
