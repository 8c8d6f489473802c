MODEL (
  name facts.fact_lead_match,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  references (
    entity_key
  ),
  depends_on (dims.dim_source, dims.dim_lead),
  description 'What sales should know of each lead today: its status (known, net_new, to_review, duplicate or gone), how sure that is, and why; for a lead that sales does not know, which Salesforce lead comes nearest. The flags follow from the status. One row per current lead.',
  audits (
    NOT_NULL(
      columns := (
        lead_key,
        source_key,
        is_crm,
        entity_key,
        geography_key,
        match_status,
        confidence,
        is_duplicate_in_salesforce,
        has_duplicates,
        duplicate_count,
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
    ACCEPTED_VALUES(
      "column" := match_status,
      is_in := ('known', 'net_new', 'to_review', 'duplicate', 'gone')
    ),
    STATUS_AND_FLAGS_AGREE,
    NO_LEAD_IS_DUPLICATE_AND_NET_NEW,
    NO_SALESFORCE_LEAD_IS_NET_NEW,
    NET_NEW_EXACTLY_ONCE_PER_UNKNOWN_ENTITY,
    LEADS_THAT_ARE_GONE_HAVE_NO_FLAG,
    DUPLICATES_NAME_THE_OLDEST
  )
);

WITH touched AS (
  SELECT
    e.entity_key
  FROM intermediate.int_entity AS e
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = c.lead_key
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_match_nearest AS n
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = n.lead_key
  UNION
  /* What the leads of a facility say of each other */
  SELECT
    e.entity_key
  FROM intermediate.int_match_verdict AS v
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = v.left_lead_key
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = v.left_lead_key
), lead AS (
  SELECT
    l.*,
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  WHERE
    @is_touched(e.entity_key)
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
    v.match_probability,
    s.match_weight,
    s.decision,
    v.reason
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
  INNER JOIN lead AS l
    ON l.lead_key = v.left_lead_key
  WHERE
    v.is_match
), oriented AS (
  /* Each pair seen from both its leads, which are of one facility */
  SELECT
    CASE s.side WHEN 'left' THEN p.left_lead_key ELSE p.right_lead_key END AS lead_key,
    CASE s.side WHEN 'left' THEN p.right_lead_key ELSE p.left_lead_key END AS other_lead_key,
    CASE s.side WHEN 'left' THEN p.left_is_crm ELSE p.right_is_crm END AS is_crm,
    CASE s.side WHEN 'left' THEN p.right_is_crm ELSE p.left_is_crm END AS is_other_crm,
    p.blocking_keys,
    p.match_probability,
    p.match_weight,
    p.decision,
    p.reason
  FROM pair AS p
  CROSS JOIN (VALUES
    ('left'),
    ('right')) AS s(side)
), best AS (
  SELECT
    o.*
  FROM oriented AS o
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY o.lead_key
      ORDER BY CASE WHEN o.is_other_crm <> o.is_crm THEN 0 ELSE 1 END, o.match_weight DESC, o.other_lead_key
    ) = 1
), unseen AS (
  /* How often a lead that was compared with no Salesforce lead is known after all, or a duplicate */
  SELECT
    MAX(CASE WHEN c.claim = 'net_new' THEN c.probability END) AS net_new_doubt,
    MAX(CASE WHEN c.claim = 'duplicate' THEN c.probability END) AS duplicate_doubt
  FROM seeds.match_calibration AS c
  WHERE
    c.verdict = 'none'
), nearest AS (
  /* Of the leads of a state in one facility the nearest of all */
  SELECT
    n.*,
    CASE WHEN l.is_crm THEN l.lead_key ELSE l.entity_key END AS subject_key
  FROM intermediate.int_match_nearest AS n
  INNER JOIN lead AS l
    ON l.lead_key = n.lead_key
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY CASE WHEN l.is_crm THEN l.lead_key ELSE l.entity_key END
      ORDER BY n.doubt DESC, CASE n.verdict WHEN 'review' THEN 0 WHEN 'sister_site' THEN 1 ELSE 2 END, n.match_weight DESC, n.nearest_lead_key, n.lead_key
    ) = 1
), geography AS (
  SELECT
    g.geography_key
  FROM dims.dim_geography AS g
), weighed AS (
  SELECT
    l.*,
    COALESCE(g.geography_key, 'unknown') AS geography_key,
    e.salesforce_leads,
    p.oldest_lead_key,
    p.oldest_lead_key = l.lead_key AS is_oldest,
    b.other_lead_key,
    b.blocking_keys,
    b.match_probability AS match_confidence,
    b.reason AS match_reason,
    CASE WHEN b.decision = 'same' THEN 1 ELSE b.match_probability END AS match_certainty,
    n.nearest_lead_key,
    n.verdict AS nearest_verdict,
    n.match_probability AS nearest_probability,
    n.reason AS nearest_reason,
    GREATEST(
      COALESCE(n.doubt, 0),
      CASE WHEN l.is_crm THEN u.duplicate_doubt ELSE u.net_new_doubt END
    ) AS doubt
  FROM lead AS l
  CROSS JOIN unseen AS u
  INNER JOIN entity AS e
    ON e.entity_key = l.entity_key
  LEFT JOIN placed AS p
    ON p.lead_key = l.lead_key
  LEFT JOIN best AS b
    ON b.lead_key = l.lead_key
  LEFT JOIN nearest AS n
    ON n.subject_key = CASE WHEN l.is_crm THEN l.lead_key ELSE l.entity_key END
  LEFT JOIN geography AS g
    ON g.geography_key = l.postal_code
), judged AS (
  /* One word a lead; whatever else is said of it follows from that. The optimizer turns 1 - doubt < x round wrongly */
  SELECT
    w.*,
    CASE
      WHEN NOT w.is_live
      THEN 'gone'
      WHEN w.is_crm AND NOT w.is_oldest
      THEN 'duplicate'
      WHEN w.salesforce_leads > 0
      THEN 'known'
      WHEN NOT w.is_oldest
      THEN 'duplicate'
      WHEN COALESCE(w.nearest_verdict = 'review', FALSE)
      OR w.doubt > 1 - @net_new_probability
      THEN 'to_review'
      ELSE 'net_new'
    END AS match_status
  FROM weighed AS w
), flagged AS (
  SELECT
    j.*,
    j.match_status = 'net_new' AS is_new,
    j.match_status IN ('net_new', 'to_review') AS is_unknown,
    j.is_crm AND j.match_status = 'duplicate' AS is_duplicate,
    CASE
      WHEN j.is_crm AND j.match_status = 'known'
      THEN j.salesforce_leads - 1
      ELSE 0
    END AS duplicate_count,
    CASE
      WHEN j.match_status = 'gone'
      THEN 1
      WHEN j.match_status = 'duplicate' OR (
        j.match_status = 'known' AND NOT j.is_crm
      )
      THEN COALESCE(j.match_certainty, 1)
      ELSE ROUND(1 - j.doubt, 6)
    END AS confidence
  FROM judged AS j
)
SELECT
  f.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  f.source_key::TEXT AS source_key, /* Source of the lead */
  f.is_crm::BOOLEAN AS is_crm, /* Whether its source is the CRM: sales knows the lead */
  f.entity_key::TEXT AS entity_key, /* Facility that the lead is about */
  f.geography_key::TEXT AS geography_key, /* Place of the lead, unknown where its ZIP is */
  f.lead_version_key::TEXT AS lead_version_key, /* Version of the lead that was judged */
  f.is_live::BOOLEAN AS is_live, /* Whether the lead counts: listed and not deleted */
  f.match_status::TEXT AS match_status, /* known to sales; net_new; to_review where a person should say whether a Salesforce lead is it; duplicate of a lead that stands for the facility; gone where it is deleted or no longer listed */
  f.confidence::DOUBLE AS confidence, /* How sure the status is, from 0 to 1: of a net-new lead and one to review the probability that no live Salesforce lead is it, of a Salesforce lead to keep that no other is, else that the two leads are one facility */
  f.is_duplicate::BOOLEAN AS is_duplicate_in_salesforce, /* Whether the lead is to be merged away: an older live Salesforce lead is about the same facility */
  CASE WHEN f.is_duplicate THEN f.oldest_lead_key END::TEXT AS duplicate_of_lead_key, /* The lead to keep, which is the oldest; NULL where the lead is no duplicate */
  (
    f.duplicate_count > 0
  )::BOOLEAN AS has_duplicates, /* Whether it is the Salesforce lead to keep of several */
  f.duplicate_count::INT AS duplicate_count, /* How many Salesforce leads are to be merged into it */
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
    WHEN f.duplicate_count > 0
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
    WHEN f.match_status = 'to_review'
    THEN CONCAT(
      'perhaps known to sales: a person should say whether ',
      f.nearest_lead_key,
      ' is it: ',
      f.nearest_reason
    )
    WHEN f.is_new AND f.nearest_lead_key IS NULL
    THEN 'unknown to sales: no live Salesforce lead shares anything with it that few others share'
    WHEN f.is_new
    THEN CONCAT(
      'unknown to sales; nearest is ',
      f.nearest_lead_key,
      CASE f.nearest_verdict
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
  CASE WHEN f.is_unknown THEN f.nearest_lead_key END::TEXT AS nearest_lead_key, /* For a lead that is net-new or to review the Salesforce lead that comes next to being it; NULL where none comes near */
  CASE WHEN f.is_unknown THEN f.nearest_verdict END::TEXT AS nearest_verdict, /* review, sister_site or different: what became of that pair */
  CASE WHEN f.is_unknown THEN f.nearest_probability END::DOUBLE AS nearest_probability, /* Probability of that pair by its score alone, from 0 to 1 */
  CASE WHEN f.is_unknown THEN f.nearest_reason END::TEXT AS nearest_reason, /* Why that one is not it */
  (
    f.is_new AND COALESCE(f.nearest_verdict = 'sister_site', FALSE)
  )::BOOLEAN AS is_expansion /* Whether the net-new facility is a sister site of one that sales knows */
FROM flagged AS f
