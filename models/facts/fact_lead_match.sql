MODEL (
  name facts.fact_lead_match,
  kind FULL,
  grain (
    lead_key
  ),
  depends_on (dims.dim_source, dims.dim_lead),
  description 'What sales should know of each lead today: is it a duplicate inside Salesforce, is it net-new, how sure is that, and why; and for a net-new lead, which Salesforce lead comes nearest and why that is not it. One row per current lead.',
  audits (
    NOT_NULL(
      columns := (
        lead_key,
        source_key,
        is_crm,
        entity_key,
        geography_key,
        is_duplicate_in_salesforce,
        is_net_new,
        reason
      )
    ),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    KEY_HAS_ITS_MEMBER(key := source_key, dimension := dims.dim_source, member := source_key),
    KEY_HAS_ITS_MEMBER(key := geography_key, dimension := dims.dim_geography, member := geography_key),
    KEY_HAS_ITS_MEMBER(key := lead_key, dimension := dims.dim_lead, member := lead_key),
    NO_LEAD_IS_DUPLICATE_AND_NET_NEW,
    NO_SALESFORCE_LEAD_IS_NET_NEW,
    NET_NEW_EXACTLY_ONCE_PER_UNKNOWN_ENTITY,
    LEADS_THAT_ARE_GONE_HAVE_NO_FLAG,
    DUPLICATES_NAME_THE_OLDEST
  )
);

WITH lead AS (
  SELECT
    l.*,
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
), entity AS (
  SELECT
    l.entity_key,
    COUNT(*) FILTER(WHERE
      l.is_live AND l.is_crm) AS salesforce_leads
  FROM lead AS l
  GROUP BY
    l.entity_key
), placed AS (
  /* The oldest live lead first, by source group: it is the one to keep, or to stand for the entity */
  SELECT
    l.lead_key,
    FIRST_VALUE(l.lead_key) OVER (PARTITION BY l.entity_key, l.is_crm ORDER BY l.born_at, l.lead_key) AS oldest_lead_key
  FROM lead AS l
  WHERE
    l.is_live
), pair AS (
  SELECT
    v.left_lead_key,
    v.right_lead_key,
    v.left_is_crm,
    v.right_is_crm,
    s.blocking_keys,
    s.match_probability,
    s.match_weight,
    v.verdict,
    v.is_match,
    v.reason
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
), oriented AS (
  /* Each pair seen from both its leads */
  SELECT
    CASE s.side WHEN 'left' THEN p.left_lead_key ELSE p.right_lead_key END AS lead_key,
    CASE s.side WHEN 'left' THEN p.right_lead_key ELSE p.left_lead_key END AS other_lead_key,
    CASE s.side WHEN 'left' THEN p.left_is_crm ELSE p.right_is_crm END AS is_crm,
    CASE s.side WHEN 'left' THEN p.right_is_crm ELSE p.left_is_crm END AS is_other_crm,
    p.blocking_keys,
    p.match_probability,
    p.match_weight,
    p.verdict,
    p.is_match,
    p.reason
  FROM pair AS p
  CROSS JOIN (VALUES
    ('left'),
    ('right')) AS s(side)
), best AS (
  SELECT
    o.*
  FROM oriented AS o
  WHERE
    o.is_match
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY o.lead_key
      ORDER BY CASE WHEN o.is_other_crm <> o.is_crm THEN 0 ELSE 1 END, o.match_weight DESC, o.other_lead_key
    ) = 1
), nearest AS (
  /* The Salesforce lead that comes next to being it */
  SELECT
    o.*
  FROM oriented AS o
  WHERE
    NOT o.is_match AND o.is_other_crm AND NOT o.is_crm
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY o.lead_key
      ORDER BY CASE o.verdict WHEN 'review' THEN 0 WHEN 'sister_site' THEN 1 ELSE 2 END, o.match_weight DESC, o.other_lead_key
    ) = 1
), geography AS (
  SELECT
    g.geography_key
  FROM dims.dim_geography AS g
), flagged AS (
  SELECT
    l.*,
    COALESCE(g.geography_key, 'unknown') AS geography_key,
    l.is_live AND l.is_crm AND e.salesforce_leads > 1 AS is_duplicate,
    l.is_live
    AND NOT l.is_crm
    AND e.salesforce_leads = 0
    AND p.oldest_lead_key = l.lead_key AS is_new,
    p.oldest_lead_key,
    b.other_lead_key,
    b.blocking_keys,
    b.match_probability AS match_confidence,
    b.reason AS match_reason,
    e.salesforce_leads,
    n.other_lead_key AS nearest_lead_key,
    n.verdict AS nearest_verdict,
    n.match_probability AS nearest_probability,
    n.reason AS nearest_reason
  FROM lead AS l
  INNER JOIN entity AS e
    ON e.entity_key = l.entity_key
  LEFT JOIN placed AS p
    ON p.lead_key = l.lead_key
  LEFT JOIN best AS b
    ON b.lead_key = l.lead_key
  LEFT JOIN nearest AS n
    ON n.lead_key = l.lead_key
  LEFT JOIN geography AS g
    ON g.geography_key = l.postal_code
)
SELECT
  f.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  f.source_key::TEXT AS source_key, /* Source of the lead */
  f.is_crm::BOOLEAN AS is_crm, /* Whether its source is the CRM: sales knows the lead */
  f.entity_key::TEXT AS entity_key, /* Facility that the lead is about */
  f.geography_key::TEXT AS geography_key, /* Place of the lead, unknown where its ZIP is */
  f.lead_version_key::TEXT AS lead_version_key, /* Version of the lead that was judged */
  f.is_live::BOOLEAN AS is_live, /* Whether the lead counts: listed and not deleted */
  f.is_duplicate::BOOLEAN AS is_duplicate_in_salesforce, /* Whether another live Salesforce lead is about the same facility */
  CASE
    WHEN f.is_duplicate AND f.oldest_lead_key <> f.lead_key
    THEN f.oldest_lead_key
  END::TEXT AS duplicate_of_lead_key, /* The oldest of the duplicates, which is the one to keep; NULL on it */
  f.is_new::BOOLEAN AS is_net_new, /* Whether the lead stands for a facility that sales does not know */
  f.other_lead_key::TEXT AS matched_lead_key, /* The lead that matches best: of a state for Salesforce, of Salesforce for a state, else any */
  f.blocking_keys::TEXT AS blocking_keys, /* The keys that the matching leads share, the surest first; NULL where nothing matches */
  f.match_confidence::DOUBLE AS match_confidence, /* Probability of the best match, from 0 to 1; NULL where nothing matches */
  CASE
    WHEN NOT f.is_live
    THEN CASE
      WHEN f.is_deleted
      THEN 'deleted in Salesforce'
      ELSE 'no longer listed by the state'
    END
    WHEN f.is_duplicate AND f.oldest_lead_key = f.lead_key
    THEN CONCAT(
      'has duplicates and is the oldest, so the one to keep: ',
      COALESCE(f.match_reason, 'joined by other leads')
    )
    WHEN f.is_duplicate
    THEN CONCAT(
      'duplicate of ',
      f.oldest_lead_key,
      ': ',
      COALESCE(f.match_reason, 'joined by other leads')
    )
    WHEN f.is_new AND f.nearest_lead_key IS NULL
    THEN 'unknown to sales: no live Salesforce lead shares anything with it that few others share'
    WHEN f.is_new
    THEN CONCAT(
      'unknown to sales; nearest is ',
      f.nearest_lead_key,
      CASE f.nearest_verdict
        WHEN 'review'
        THEN ', which a person should judge: '
        WHEN 'sister_site'
        THEN ', a sister site: '
        ELSE ', which is another: '
      END,
      f.nearest_reason
    )
    WHEN NOT f.is_crm AND f.salesforce_leads = 0
    THEN CONCAT('same facility as ', f.oldest_lead_key, ', which stands for it')
    WHEN NOT f.match_reason IS NULL
    THEN CONCAT('matches ', f.other_lead_key, ': ', f.match_reason)
    ELSE 'matches no other lead'
  END::TEXT AS reason, /* Why, in plain English */
  CASE WHEN f.is_new THEN f.nearest_lead_key END::TEXT AS nearest_lead_key, /* For a net-new lead the Salesforce lead that comes next to being it; NULL where none comes near */
  CASE WHEN f.is_new THEN f.nearest_verdict END::TEXT AS nearest_verdict, /* review, sister_site or different: what became of that pair */
  CASE WHEN f.is_new THEN f.nearest_probability END::DOUBLE AS nearest_probability, /* Its probability, from 0 to 1 */
  CASE WHEN f.is_new THEN f.nearest_reason END::TEXT AS nearest_reason, /* Why that one is not it */
  (
    f.is_new AND COALESCE(f.nearest_verdict = 'sister_site', FALSE)
  )::BOOLEAN AS is_expansion /* Whether the net-new facility is a sister site of one that sales knows */
FROM flagged AS f
