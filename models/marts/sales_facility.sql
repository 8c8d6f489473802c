MODEL (
  name marts.sales_facility,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (
    entity_key
  ),
  depends_on (
    facts.fact_lead_match
  ),
  description 'What marts.sales_lead tells of each live facility for itself: status, next step, territory and contacts. What it is worth a call depends on all others, and is told by its pattern in marts.priority_pattern. For the web app and other readers of marts.sales_lead, a view of it: a refresh replaces only the facilities that changed. Example query: SELECT next_step_key, COUNT(*) AS facilities FROM marts.sales_facility GROUP BY ALL ORDER BY facilities DESC. One row per facility with a live lead.',
  audits (
    NOT_NULL(
      columns := (
        entity_key,
        lead_key,
        status,
        next_step,
        is_to_act_on,
        can_be_reached,
        territory,
        pattern,
        confidence,
        reason
      )
    ),
    UNIQUE_VALUES(columns := (
      entity_key
    )),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    ACCEPTED_VALUES(
      "column" := status,
      is_in := ('Net-new', 'To review', 'Customer', 'Open', 'Paused', 'Lost', 'Known')
    ),
    EVERY_LIVE_ENTITY_IS_ENRICHED
  )
);

WITH touched AS (
  SELECT
    e.entity_key
  FROM facts.fact_enriched_lead AS e
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_current AS l
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
  UNION
  SELECT
    e.entity_key
  FROM facts.fact_match_status_change AS c
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = c.lead_key
  UNION
  SELECT
    e.entity_key
  FROM quality.lead_score AS q
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = q.lead_key
  UNION
  SELECT
    a.entity_key
  FROM marts.territory_assignment AS a
  UNION
  SELECT
    f.entity_key
  FROM marts.facility_feature AS f
  UNION
  SELECT
    n.entity_key
  FROM marts.facility_event AS n
  UNION
  /* As days pass, what happened becomes news and ceases to be, and a lead goes quiet */
  SELECT
    n.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN marts.facility_event AS n
    ON n.happened_on = d.day
  UNION
  SELECT
    n.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN marts.facility_event AS n
    ON n.happened_on = (
      d.day - INTERVAL '183' DAY
    )::DATE
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_day AS d
  INNER JOIN intermediate.int_lead_current AS l
    ON l.last_activity_on = (
      d.day - INTERVAL '31' DAY
    )::DATE
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = l.lead_key
), today AS (
  SELECT
    MAX(d.day) AS as_of
  FROM intermediate.int_day AS d
), news AS (
  /* What gives a reason to call, for as long as it counts in the priority */
  SELECT
    n.entity_key,
    MAX(n.happened_on) AS news_on,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(CONCAT(n.happened_on::TEXT, ' ', n.description))), '; ') AS news
  FROM marts.facility_event AS n
  CROSS JOIN today AS t
  WHERE
    n.happened_on > t.as_of - INTERVAL '183' DAY
    AND n.happened_on <= t.as_of
    AND @is_touched(n.entity_key)
  GROUP BY
    n.entity_key
), facility AS (
  SELECT
    e.*,
    COALESCE(e.salesforce_lead_key, e.state_lead_key) AS lead_key,
    COALESCE(e.phone_e164, e.mobile_e164, e.email) AS contact,
    CASE
      WHEN e.is_converted
      THEN 'Customer'
      WHEN e.match_status = 'net_new'
      THEN 'Net-new'
      WHEN e.match_status = 'to_review'
      THEN 'To review'
      WHEN s.category = 'open'
      THEN 'Open'
      WHEN s.category = 'paused'
      THEN 'Paused'
      WHEN s.category = 'lost'
      THEN 'Lost'
      ELSE 'Known'
    END AS status
  FROM facts.fact_enriched_lead AS e
  LEFT JOIN dims.dim_lead_status AS s
    ON s.lead_status = e.lead_status
  WHERE
    @is_touched(e.entity_key)
), since AS (
  SELECT
    c.lead_key,
    MAX(c.changed_on) AS status_since
  FROM facts.fact_match_status_change AS c
  INNER JOIN facility AS f
    ON f.lead_key = c.lead_key
  GROUP BY
    c.lead_key
), joined AS (
  SELECT
    f.*,
    t.as_of,
    l.source_key,
    l.natural_id,
    l.last_activity_on,
    l.source_created_at,
    c.status_since,
    a.territory,
    a.owner AS territory_owner,
    p.pattern,
    n.news,
    n.news_on,
    q.score,
    q.failed_in_words,
    COALESCE(g.county, f.county) AS place_county,
    g.county_fips,
    g.latitude,
    g.longitude,
    f.license_status IN ('closed', 'revoked', 'expired', 'denied', 'suspended') AS is_closed
  FROM facility AS f
  CROSS JOIN today AS t
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = f.lead_key
  INNER JOIN marts.territory_assignment AS a
    ON a.entity_key = f.entity_key
  INNER JOIN marts.facility_feature AS p
    ON p.entity_key = f.entity_key AND p.outcome <> 'converted'
  LEFT JOIN since AS c
    ON c.lead_key = f.lead_key
  LEFT JOIN news AS n
    ON n.entity_key = f.entity_key
  LEFT JOIN quality.lead_score AS q
    ON q.lead_key = f.lead_key
  LEFT JOIN dims.dim_geography AS g
    ON g.geography_key = f.postal_code
), advised AS (
  SELECT
    j.*,
    CASE
      WHEN j.duplicate_count > 0
      THEN 'merge'
      WHEN j.status = 'Customer'
      THEN 'nothing'
      WHEN j.status = 'To review'
      THEN 'review'
      WHEN j.is_closed
      THEN 'check'
      WHEN j.status = 'Net-new' AND j.contact IS NULL
      THEN 'look_up'
      WHEN j.status = 'Net-new' AND j.is_expansion
      THEN 'expand'
      WHEN j.status = 'Net-new'
      THEN 'call'
      WHEN j.status = 'Open' AND j.contact IS NULL
      THEN 'look_up'
      WHEN j.status = 'Open'
      AND COALESCE(j.last_activity_on < j.as_of - INTERVAL '30' DAY, TRUE)
      THEN 'call_again'
      WHEN j.status = 'Open'
      THEN 'go_on'
      WHEN j.status IN ('Paused', 'Lost') AND NOT j.news IS NULL
      THEN 'try_again'
      ELSE 'wait'
    END AS next_step_key
  FROM joined AS j
)
SELECT
  a.entity_key::TEXT AS entity_key, /* Facility */
  a.lead_key::TEXT AS lead_key, /* Lead that stands for it: the Salesforce lead to keep, else that of the state */
  a.salesforce_lead_key::TEXT AS salesforce_lead_key, /* Its Salesforce lead; NULL where sales does not know it */
  a.state_lead_key::TEXT AS state_lead_key, /* Its lead of a state; NULL where no state lists it */
  a.source_key::TEXT AS source_key, /* Source of the lead that stands for it */
  a.natural_id::TEXT AS natural_id, /* Id of that lead in its source: Salesforce id or licence number */
  a.status::TEXT AS status, /* Net-new, To review, Open, Paused, Lost, Customer, or Known where Salesforce has no status */
  a.status_since::DATE AS status_since, /* Since when it is net-new, to review or known */
  a.next_step_key::TEXT AS next_step_key, /* merge, review, call, expand, look_up, call_again, go_on, try_again, check, wait or nothing */
  CASE a.next_step_key
    WHEN 'merge'
    THEN CONCAT(
      'Merge its ',
      CASE a.duplicate_count
        WHEN 1
        THEN 'duplicate'
        ELSE CONCAT(a.duplicate_count::TEXT, ' duplicates')
      END,
      ' first'
    )
    WHEN 'nothing'
    THEN 'Nothing: it is a customer'
    WHEN 'review'
    THEN CONCAT('Say whether ', a.nearest_lead_key, ' is this facility')
    WHEN 'check'
    THEN CONCAT('Find out whether it is still open: its licence is ', a.license_status)
    WHEN 'look_up'
    THEN 'Look up a phone or e-mail address'
    WHEN 'expand'
    THEN CONCAT('Talk to whoever knows its operator: ', a.nearest_lead_key, ' is a sister site')
    WHEN 'call'
    THEN 'Add it to Salesforce and call'
    WHEN 'call_again'
    THEN CASE
      WHEN a.last_activity_on IS NULL
      THEN 'Call: nobody has yet'
      ELSE CONCAT('Call: nothing has happened since ', a.last_activity_on::TEXT)
    END
    WHEN 'go_on'
    THEN CONCAT('Go on: last activity on ', a.last_activity_on::TEXT)
    WHEN 'try_again'
    THEN CONCAT('Try again, there is news: ', a.news)
    ELSE 'Wait: nothing new is known'
  END::TEXT AS next_step, /* What to do next, in words */
  (
    NOT a.next_step_key IN ('nothing', 'wait')
  )::BOOLEAN AS is_to_act_on, /* Whether there is something to do */
  a.territory::TEXT AS territory, /* Territory that the facility falls to */
  a.territory_owner::TEXT AS territory_owner, /* Who works the territory */
  a.pattern::TEXT AS pattern, /* What the priority looks at, as in marts.facility_feature */
  a.news::TEXT AS news, /* What happened to it within half a year */
  a.news_on::DATE AS news_on, /* When the last of that happened */
  a.name::TEXT AS facility_name, /* Name to show */
  a.legal_name::TEXT AS legal_name, /* Who holds the licence, where that is another name */
  a.contact_name::TEXT AS contact_name, /* Person to ask for */
  a.contact_role::TEXT AS contact_role, /* Role of that person */
  a.phone_e164::TEXT AS phone, /* Phone in E.164 */
  a.mobile_e164::TEXT AS mobile, /* Mobile phone in E.164 */
  a.email::TEXT AS email, /* E-mail address; none from which mail came back */
  a.website_domain::TEXT AS website, /* Host name of the web site */
  (
    NOT a.contact IS NULL
  )::BOOLEAN AS can_be_reached, /* Whether a phone or an e-mail address is known */
  @join_text(' ', a.house_number, a.street, a.unit)::TEXT AS street_address, /* House number, street and unit */
  a.city::TEXT AS city, /* City */
  a.place_county::TEXT AS county, /* County in upper case, without the word county */
  a.county_fips::TEXT AS county_fips, /* FIPS code of the county */
  a.state::TEXT AS state, /* Two-letter code of state or province */
  a.postal_code::TEXT AS postal_code, /* ZIP or postcode */
  a.latitude::DOUBLE AS latitude, /* Latitude of the ZIP */
  a.longitude::DOUBLE AS longitude, /* Longitude of the ZIP */
  a.license_number::TEXT AS license_number, /* Licence number as the state writes it */
  a.license_type::TEXT AS license_type, /* center, group_home, family_home, accommodation, permit or other */
  a.license_status::TEXT AS license_status, /* Status of the licence */
  a.license_issued_on::DATE AS license_issued_on, /* First issue of the licence */
  a.capacity::INT AS capacity, /* Children that it may take */
  a.enrollment::INT AS enrollment, /* Children enrolled, as sales knows it */
  @join_text(
    ', ',
    CASE WHEN a.serves_infants THEN 'infants' END,
    CASE WHEN a.serves_toddlers THEN 'toddlers' END,
    CASE WHEN a.serves_preschool THEN 'preschool' END,
    CASE WHEN a.serves_school_age THEN 'school age' END
  )::TEXT AS ages, /* Age groups that it takes */
  a.accepts_subsidy::BOOLEAN AS accepts_subsidy, /* Whether subsidised children are taken */
  a.star_level::INT AS star_level, /* Quality stars of the state */
  a.lead_status::TEXT AS sales_status, /* Status in Salesforce */
  a.outreach_stage::TEXT AS outreach_stage, /* Its refinement */
  a.lead_source::TEXT AS campaign, /* Campaign or channel by which sales got it */
  a.source_created_at::DATE AS created_on, /* When the lead that stands for it was created in Salesforce */
  a.last_activity_on::DATE AS last_activity_on, /* Last activity of sales */
  a.match_status::TEXT AS match_status, /* known, net_new or to_review */
  a.confidence::DOUBLE AS confidence, /* How sure the match status is, from 0 to 1 */
  a.reason::TEXT AS reason, /* Why it is known, net-new or to review */
  a.nearest_lead_key::TEXT AS nearest_lead_key, /* Where sales does not seem to know it, the Salesforce lead that comes nearest */
  a.is_expansion::BOOLEAN AS is_expansion, /* Whether it is net-new and a sister site of one that sales knows */
  a.duplicate_count::INT AS duplicate_count, /* Salesforce leads to be merged into it */
  a.leads::INT AS leads, /* Live leads that are about it */
  a.sources::INT AS sources, /* Sources that know it */
  a.filled_from_state::TEXT AS filled_from_state, /* What the state tells and Salesforce does not */
  a.in_conflict::TEXT AS in_conflict, /* In what its leads contradict each other */
  a.score::DOUBLE AS quality_score, /* Quality of the lead that stands for it, 0 to 100 */
  a.failed_in_words::TEXT AS quality_problems /* What is wrong with that lead, in words */
FROM advised AS a
