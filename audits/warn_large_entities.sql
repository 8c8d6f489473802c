AUDIT (
  name warn_large_entities,
  defaults (
    most = 10
  ),
  blocking FALSE
);

/* So many leads about one facility are seldom right: something that many share joins them. */
SELECT
  entity_key,
  COUNT(*) AS leads
FROM @this_model
GROUP BY
  entity_key
HAVING
  COUNT(*) > @most
