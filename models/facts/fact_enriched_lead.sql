MODEL (
  name facts.fact_enriched_lead,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    entity_key
  ),
  description 'The golden record: all that is known of a facility, each attribute from the lead whose word survived, with its status, how sure that is, why, and the leads to act on. facts.fact_enriched_attribute says from which lead and why. One row per entity with a live lead.',
  audits (
    NOT_NULL(
      columns := (
        entity_key,
        match_status,
        confidence,
        reason,
        is_net_new,
        is_expansion,
        has_duplicates,
        duplicate_count,
        leads,
        sources
      )
    ),
    UNIQUE_VALUES(columns := (
      entity_key
    )),
    EVERY_LIVE_ENTITY_IS_ENRICHED,
    ENRICHED_LEAD_SHOWS_WHAT_SURVIVED
  )
);

WITH touched AS (
  SELECT
    m.entity_key
  FROM facts.fact_lead_match AS m
  UNION
  SELECT
    a.entity_key
  FROM facts.fact_enriched_attribute AS a
  UNION
  SELECT
    m.entity_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN facts.fact_lead_match AS m
    ON m.lead_key = c.lead_key
), entity AS (
  SELECT
    m.entity_key,
    MAX(CASE WHEN m.is_crm AND m.duplicate_of_lead_key IS NULL THEN m.lead_key END) AS salesforce_lead_key,
    COALESCE(
      MAX(CASE WHEN m.match_status IN ('net_new', 'to_review') THEN m.lead_key END),
      MIN(CASE WHEN NOT m.is_crm THEN m.lead_key END)
    ) AS state_lead_key,
    MIN(m.lead_key) AS lead_key,
    SUM(m.duplicate_count) AS duplicate_count,
    COUNT(*) AS leads,
    COUNT(DISTINCT m.source_key) AS sources
  FROM facts.fact_lead_match AS m
  WHERE
    m.is_live AND @is_touched(m.entity_key)
  GROUP BY
    m.entity_key
), standing AS (
  /* The status of a facility is that of the lead that stands for it: the one to keep in Salesforce, else the state's */
  SELECT
    e.*,
    m.match_status,
    m.confidence,
    m.reason,
    m.nearest_lead_key,
    m.is_net_new,
    m.is_expansion
  FROM entity AS e
  INNER JOIN facts.fact_lead_match AS m
    ON m.lead_key = COALESCE(e.salesforce_lead_key, e.state_lead_key)
), winner AS (
  SELECT
    a.entity_key,
    a.attribute,
    a.lead_key
  FROM facts.fact_enriched_attribute AS a
  WHERE
    @is_touched(a.entity_key)
  UNION ALL
  /* Where there is but one lead, everything comes from it */
  SELECT
    e.entity_key,
    'all' AS attribute,
    e.lead_key
  FROM entity AS e
  WHERE
    e.leads = 1
), survived AS (
  SELECT
    w.entity_key,
    @golden_columns(w, l)
  FROM winner AS w
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = w.lead_key
  GROUP BY
    w.entity_key
), filled AS (
  SELECT
    a.entity_key,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(a.attribute) FILTER(WHERE
      a.is_filled_from_state)), ', ') AS filled_from_state,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(a.attribute) FILTER(WHERE
      a.has_conflict)), ', ') AS in_conflict
  FROM facts.fact_enriched_attribute AS a
  WHERE
    (
      a.is_filled_from_state OR a.has_conflict
    ) AND @is_touched(a.entity_key)
  GROUP BY
    a.entity_key
)
SELECT
  e.entity_key::TEXT AS entity_key, /* Facility */
  e.salesforce_lead_key::TEXT AS salesforce_lead_key, /* Its Salesforce lead, of duplicates the one to keep; NULL where sales does not know it */
  e.state_lead_key::TEXT AS state_lead_key, /* Its lead of a state, of several the one that stands for it; NULL where no state lists it */
  e.match_status::TEXT AS match_status, /* known to sales; net_new; or to_review where a person should say whether a Salesforce lead is it */
  e.confidence::DOUBLE AS confidence, /* How sure the status is, from 0 to 1, as of the lead that stands for the facility */
  e.reason::TEXT AS reason, /* Why, in plain English */
  e.nearest_lead_key::TEXT AS nearest_lead_key, /* Where sales does not seem to know it, the Salesforce lead that comes next to being it */
  e.is_net_new::BOOLEAN AS is_net_new, /* Whether sales does not know the facility */
  e.is_expansion::BOOLEAN AS is_expansion, /* Whether it is net-new and a sister site of one that sales knows */
  (
    e.duplicate_count > 0
  )::BOOLEAN AS has_duplicates, /* Whether Salesforce has it more than once */
  e.duplicate_count::INT AS duplicate_count, /* How many Salesforce leads are to be merged into the one to keep */
  e.leads::INT AS leads, /* Its live leads */
  e.sources::INT AS sources, /* Sources that know it */
  NULLIF(f.filled_from_state, '')::TEXT AS filled_from_state, /* Attributes that a state tells and no Salesforce lead of the facility does */
  NULLIF(f.in_conflict, '')::TEXT AS in_conflict, /* Attributes in which its leads contradict each other */
  @golden_record(s)
FROM standing AS e
INNER JOIN survived AS s
  ON s.entity_key = e.entity_key
LEFT JOIN filled AS f
  ON f.entity_key = e.entity_key
