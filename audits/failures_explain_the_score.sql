AUDIT (
  name failures_explain_the_score
);

/* The points of the failed rules of a lead are what its score lacks to 100. */
WITH lost AS (
  SELECT
    t.lead_key,
    SUM(t.points) AS points,
    COUNT(*) AS failed_rules
  FROM @this_model AS t
  GROUP BY
    t.lead_key
)
SELECT
  s.lead_key,
  s.score,
  s.failed_rules,
  l.points,
  l.failed_rules AS listed_rules
FROM quality.lead_score AS s
LEFT JOIN lost AS l
  ON l.lead_key = s.lead_key
WHERE
  ABS(100 - s.score - COALESCE(l.points, 0)) > 0.000001
  OR s.failed_rules <> COALESCE(l.failed_rules, 0)
