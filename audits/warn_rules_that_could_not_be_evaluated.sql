AUDIT (
  name warn_rules_that_could_not_be_evaluated,
  blocking FALSE
);

/* The SQL of a rule does not hold for some rows: the rule is at fault, not the data, and the others go on. */
SELECT
  t.rule,
  t.source_key,
  t.broken,
  CONCAT(
    'The rule ',
    t.rule,
    ' could not be evaluated for ',
    t.broken,
    ' rows of ',
    t.source_key,
    ': leads quality check tells why.'
  ) AS message
FROM @this_model AS t
WHERE
  t.broken > 0
