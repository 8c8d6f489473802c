MODEL (
  name facts.fact_match_status_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column changed_on,
    forward_only TRUE
  ),
  grain (lead_key, changed_at),
  references (
    lead_key
  ),
  description 'When each lead became net-new, known, a duplicate, one to review, or gone. What is past is derived, not re-matched: from the days on which the leads of a facility came and went, by the matching of the run that fills the day; a Salesforce lead counts from the day on which it was created. So a first plan fills the whole history, and days that are filled stay as they were recorded, whatever rule changes later; what a rule, a decision or changed content brings about is dated by the run. One row per lead and change of its status.',
  audits (
    NOT_NULL(columns := (lead_key, changed_at, changed_on, match_status, cause)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, changed_at)),
    ACCEPTED_VALUES(
      "column" := match_status,
      is_in := ('known', 'net_new', 'to_review', 'duplicate', 'gone')
    ),
    ACCEPTED_VALUES("column" := cause, is_in := ('delivery', 'matching')),
    STATUS_CHANGES_ARE_A_CHAIN
  )
);

WITH lead AS (
  SELECT
    m.lead_key,
    m.entity_key,
    m.is_crm,
    m.match_status,
    CASE WHEN m.match_status = 'to_review' THEN m.nearest_lead_key END AS nearest_lead_key,
    l.born_at
  FROM facts.fact_lead_match AS m
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
), delivered AS (
  SELECT DISTINCT
    v.lead_key
  FROM intermediate.int_lead_version AS v
  WHERE
    v.received_on BETWEEN @start_date AND @end_date
), concerned AS (
  /* Facilities of which these days brought something new: of a million mostly few */
  SELECT
    l.entity_key
  FROM delivered AS d
  INNER JOIN lead AS l
    ON l.lead_key = d.lead_key
  UNION
  SELECT
    l.entity_key
  FROM delivered AS d
  INNER JOIN lead AS l
    ON l.nearest_lead_key = d.lead_key
), regarded AS (
  SELECT
    l.lead_key
  FROM concerned AS c
  INNER JOIN lead AS l
    ON l.entity_key = c.entity_key
  UNION
  SELECT
    l.nearest_lead_key AS lead_key
  FROM concerned AS c
  INNER JOIN lead AS l
    ON l.entity_key = c.entity_key
), version AS (
  SELECT
    v.lead_key,
    v.received_at,
    (
      v.is_listed AND NOT v.is_deleted
    ) AS is_live,
    LAG(v.is_listed AND NOT v.is_deleted) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS was_live
  FROM intermediate.int_lead_version AS v
  WHERE
    v.received_on <= @end_date
    AND v.lead_key IN (
      SELECT
        r.lead_key
      FROM regarded AS r
    )
), spell AS (
  /* From when to when a lead was live, or gone */
  SELECT
    v.lead_key,
    v.is_live,
    v.received_at AS began_at,
    LEAD(v.received_at) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS ended_at,
    v.was_live IS NULL AS is_first
  FROM version AS v
  WHERE
    v.was_live IS NULL OR v.was_live <> v.is_live
), stay AS (
  /* Sales knew a lead from the day on which it was created, not only from its first extract on */
  SELECT
    l.lead_key,
    l.entity_key,
    l.is_crm,
    l.born_at,
    s.is_live,
    s.began_at,
    CASE
      WHEN l.is_crm AND s.is_first
      THEN LEAST(s.began_at, l.born_at)
      ELSE s.began_at
    END AS counts_from,
    s.ended_at
  FROM spell AS s
  INNER JOIN lead AS l
    ON l.lead_key = s.lead_key
), doubted AS (
  /* The Salesforce lead that may be the facility, where that is for a person to say */
  SELECT
    l.entity_key,
    s.counts_from,
    s.began_at,
    s.ended_at,
    s.is_live
  FROM lead AS l
  INNER JOIN stay AS s
    ON s.lead_key = l.nearest_lead_key
), moment AS (
  SELECT
    s.entity_key,
    s.began_at AS changed_at
  FROM stay AS s
  WHERE
    s.began_at::DATE BETWEEN @start_date AND @end_date
  UNION
  SELECT
    d.entity_key,
    d.began_at AS changed_at
  FROM doubted AS d
  WHERE
    d.began_at::DATE BETWEEN @start_date AND @end_date
), present AS (
  /* All leads of a facility, as they were at each moment that changed one of them */
  SELECT
    m.entity_key,
    m.changed_at,
    s.lead_key,
    s.is_crm,
    s.is_live,
    s.began_at <= m.changed_at AS is_delivered,
    MAX(CASE WHEN s.is_crm AND s.is_live THEN 1 ELSE 0 END) OVER (PARTITION BY m.entity_key, m.changed_at) AS is_known,
    FIRST_VALUE(s.lead_key) OVER (
      PARTITION BY m.entity_key, m.changed_at, s.is_crm, s.is_live
      ORDER BY s.born_at, s.lead_key
    ) AS oldest_lead_key,
    CASE WHEN d.entity_key IS NULL THEN FALSE ELSE TRUE END AS is_doubted
  FROM moment AS m
  INNER JOIN stay AS s
    ON s.entity_key = m.entity_key
    AND s.counts_from <= m.changed_at
    AND m.changed_at < COALESCE(s.ended_at, '9999-01-01'::TIMESTAMPTZ)
  LEFT JOIN doubted AS d
    ON d.entity_key = m.entity_key
    AND d.is_live
    AND d.counts_from <= m.changed_at
    AND m.changed_at < COALESCE(d.ended_at, '9999-01-01'::TIMESTAMPTZ)
), judged AS (
  SELECT
    p.entity_key,
    p.changed_at,
    p.lead_key,
    CASE
      WHEN NOT p.is_live
      THEN 'gone'
      WHEN p.is_crm AND p.lead_key <> p.oldest_lead_key
      THEN 'duplicate'
      WHEN p.is_known = 1
      THEN 'known'
      WHEN p.lead_key <> p.oldest_lead_key
      THEN 'duplicate'
      WHEN p.is_doubted
      THEN 'to_review'
      ELSE 'net_new'
    END AS match_status
  FROM present AS p
  WHERE
    p.is_delivered
), recorded AS (
  /* The last status of each lead before these days */
  SELECT
    c.lead_key,
    c.match_status
  FROM facts.fact_match_status_change AS c
  WHERE
    c.changed_on < @start_date
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY c.lead_key ORDER BY c.changed_at DESC) = 1
), followed AS (
  SELECT
    j.*,
    COALESCE(
      LAG(j.match_status) OVER (PARTITION BY j.lead_key ORDER BY j.changed_at),
      r.match_status
    ) AS previous_status,
    ROW_NUMBER() OVER (PARTITION BY j.lead_key ORDER BY j.changed_at DESC) AS place
  FROM judged AS j
  LEFT JOIN recorded AS r
    ON r.lead_key = j.lead_key
), newest_delivery AS (
  SELECT
    MAX(v.received_on) AS received_on
  FROM intermediate.int_lead_version AS v
), rematched AS (
  /* What these days' deliveries do not explain, the matching does. Only where nothing was delivered later */
  SELECT
    l.lead_key,
    l.entity_key,
    LEAST(@execution_ts::TIMESTAMPTZ, @end_ts::TIMESTAMPTZ) AS changed_at,
    l.match_status,
    COALESCE(f.match_status, r.match_status) AS previous_status
  FROM lead AS l
  CROSS JOIN newest_delivery AS n
  LEFT JOIN followed AS f
    ON f.lead_key = l.lead_key AND f.place = 1
  LEFT JOIN recorded AS r
    ON r.lead_key = l.lead_key
  WHERE
    n.received_on <= @end_date
    AND COALESCE(f.match_status, r.match_status) <> l.match_status
), changed AS (
  SELECT
    f.lead_key,
    f.entity_key,
    f.changed_at,
    f.match_status,
    f.previous_status,
    'delivery' AS cause
  FROM followed AS f
  WHERE
    f.previous_status IS NULL OR f.previous_status <> f.match_status
  UNION ALL
  SELECT
    r.lead_key,
    r.entity_key,
    r.changed_at,
    r.match_status,
    r.previous_status,
    'matching' AS cause
  FROM rematched AS r
)
SELECT
  c.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  c.changed_at::TIMESTAMPTZ AS changed_at, /* When the status changed: when the delivery behind it was taken in, or when the run judged otherwise; UTC */
  c.previous_status::TEXT AS previous_status, /* Status before; NULL for the first one */
  c.match_status::TEXT AS match_status, /* New status: known, net_new, to_review, duplicate or gone */
  c.entity_key::TEXT AS entity_key, /* Facility that the lead was held to be about when the change was recorded */
  c.cause::TEXT AS cause, /* delivery where a lead of the facility came, went or came back; matching where a rule, a decision or changed content judges otherwise */
  c.changed_at::DATE AS changed_on /* Date of changed_at; the incremental clock */
FROM changed AS c
WHERE
  c.changed_at::DATE BETWEEN @start_date AND @end_date
