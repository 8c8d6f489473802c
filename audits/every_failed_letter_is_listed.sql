AUDIT (
  name every_failed_letter_is_listed
);

/* Each letter f has its failure, with what the rule read. */
SELECT
  t.*
FROM @this_model AS t
WHERE
  LENGTH(t.outcomes) - LENGTH(REPLACE(t.outcomes, 'f', '')) <> LENGTH(t.failures) - LENGTH(REPLACE(t.failures, CHR(30), ''))
