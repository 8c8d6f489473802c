MODEL (
  name facts.fact_entity_change,
  kind VIEW,
  grain (changed_at, entity_key, other_entity_key),
  description 'How the facilities that leads are held to be about changed from run to run: new, grew by new leads, merged with another, split off another. What the first run found was there before: it is dated by the deliveries that brought its leads. One row per change of an entity and entity that its leads came from.',
  audits (
    FORALL(
      criteria := (
        NOT changed_at IS NULL,
        NOT entity_key IS NULL,
        NOT change_kind IS NULL,
        NOT leads IS NULL,
        change_kind IN ('new', 'grew', 'merged', 'split')
      )
    )
  )
);

WITH run AS (
  SELECT
    MIN(m.valid_from) AS first_run_at
  FROM intermediate.int_entity_membership AS m
), stay AS (
  SELECT
    m.lead_key,
    m.entity_key,
    CASE
      WHEN m.valid_from = r.first_run_at
      THEN COALESCE(l.first_received_at, m.valid_from)
      ELSE m.valid_from
    END AS valid_from,
    m.valid_to,
    LAG(m.entity_key) OVER (PARTITION BY m.lead_key ORDER BY m.valid_from) AS entity_key_before
  FROM intermediate.int_entity_membership AS m
  CROSS JOIN run AS r
  LEFT JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
), life AS (
  SELECT
    s.entity_key,
    MIN(s.valid_from) AS began_at,
    CASE WHEN COUNT(*) = COUNT(s.valid_to) THEN MAX(s.valid_to) END AS ended_at
  FROM stay AS s
  GROUP BY
    s.entity_key
), arrival AS (
  SELECT
    s.valid_from,
    s.entity_key,
    s.entity_key_before,
    COUNT(*) AS leads
  FROM stay AS s
  WHERE
    s.entity_key_before IS NULL OR s.entity_key_before <> s.entity_key
  GROUP BY
    s.valid_from,
    s.entity_key,
    s.entity_key_before
)
SELECT
  a.valid_from::TIMESTAMPTZ AS changed_at, /* Run that made the change, or the delivery behind it where that was before the first run; UTC */
  a.entity_key::TEXT AS entity_key, /* Key of the facility */
  CASE
    WHEN a.entity_key_before IS NULL AND l.began_at = a.valid_from
    THEN 'new'
    WHEN a.entity_key_before IS NULL
    THEN 'grew'
    WHEN b.ended_at = a.valid_from
    THEN 'merged'
    ELSE 'split'
  END::TEXT AS change_kind, /* new; grew by leads that are new; merged with an entity that ended; split off one that goes on */
  a.entity_key_before::TEXT AS other_entity_key, /* Entity that the leads came from; NULL for new leads */
  a.leads::BIGINT AS leads /* Number of leads that came */
FROM arrival AS a
INNER JOIN life AS l
  ON l.entity_key = a.entity_key
LEFT JOIN life AS b
  ON b.entity_key = a.entity_key_before
