AUDIT (
  name status_changes_are_a_chain
);

/* Each change begins at the status that the one before it left, and leads to another. */
WITH followed AS (
  SELECT
    t.lead_key,
    t.changed_at,
    t.previous_status,
    t.match_status,
    LAG(t.match_status) OVER (PARTITION BY t.lead_key ORDER BY t.changed_at) AS status_before,
    ROW_NUMBER() OVER (PARTITION BY t.lead_key ORDER BY t.changed_at) AS place
  FROM @this_model AS t
)
SELECT
  *
FROM followed
WHERE
  previous_status = match_status
  OR (
    place > 1 AND previous_status IS DISTINCT FROM status_before
  )
