MODEL (
  name facts.fact_enriched_lead,
  kind FULL,
  grain (
    entity_key
  ),
  description 'The golden record: all that is known of a facility, each attribute from the lead whose word survived, with the leads to act on. facts.fact_enriched_attribute says from which lead and why. One row per entity with a live lead.',
  audits (
    NOT_NULL(
      columns := (entity_key, is_net_new, is_expansion, has_duplicates, leads, sources)
    ),
    UNIQUE_VALUES(columns := (
      entity_key
    )),
    EVERY_LIVE_ENTITY_IS_ENRICHED,
    ENRICHED_LEAD_SHOWS_WHAT_SURVIVED
  )
);

WITH entity AS (
  SELECT
    m.entity_key,
    MAX(
      CASE
        WHEN m.source_key = 'salesforce' AND m.duplicate_of_lead_key IS NULL
        THEN m.lead_key
      END
    ) AS salesforce_lead_key,
    COALESCE(
      MAX(CASE WHEN m.is_net_new THEN m.lead_key END),
      MIN(CASE WHEN m.source_key <> 'salesforce' THEN m.lead_key END)
    ) AS state_lead_key,
    MIN(m.lead_key) AS lead_key,
    COALESCE(BOOL_OR(m.is_net_new::BOOLEAN), FALSE) AS is_net_new,
    COALESCE(BOOL_OR(m.is_expansion::BOOLEAN), FALSE) AS is_expansion,
    COALESCE(BOOL_OR(m.is_duplicate_in_salesforce::BOOLEAN), FALSE) AS has_duplicates,
    COUNT(*) AS leads,
    COUNT(DISTINCT m.source_key) AS sources
  FROM facts.fact_lead_match AS m
  WHERE
    m.is_live
  GROUP BY
    m.entity_key
), winner AS (
  SELECT
    a.entity_key,
    a.attribute,
    a.lead_key
  FROM facts.fact_enriched_attribute AS a
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
    MAX(CASE WHEN w.attribute IN ('name', 'all') THEN l.name END) AS name,
    MAX(CASE WHEN w.attribute IN ('name', 'all') THEN l.legal_name END) AS legal_name,
    MAX(CASE WHEN w.attribute IN ('name', 'all') THEN l.name_type END) AS name_type,
    MAX(CASE WHEN w.attribute IN ('contact', 'all') THEN l.contact_name END) AS contact_name,
    MAX(CASE WHEN w.attribute IN ('contact', 'all') THEN l.contact_role END) AS contact_role,
    MAX(CASE WHEN w.attribute IN ('phone', 'all') THEN l.phone_e164 END) AS phone_e164,
    MAX(CASE WHEN w.attribute IN ('phone', 'all') THEN l.phone_type END) AS phone_type,
    MAX(CASE WHEN w.attribute IN ('mobile', 'all') THEN l.mobile_e164 END) AS mobile_e164,
    MAX(
      CASE
        WHEN w.attribute IN ('email', 'all')
        AND COALESCE(l.email_bounced_reason, l.email_bounced_on::TEXT) IS NULL
        THEN l.email
      END
    ) AS email,
    MAX(CASE WHEN w.attribute IN ('website', 'all') THEN l.website_domain END) AS website_domain,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.house_number END) AS house_number,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.street END) AS street,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.unit END) AS unit,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.city END) AS city,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.county END) AS county,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.state END) AS state,
    MAX(CASE WHEN w.attribute IN ('address', 'all') THEN l.postal_code END) AS postal_code,
    MAX(CASE WHEN w.attribute IN ('license', 'all') THEN l.license_number END) AS license_number,
    MAX(CASE WHEN w.attribute IN ('license', 'all') THEN l.license_type END) AS license_type,
    BOOL_OR(
      CASE WHEN w.attribute IN ('license', 'all') THEN l.is_license_provisional END::BOOLEAN
    ) AS is_license_provisional,
    MAX(CASE WHEN w.attribute IN ('license', 'all') THEN l.license_status END) AS license_status,
    MAX(CASE WHEN w.attribute IN ('license', 'all') THEN l.license_issued_on END) AS license_issued_on,
    MAX(CASE WHEN w.attribute IN ('license', 'all') THEN l.license_expires_on END) AS license_expires_on,
    BOOL_OR(
      CASE WHEN w.attribute IN ('license', 'all') THEN l.has_disciplinary_action END::BOOLEAN
    ) AS has_disciplinary_action,
    MAX(CASE WHEN w.attribute IN ('capacity', 'all') THEN l.capacity END) AS capacity,
    MAX(CASE WHEN w.attribute IN ('enrollment', 'all') THEN l.enrollment END) AS enrollment,
    BOOL_OR(CASE WHEN w.attribute IN ('ages', 'all') THEN l.serves_infants END::BOOLEAN) AS serves_infants,
    BOOL_OR(CASE WHEN w.attribute IN ('ages', 'all') THEN l.serves_toddlers END::BOOLEAN) AS serves_toddlers,
    BOOL_OR(CASE WHEN w.attribute IN ('ages', 'all') THEN l.serves_preschool END::BOOLEAN) AS serves_preschool,
    BOOL_OR(CASE WHEN w.attribute IN ('ages', 'all') THEN l.serves_school_age END::BOOLEAN) AS serves_school_age,
    BOOL_OR(CASE WHEN w.attribute IN ('subsidy', 'all') THEN l.accepts_subsidy END::BOOLEAN) AS accepts_subsidy,
    MAX(CASE WHEN w.attribute IN ('subsidy', 'all') THEN l.subsidy_contract_number END) AS subsidy_contract_number,
    MAX(CASE WHEN w.attribute IN ('stars', 'all') THEN l.star_level END) AS star_level,
    MAX(CASE WHEN w.attribute IN ('stage', 'all') THEN l.lead_status END) AS lead_status,
    MAX(CASE WHEN w.attribute IN ('stage', 'all') THEN l.outreach_stage END) AS outreach_stage,
    MAX(CASE WHEN w.attribute IN ('campaign', 'all') THEN l.lead_source END) AS lead_source,
    BOOL_OR(CASE WHEN w.attribute IN ('conversion', 'all') THEN l.is_converted END::BOOLEAN) AS is_converted,
    MAX(CASE WHEN w.attribute IN ('conversion', 'all') THEN l.school_uuid END) AS school_uuid
  FROM winner AS w
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = w.lead_key
  GROUP BY
    w.entity_key
), told AS (
  SELECT
    a.entity_key,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(a.attribute) FILTER(WHERE
      a.is_filled_from_state)), ', ') AS filled_from_state,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(a.attribute) FILTER(WHERE
      a.has_conflict)), ', ') AS in_conflict
  FROM facts.fact_enriched_attribute AS a
  WHERE
    a.is_filled_from_state OR a.has_conflict
  GROUP BY
    a.entity_key
)
SELECT
  e.entity_key::TEXT AS entity_key, /* Facility */
  e.salesforce_lead_key::TEXT AS salesforce_lead_key, /* Its Salesforce lead, of duplicates the one to keep; NULL where sales does not know it */
  e.state_lead_key::TEXT AS state_lead_key, /* Its lead of a state, of several the one that stands for it; NULL where no state lists it */
  e.is_net_new::BOOLEAN AS is_net_new, /* Whether sales does not know the facility */
  e.is_expansion::BOOLEAN AS is_expansion, /* Whether it is net-new and a sister site of one that sales knows */
  e.has_duplicates::BOOLEAN AS has_duplicates, /* Whether Salesforce has it more than once */
  e.leads::INT AS leads, /* Its live leads */
  e.sources::INT AS sources, /* Sources that know it */
  NULLIF(t.filled_from_state, '')::TEXT AS filled_from_state, /* Attributes that a state tells and no Salesforce lead of the facility does */
  NULLIF(t.in_conflict, '')::TEXT AS in_conflict, /* Attributes in which its leads contradict each other */
  s.name::TEXT AS name, /* Name of the facility */
  s.legal_name::TEXT AS legal_name, /* Legal name behind it, where one is told */
  s.name_type::TEXT AS name_type, /* business or person */
  s.contact_name::TEXT AS contact_name, /* Person to ask for */
  s.contact_role::TEXT AS contact_role, /* Role of that person */
  s.phone_e164::TEXT AS phone_e164, /* Phone, E.164 */
  s.phone_type::TEXT AS phone_type, /* geographic, toll-free or another kind */
  s.mobile_e164::TEXT AS mobile_e164, /* Mobile phone, E.164 */
  s.email::TEXT AS email, /* E-mail address from which no mail came back */
  s.website_domain::TEXT AS website_domain, /* Domain of the web site */
  s.house_number::TEXT AS house_number, /* House number */
  s.street::TEXT AS street, /* Street */
  s.unit::TEXT AS unit, /* Unit, suite or box */
  s.city::TEXT AS city, /* City */
  s.county::TEXT AS county, /* County */
  s.state::TEXT AS state, /* State, two letters */
  s.postal_code::TEXT AS postal_code, /* ZIP code, five digits */
  s.license_number::TEXT AS license_number, /* Licence number */
  s.license_type::TEXT AS license_type, /* Standard type of the licence, such as center */
  s.is_license_provisional::BOOLEAN AS is_license_provisional, /* Whether the licence is provisional */
  s.license_status::TEXT AS license_status, /* Standard status of the licence, such as active */
  s.license_issued_on::DATE AS license_issued_on, /* Day of issue */
  s.license_expires_on::DATE AS license_expires_on, /* Day of expiry */
  s.has_disciplinary_action::BOOLEAN AS has_disciplinary_action, /* Whether the state disciplined the facility */
  s.capacity::INT AS capacity, /* Children that the facility may take */
  s.enrollment::INT AS enrollment, /* Children enrolled */
  s.serves_infants::BOOLEAN AS serves_infants, /* Whether infants are taken */
  s.serves_toddlers::BOOLEAN AS serves_toddlers, /* Whether toddlers are taken */
  s.serves_preschool::BOOLEAN AS serves_preschool, /* Whether children before school are taken */
  s.serves_school_age::BOOLEAN AS serves_school_age, /* Whether school children are taken */
  s.accepts_subsidy::BOOLEAN AS accepts_subsidy, /* Whether subsidised children are taken */
  s.subsidy_contract_number::TEXT AS subsidy_contract_number, /* Contract about subsidies */
  s.star_level::INT AS star_level, /* Quality stars of the state */
  s.lead_status::TEXT AS lead_status, /* Sales status */
  s.outreach_stage::TEXT AS outreach_stage, /* Its refinement */
  s.lead_source::TEXT AS lead_source, /* Campaign or channel by which sales got the lead */
  s.is_converted::BOOLEAN AS is_converted, /* Whether the facility became a customer */
  s.school_uuid::TEXT AS school_uuid /* Its key as a customer */
FROM entity AS e
INNER JOIN survived AS s
  ON s.entity_key = e.entity_key
LEFT JOIN told AS t
  ON t.entity_key = e.entity_key
