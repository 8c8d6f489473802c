MODEL (
  name intermediate.int_match_candidate,
  kind FULL,
  grain (left_lead_key, right_lead_key),
  description 'Pairs of live leads worth comparing: they share a key that few others hold, or a steward has judged them. One row per pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key, match_passes)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key))
  )
);

WITH usable AS (
  SELECT
    k.lead_number,
    k.key_type,
    k.key_value,
    k.leads_sharing,
    k.licenses_sharing
  FROM intermediate.int_match_key AS k
  WHERE
    NOT k.is_over_shared
), lead AS (
  SELECT
    l.lead_number,
    l.lead_key
  FROM intermediate.int_match_lead AS l
), found AS (
  SELECT
    a.lead_number AS left_lead_number,
    b.lead_number AS right_lead_number,
    a.key_type,
    a.key_value,
    a.leads_sharing,
    a.licenses_sharing
  FROM usable AS a
  INNER JOIN usable AS b
    ON b.key_type = a.key_type
    AND b.key_value = a.key_value
    AND b.lead_number > a.lead_number
  UNION ALL
  /* What a steward judged is compared even where no key finds it */
  SELECT
    l.lead_number AS left_lead_number,
    r.lead_number AS right_lead_number,
    'decision' AS key_type,
    'decision' AS key_value,
    1 AS leads_sharing,
    0 AS licenses_sharing
  FROM intermediate.int_match_decision AS d
  INNER JOIN lead AS l
    ON l.lead_key = d.left_lead_key
  INNER JOIN lead AS r
    ON r.lead_key = d.right_lead_key
), pair AS (
  SELECT
    f.left_lead_number,
    f.right_lead_number,
    MAX(CASE WHEN f.key_type = 'license' THEN f.key_value END) AS shared_license,
    MAX(CASE WHEN f.key_type = 'phone' THEN f.key_value END) AS shared_phone,
    MIN(CASE WHEN f.key_type = 'phone' THEN f.leads_sharing END) AS phone_leads,
    MAX(CASE WHEN f.key_type = 'email' THEN f.key_value END) AS shared_email,
    MIN(CASE WHEN f.key_type = 'email' THEN f.leads_sharing END) AS email_leads,
    MAX(CASE WHEN f.key_type = 'domain' THEN f.key_value END) AS shared_domain,
    MIN(CASE WHEN f.key_type = 'domain' THEN f.leads_sharing END) AS domain_leads,
    MIN(CASE WHEN f.key_type IN ('phone', 'email') THEN f.licenses_sharing END) AS contact_licenses,
    MAX(CASE WHEN f.key_type = 'street' THEN 'street' END) AS street,
    MAX(CASE WHEN f.key_type = 'name_zip' THEN 'name_zip' END) AS name_zip,
    MAX(CASE WHEN f.key_type = 'name_city' THEN 'name_city' END) AS name_city,
    MAX(CASE WHEN f.key_type = 'contact_zip' THEN 'contact_zip' END) AS contact_zip,
    MAX(CASE WHEN f.key_type = 'name_state' THEN 'name_state' END) AS name_state,
    MAX(CASE WHEN f.key_type = 'decision' THEN 'decision' END) AS decision
  FROM found AS f
  GROUP BY
    f.left_lead_number,
    f.right_lead_number
)
SELECT
  p.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  p.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  l.lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  r.lead_key::TEXT AS right_lead_key, /* The other lead */
  @join_text(
    ', ',
    CASE WHEN NOT p.shared_license IS NULL THEN 'license' END,
    CASE WHEN NOT p.shared_phone IS NULL THEN 'phone' END,
    CASE WHEN NOT p.shared_email IS NULL THEN 'email' END,
    p.street,
    p.name_zip,
    p.name_city,
    p.contact_zip,
    CASE WHEN NOT p.shared_domain IS NULL THEN 'domain' END,
    p.name_state,
    p.decision
  )::TEXT AS match_passes, /* The keys by which the pair was found, the surest first */
  p.shared_license::TEXT AS shared_license, /* State and licence number that both hold */
  p.shared_phone::TEXT AS shared_phone, /* Phone that both hold, as phone or mobile */
  p.phone_leads::BIGINT AS phone_leads, /* Leads that hold the phone in the source where most do */
  p.shared_email::TEXT AS shared_email, /* E-mail address that both hold */
  p.email_leads::BIGINT AS email_leads, /* Leads that hold the address in the source where most do */
  p.shared_domain::TEXT AS shared_domain, /* Domain that both hold, of web site or e-mail address */
  p.domain_leads::BIGINT AS domain_leads, /* Leads that hold the domain in the source where most do */
  p.contact_licenses::BIGINT AS contact_licenses /* Licences of a state that hold the shared phone or e-mail address, of the one that fewer hold */
FROM pair AS p
INNER JOIN lead AS l
  ON l.lead_number = p.left_lead_number
INNER JOIN lead AS r
  ON r.lead_number = p.right_lead_number
