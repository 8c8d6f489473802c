AUDIT (
  name outcomes_have_a_letter_for_each_rule
);

/* A text of another length would be read for other rules. */
WITH width AS (
  SELECT
    MAX(CASE WHEN r.level <> 'final' THEN r.position END) AS row_letters,
    MAX(r.position) AS lead_letters
  FROM quality.rule AS r
), judged AS (
  SELECT
    o.source_key,
    o.received_on AS judged_on,
    o.outcomes,
    COALESCE(w.row_letters, 0) AS letters
  FROM quality.row_outcome AS o
  CROSS JOIN width AS w
  WHERE
    o.received_on BETWEEN @start_date AND @end_date
  UNION ALL
  SELECT
    c.source_key,
    c.evaluated_on AS judged_on,
    c.outcomes,
    COALESCE(w.lead_letters, 0) AS letters
  FROM quality.outcome_count AS c
  CROSS JOIN width AS w
  WHERE
    c.evaluated_on BETWEEN @start_date AND @end_date
)
SELECT
  j.source_key,
  j.judged_on,
  j.outcomes,
  j.letters
FROM judged AS j
WHERE
  LENGTH(j.outcomes) <> j.letters
