AUDIT (
  name nothing_blocked_is_claimable
);

/* A sender takes what is claimable without a further question. */
SELECT
  t.outbox_key,
  t.lead_key,
  t.field,
  t.state,
  t.blocked_reason
FROM @this_model AS t
WHERE
  t.is_claimable
  AND (
    NOT t.blocked_reason IS NULL
    OR t.operation = 'merge'
    OR t.is_over_limit
    OR NOT t.state IN ('pending', 'rejected')
    OR (
      t.state = 'rejected' AND NOT t.retryable
    )
  )
