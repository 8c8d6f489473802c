AUDIT (
  name every_irregular_phone_is_read
);

/* A phone that the plain rule cannot read is read from staging.stg_phone_irregular; where that does not know it, a good number would be called not valid. A restatement of this model alone does not restate the other. */
SELECT
  CONCAT(
    'staging.stg_phone_irregular has no row for ',
    COUNT(*),
    ' of the delivered values, such as ',
    MIN(p.phone_raw),
    '. Restate ''staging.*'' from ',
    MIN(p.received_on)::TEXT,
    ' on.'
  ) AS message
FROM @this_model AS p
LEFT JOIN staging.stg_phone_irregular AS i
  ON i.phone_raw = p.phone_raw
WHERE
  @phone_digits(p.phone_raw) IS NULL AND i.phone_raw IS NULL
HAVING
  COUNT(*) > 0
