MODEL (
  name marts.marketing_segment,
  kind FULL,
  owner marketing,
  grain (segment, entity_key),
  description 'Whom to write to: the facilities of each segment with their e-mail address, and why some are left out. For marketing: the list for a campaign, and how large is it after suppression? Take the rows where is_suppressed is FALSE. Example query: SELECT segment, COUNT(*) AS facilities, SUM(CASE WHEN is_suppressed THEN 0 ELSE 1 END) AS to_write_to FROM marts.marketing_segment GROUP BY ALL ORDER BY segment. One row per segment and facility in it.',
  audits (
    NOT_NULL(columns := (segment, entity_key, is_suppressed)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (segment, entity_key)),
    FORALL(criteria := (
      is_suppressed = (
        NOT suppression IS NULL
      )
    ))
  )
);

WITH bounced AS (
  /* An address from which mail came back is not in the golden record */
  SELECT DISTINCT
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  WHERE
    l.is_live
    AND (
      NOT l.email_bounced_on IS NULL OR NOT l.email_bounced_reason IS NULL
    )
), opted_out AS (
  /* Salesforce's extract has no field for it: what sales writes into the stage counts */
  SELECT DISTINCT
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  WHERE
    l.is_live
    AND (
      LOWER(l.outreach_stage) LIKE '%opt%out%'
      OR LOWER(l.outreach_stage) LIKE '%unsubscribe%'
      OR LOWER(l.outreach_stage) LIKE '%do not contact%'
    )
), segmented AS (
  SELECT
    g.segment,
    l.entity_key,
    l.lead_key,
    l.facility_name,
    l.contact_name,
    l.email,
    l.state,
    l.territory,
    l.priority,
    l.status,
    l.duplicate_count,
    CASE g.segment
      WHEN 'new facilities'
      THEN l.status = 'Net-new'
      WHEN 'large unknown centres'
      THEN l.status = 'Net-new' AND l.capacity >= 100
      WHEN 'newly licensed'
      THEN l.license_issued_on > l.as_of - INTERVAL '183' DAY
      WHEN 'in growth'
      THEN f.growth = 'grown'
      WHEN 'win back'
      THEN l.status IN ('Paused', 'Lost')
      WHEN 'gone quiet'
      THEN l.next_step_key = 'call_again'
      WHEN 'sister sites'
      THEN l.is_expansion
    END AS is_in
  FROM marts.sales_lead AS l
  LEFT JOIN marts.facility_feature AS f
    ON f.entity_key = l.entity_key AND f.outcome <> 'converted'
  CROSS JOIN (VALUES
    ('new facilities'),
    ('large unknown centres'),
    ('newly licensed'),
    ('in growth'),
    ('win back'),
    ('gone quiet'),
    ('sister sites')) AS g(segment)
), judged AS (
  SELECT
    s.*,
    @join_text(
      '; ',
      CASE WHEN s.status = 'Customer' THEN 'is a customer' END,
      CASE WHEN NOT o.entity_key IS NULL THEN 'opted out' END,
      CASE WHEN s.status = 'To review' THEN 'may be known to sales: in review' END,
      CASE
        WHEN s.duplicate_count > 0
        THEN 'is in Salesforce more than once: merge first'
      END,
      CASE
        WHEN s.email IS NULL AND NOT b.entity_key IS NULL
        THEN 'the last e-mail came back'
        WHEN s.email IS NULL
        THEN 'no e-mail address'
      END
    ) AS suppression
  FROM segmented AS s
  LEFT JOIN bounced AS b
    ON b.entity_key = s.entity_key
  LEFT JOIN opted_out AS o
    ON o.entity_key = s.entity_key
  WHERE
    s.is_in
)
SELECT
  j.segment::TEXT AS segment, /* Segment */
  j.entity_key::TEXT AS entity_key, /* Facility */
  j.lead_key::TEXT AS lead_key, /* Lead that stands for it */
  j.facility_name::TEXT AS facility_name, /* Name to show */
  j.contact_name::TEXT AS contact_name, /* Person to address */
  j.email::TEXT AS email, /* E-mail address; none from which mail came back */
  j.state::TEXT AS state, /* Two-letter code of the state */
  j.territory::TEXT AS territory, /* Territory */
  j.priority::DOUBLE AS priority, /* How much it is worth a call, in bits */
  (
    NOT j.suppression IS NULL
  )::BOOLEAN AS is_suppressed, /* Whether it must not be written to */
  j.suppression::TEXT AS suppression /* Why not, in words; NULL where it may be */
FROM judged AS j
