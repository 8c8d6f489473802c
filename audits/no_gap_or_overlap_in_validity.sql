AUDIT (
  name no_gap_or_overlap_in_validity
);

/* A version ends where the next one begins, and after it began. */
WITH chained AS (
  SELECT
    lead_key,
    valid_from,
    valid_to,
    LEAD(valid_from) OVER (PARTITION BY lead_key ORDER BY valid_from) AS next_valid_from
  FROM @this_model
)
SELECT
  *
FROM chained
WHERE
  valid_to <= valid_from
  OR COALESCE(
    valid_to <> next_valid_from,
    (
      valid_to IS NULL
    ) <> (
      next_valid_from IS NULL
    )
  )
