AUDIT (
  name every_value_is_parsed
);

/* Staging takes names, phones and addresses from the tables in which each is parsed once; where a table does not know a value, the lead would silently lack it. A restatement of this model alone restates none of those tables. */
SELECT
  CONCAT(
    'staging.stg_',
    m.kind,
    ' has no row for ',
    COUNT(DISTINCT m.value),
    ' of the delivered values, such as ',
    MIN(m.value),
    '. Restate ''staging.*'' from ',
    MIN(m.received_on)::TEXT,
    ' on.'
  ) AS message
FROM (
  @missing_values(@source)
) AS m
GROUP BY
  m.kind
