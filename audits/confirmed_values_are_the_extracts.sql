AUDIT (
  name confirmed_values_are_the_extracts
);

/* Confirmed means that the system itself shows the value, or of a new lead its record. */
SELECT
  t.outbox_key,
  t.lead_key,
  t.field,
  t.old_value,
  t.new_value
FROM @this_model AS t
WHERE
  t.state = 'confirmed'
  AND (
    (
      t.operation = 'create' AND t.old_value IS NULL
    )
    OR (
      t.operation = 'update'
      AND @crm_plain(t.field, t.old_value) <> @crm_plain(t.field, t.new_value)
    )
  )
