AUDIT (
  name zip_prefix_ends_with_an_asterisk
);

/* A ZIP without it is read as a number and loses its leading zeros, and a rule that fits no facility is noticed by nobody. */
SELECT
  t.precedence,
  t.zip_prefix
FROM @this_model AS t
WHERE
  NOT REGEXP_MATCHES(t.zip_prefix, '^[0-9]{1,5}[*]$')
