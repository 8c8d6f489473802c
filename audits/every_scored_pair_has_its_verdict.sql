AUDIT (
  name every_scored_pair_has_its_verdict
);

/* A pair without one would be shown to nobody. */
SELECT
  s.left_lead_number,
  s.right_lead_number
FROM intermediate.int_match_score AS s
LEFT JOIN @this_model AS v
  ON v.left_lead_number = s.left_lead_number
  AND v.right_lead_number = s.right_lead_number
WHERE
  v.left_lead_number IS NULL
