AUDIT (
  name priority_is_fit_and_timing
);

/* A priority that its terms do not add up to could be explained to nobody. */
SELECT
  t.pattern
FROM @this_model AS t
WHERE
  ABS(t.priority - t.fit - t.timing) > 0.000001 OR NOT t.decile BETWEEN 1 AND 10
