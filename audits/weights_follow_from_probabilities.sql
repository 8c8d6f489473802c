AUDIT (
  name weights_follow_from_probabilities
);

/* The weight is the binary logarithm of m over u; the prior has none. */
SELECT
  attribute,
  level,
  m_probability,
  u_probability,
  match_weight
FROM @this_model
WHERE
  attribute <> 'prior'
  AND COALESCE(ABS(LN(m_probability / u_probability) / LN(2) - match_weight) > 0.01, TRUE)
