MODEL (
  name quality.incident_upstream,
  kind FULL,
  grain (
    incident_key
  ),
  description 'Problems that are explained by another upstream of them, which began before them or with them. One row per problem that is explained so.',
  audits (
    NOT_NULL(columns := (incident_key, upstream_key)),
    UNIQUE_VALUES(columns := (
      incident_key
    ))
  )
);

WITH active AS (
  SELECT
    p.*,
    p.opened_at::DATE AS opened_on,
    CASE p.kind WHEN 'file' THEN 1 WHEN 'anomaly' THEN 2 ELSE 3 END AS kind_rank /* Of several kinds about one table the lowest explains the others */
  FROM quality.incident_problem AS p
  WHERE
    p.state <> 'resolved'
), above AS (
  SELECT
    b.incident_key,
    a.incident_key AS above_key
  FROM active AS b
  INNER JOIN active AS a
    ON a.incident_key <> b.incident_key
    AND (
      a.source_key = b.source_key OR a.source_key = '' OR b.source_key = ''
    )
  LEFT JOIN seeds.model_lineage AS m
    ON m.model_name = b.object_name
  WHERE
    (
      m.upstream LIKE CONCAT('% ', a.object_name, ' %')
      OR (
        a.object_name = b.object_name AND a.kind_rank < b.kind_rank
      )
    )
    AND (
      (
        a.kind IN ('file', 'anomaly') AND b.opened_on = a.opened_on
      )
      OR (
        a.kind = 'audit' AND b.opened_on >= a.opened_on
      )
      OR (
        a.kind /* A rule explains another only where both are about the same value */ = 'rule'
        AND b.kind = 'rule'
        AND b.opened_on >= a.opened_on
        AND a.about <> ''
        AND CONCAT(', ', b.columns_read) LIKE CONCAT('%, ', a.about, '%')
      )
    )
)
SELECT
  v.incident_key::TEXT AS incident_key, /* The problem below */
  MIN(v.above_key)::TEXT AS upstream_key /* The problem that explains it, which nothing explains, so that each stays in sight */
FROM above AS v
LEFT JOIN above AS w
  ON w.incident_key = v.above_key
WHERE
  w.incident_key IS NULL
GROUP BY
  v.incident_key
