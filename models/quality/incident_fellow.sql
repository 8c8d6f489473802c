MODEL (
  name quality.incident_fellow,
  kind FULL,
  grain (
    incident_key
  ),
  description 'Rules that fail in the same rows as another, about which people are told instead: the first to begin, then the most severe, then the one of most weight, so that it stays from delivery to delivery. The same rows are those where Cohen''s kappa of the two is 0.8 at least. One row per problem that is told with another.',
  audits (
    NOT_NULL(columns := (incident_key, rule, first_key)),
    UNIQUE_VALUES(columns := (
      incident_key
    ))
  )
);

WITH loud AS (
  /* The rules that lineage leaves, in an order that stays from delivery to delivery: who leads is told once */
  SELECT
    a.incident_key,
    a.source_key,
    a.seen_at,
    a.since_at,
    a.severity_rank,
    r.rule,
    r.position,
    r.level = 'final' AS is_final,
    ROW_NUMBER() OVER (ORDER BY a.opened_at::DATE, a.severity_rank DESC, r.weight DESC, a.incident_key) AS place
  FROM quality.incident_problem AS a
  INNER JOIN quality.rule AS r
    ON r.rule = a.name
  LEFT JOIN quality.incident_upstream AS e
    ON e.incident_key = a.incident_key
  WHERE
    a.kind = 'rule' AND a.state <> 'resolved' AND e.incident_key IS NULL
), beside AS (
  /* Pairs that the same rows showed last; a problem is never told as a lesser one */
  SELECT
    b.place,
    b.position,
    a.place AS first_place,
    a.position AS first_position,
    a.source_key,
    a.is_final,
    LEAST(a.since_at, b.since_at) AS since_at,
    a.seen_at
  FROM loud AS b
  INNER JOIN loud AS a
    ON a.source_key = b.source_key
    AND a.seen_at = b.seen_at
    AND a.is_final = b.is_final
    AND a.place < b.place
    AND a.severity_rank >= b.severity_rank
), shown AS (
  SELECT DISTINCT
    d.file_id,
    d.source_key,
    d.received_at
  FROM beside AS b
  INNER JOIN intermediate.int_delivery AS d
    ON d.source_key = b.source_key AND d.received_at BETWEEN b.since_at AND b.seen_at
  WHERE
    d.is_effective AND NOT b.is_final
), outcome AS (
  /* Rows with the same outcomes fail the same rules: there are far fewer combinations than rows */
  SELECT
    FALSE AS is_final,
    s.source_key,
    s.received_at AS seen_at,
    o.outcomes,
    COUNT(*) AS row_count
  FROM quality.row_outcome AS o
  INNER JOIN shown AS s
    ON s.file_id = o.file_id
  GROUP BY
    s.source_key,
    s.received_at,
    o.outcomes
  UNION ALL
  SELECT
    TRUE AS is_final,
    c.source_key,
    c.evaluated_on::TIMESTAMPTZ AS seen_at,
    c.outcomes,
    c.leads AS row_count
  FROM quality.outcome_count AS c
), compared AS (
  SELECT
    b.place,
    b.first_place,
    CONCAT(SUBSTRING(o.outcomes, b.first_position, 1), SUBSTRING(o.outcomes, b.position, 1)) AS letters,
    o.row_count
  FROM beside AS b
  INNER JOIN outcome AS o
    ON o.source_key = b.source_key
    AND o.is_final = b.is_final
    AND o.seen_at BETWEEN b.since_at AND b.seen_at
), counted AS (
  SELECT
    c.place,
    c.first_place,
    SUM(CASE WHEN c.letters = 'ff' THEN c.row_count ELSE 0 END)::DOUBLE AS both_fail,
    SUM(CASE WHEN c.letters IN ('fp', 'f-', 'fe') THEN c.row_count ELSE 0 END)::DOUBLE AS first_fails,
    SUM(CASE WHEN c.letters IN ('pf', '-f', 'ef') THEN c.row_count ELSE 0 END)::DOUBLE AS second_fails,
    SUM(CASE WHEN c.letters = 'pp' THEN c.row_count ELSE 0 END)::DOUBLE AS both_pass
  FROM compared AS c
  GROUP BY
    c.place,
    c.first_place
), alike AS (
  SELECT
    c.place,
    c.first_place
  FROM counted AS c
  WHERE
    @agreement(c.both_fail, c.first_fails, c.second_fails, c.both_pass) /* Almost perfect (Landis and Koch 1977) */ >= 0.8
), nearest AS (
  /* In the rows of one that is told itself, so that each stays in sight */
  SELECT
    v.place,
    MIN(v.first_place) AS first_place
  FROM alike AS v
  LEFT JOIN alike AS w
    ON w.place = v.first_place
  WHERE
    w.place IS NULL
  GROUP BY
    v.place
)
SELECT
  b.incident_key::TEXT AS incident_key, /* The problem that is told with another */
  b.rule::TEXT AS rule, /* Its rule */
  a.incident_key::TEXT AS first_key /* The problem that it is told with */
FROM nearest AS n
INNER JOIN loud AS b
  ON b.place = n.place
INNER JOIN loud AS a
  ON a.place = n.first_place
