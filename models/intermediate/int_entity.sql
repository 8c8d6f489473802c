MODEL (
  name intermediate.int_entity,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  references (
    entity_key
  ),
  depends_on (intermediate.int_match_edge, intermediate.int_match_decision),
  description 'The facility that each lead is about. Its key comes from its oldest lead, so a merge keeps the older key and a split leaves it with the oldest lead. One row per lead.',
  audits (
    NOT_NULL(columns := (lead_key, entity_key)),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    ONE_LICENSE_OF_A_STATE_PER_ENTITY,
    WARN_LARGE_ENTITIES,
    WARN_ENTITIES_THAT_HANG_ON_SINGLE_PAIRS
  )
);

WITH lead AS (
  /* A lead that is gone has no number, and so is alone */
  SELECT
    c.lead_key,
    m.lead_number,
    c.born_at
  FROM intermediate.int_lead_current AS c
  LEFT JOIN intermediate.int_match_lead AS m
    ON m.lead_key = c.lead_key
), joined AS (
  SELECT
    l.lead_number,
    FIRST_VALUE(l.lead_key) OVER (PARTITION BY c.cluster_number ORDER BY l.born_at, l.lead_key) AS oldest_lead_key,
    COUNT(*) OVER (PARTITION BY c.cluster_number) AS entity_size
  FROM intermediate.int_match_cluster AS c
  INNER JOIN lead AS l
    ON l.lead_number = c.lead_number
)
SELECT
  l.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  CONCAT('entity:', COALESCE(j.oldest_lead_key, l.lead_key))::TEXT AS entity_key, /* Key of the facility, made from the key of its oldest lead */
  COALESCE(j.entity_size, 1)::BIGINT AS entity_size /* Number of leads of the entity */
FROM lead AS l
LEFT JOIN joined AS j
  ON j.lead_number = l.lead_number
