AUDIT (
  name members_add_up_to_the_whole
);

/* A number by territory that adds up to another whole would be two numbers of one name. */
WITH summed AS (
  SELECT
    t.metric,
    t.month,
    t.dimension,
    SUM(t.numerator) AS numerator,
    SUM(COALESCE(t.denominator, 0)) AS denominator
  FROM @this_model AS t
  GROUP BY
    t.metric,
    t.month,
    t.dimension
)
SELECT
  s.metric,
  s.month,
  s.dimension
FROM summed AS s
INNER JOIN summed AS w
  ON w.metric = s.metric AND w.month = s.month AND w.dimension = 'all'
WHERE
  ABS(s.numerator - w.numerator) > 0.000001 * (
    1 + ABS(w.numerator)
  )
  OR ABS(s.denominator - w.denominator) > 0.000001 * (
    1 + ABS(w.denominator)
  )
