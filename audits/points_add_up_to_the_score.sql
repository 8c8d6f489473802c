AUDIT (
  name points_add_up_to_the_score
);

/* What is lost in each dimension is what the score lacks to 100, and follows from the weights. */
SELECT
  t.lead_key,
  t.score,
  t.applicable_weight,
  t.failed_weight
FROM @this_model AS t
WHERE
  ABS(
    100 - t.score - t.completeness_points - t.validity_points - t.uniqueness_points - t.consistency_points - t.timeliness_points - t.accuracy_points
  ) > 0.000001
  OR ABS(
    t.score * t.applicable_weight - 100 * (
      t.applicable_weight - t.failed_weight
    )
  ) > 0.000001
  OR NOT t.score BETWEEN 0 AND 100
