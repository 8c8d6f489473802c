MODEL (
  name marts.sales_lead,
  kind VIEW,
  owner sales_operations,
  grain (
    entity_key
  ),
  description 'The list of work: each live facility once, with what to do next, how much it is worth a call and why, whose territory it is in, and the contacts of its golden record. For salespeople: which unknown facilities of my territory should I call today, and is this one known? Example query: SELECT facility_name, city, phone, next_step, ROUND(priority, 1) AS priority FROM marts.sales_lead WHERE status = ''Net-new'' AND can_be_reached ORDER BY priority DESC, facility_name LIMIT 10. One row per facility with a live lead.',
  audits (
    NOT_NULL(columns := (priority, fit, timing, priority_decile, as_of))
  )
);

WITH today AS (
  SELECT
    MAX(d.day) AS as_of
  FROM intermediate.int_day AS d
)
SELECT
  f.entity_key::TEXT AS entity_key, /* Facility */
  f.lead_key::TEXT AS lead_key, /* Lead that stands for it: the Salesforce lead to keep, else that of the state */
  f.salesforce_lead_key::TEXT AS salesforce_lead_key, /* Its Salesforce lead; NULL where sales does not know it */
  f.state_lead_key::TEXT AS state_lead_key, /* Its lead of a state; NULL where no state lists it */
  f.source_key::TEXT AS source_key, /* Source of the lead that stands for it */
  f.natural_id::TEXT AS natural_id, /* Id of that lead in its source: Salesforce id or licence number */
  f.status::TEXT AS status, /* Net-new, To review, Open, Paused, Lost, Customer, or Known where Salesforce has no status */
  f.status_since::DATE AS status_since, /* Since when it is net-new, to review or known */
  f.next_step_key::TEXT AS next_step_key, /* merge, review, call, expand, look_up, call_again, go_on, try_again, check, wait or nothing */
  f.next_step::TEXT AS next_step, /* What to do next, in words */
  f.is_to_act_on::BOOLEAN AS is_to_act_on, /* Whether there is something to do */
  f.territory::TEXT AS territory, /* Territory that the facility falls to */
  f.territory_owner::TEXT AS territory_owner, /* Who works the territory */
  p.priority::DOUBLE AS priority, /* How much it is worth a call, in bits: each doubles the odds that it becomes a customer */
  p.fit::DOUBLE AS fit, /* Part of the priority that is due to what the facility is */
  p.timing::DOUBLE AS timing, /* Part that is due to what just happened to it */
  p.decile::INT AS priority_decile, /* 1 for the tenth of all facilities that is most worth a call, 10 for the last */
  p.terms::TEXT AS priority_terms, /* Each term of the priority in words, with what it counts */
  f.news::TEXT AS news, /* What happened to it within half a year */
  f.news_on::DATE AS news_on, /* When the last of that happened */
  f.facility_name::TEXT AS facility_name, /* Name to show */
  f.legal_name::TEXT AS legal_name, /* Who holds the licence, where that is another name */
  f.contact_name::TEXT AS contact_name, /* Person to ask for */
  f.contact_role::TEXT AS contact_role, /* Role of that person */
  f.phone::TEXT AS phone, /* Phone in E.164 */
  f.mobile::TEXT AS mobile, /* Mobile phone in E.164 */
  f.email::TEXT AS email, /* E-mail address; none from which mail came back */
  f.website::TEXT AS website, /* Host name of the web site */
  f.can_be_reached::BOOLEAN AS can_be_reached, /* Whether a phone or an e-mail address is known */
  f.street_address::TEXT AS street_address, /* House number, street and unit */
  f.city::TEXT AS city, /* City */
  f.county::TEXT AS county, /* County in upper case, without the word county */
  f.county_fips::TEXT AS county_fips, /* FIPS code of the county */
  f.state::TEXT AS state, /* Two-letter code of state or province */
  f.postal_code::TEXT AS postal_code, /* ZIP or postcode */
  f.latitude::DOUBLE AS latitude, /* Latitude of the ZIP */
  f.longitude::DOUBLE AS longitude, /* Longitude of the ZIP */
  f.license_number::TEXT AS license_number, /* Licence number as the state writes it */
  f.license_type::TEXT AS license_type, /* center, group_home, family_home, accommodation, permit or other */
  f.license_status::TEXT AS license_status, /* Status of the licence */
  f.license_issued_on::DATE AS license_issued_on, /* First issue of the licence */
  f.capacity::INT AS capacity, /* Children that it may take */
  f.enrollment::INT AS enrollment, /* Children enrolled, as sales knows it */
  f.ages::TEXT AS ages, /* Age groups that it takes */
  f.accepts_subsidy::BOOLEAN AS accepts_subsidy, /* Whether subsidised children are taken */
  f.star_level::INT AS star_level, /* Quality stars of the state */
  f.sales_status::TEXT AS sales_status, /* Status in Salesforce */
  f.outreach_stage::TEXT AS outreach_stage, /* Its refinement */
  f.campaign::TEXT AS campaign, /* Campaign or channel by which sales got it */
  f.created_on::DATE AS created_on, /* When the lead that stands for it was created in Salesforce */
  f.last_activity_on::DATE AS last_activity_on, /* Last activity of sales */
  f.match_status::TEXT AS match_status, /* known, net_new or to_review */
  f.confidence::DOUBLE AS confidence, /* How sure the match status is, from 0 to 1 */
  f.reason::TEXT AS reason, /* Why it is known, net-new or to review */
  f.nearest_lead_key::TEXT AS nearest_lead_key, /* Where sales does not seem to know it, the Salesforce lead that comes nearest */
  f.is_expansion::BOOLEAN AS is_expansion, /* Whether it is net-new and a sister site of one that sales knows */
  f.duplicate_count::INT AS duplicate_count, /* Salesforce leads to be merged into it */
  f.leads::INT AS leads, /* Live leads that are about it */
  f.sources::INT AS sources, /* Sources that know it */
  f.filled_from_state::TEXT AS filled_from_state, /* What the state tells and Salesforce does not */
  f.in_conflict::TEXT AS in_conflict, /* In what its leads contradict each other */
  f.quality_score::DOUBLE AS quality_score, /* Quality of the lead that stands for it, 0 to 100 */
  f.quality_problems::TEXT AS quality_problems, /* What is wrong with that lead, in words */
  t.as_of::DATE AS as_of /* Day of the newest delivery, up to which all this is known */
FROM marts.sales_facility AS f
LEFT JOIN marts.priority_pattern AS p
  ON p.pattern = f.pattern
CROSS JOIN today AS t
