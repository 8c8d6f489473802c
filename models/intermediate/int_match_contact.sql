MODEL (
  name intermediate.int_match_contact,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_number
  ),
  description 'What identifies a live lead by its contacts: those that few enough leads share. One that too many share tells nobody, and counts as missing. One row per live lead.',
  audits (
    NOT_NULL(columns := (lead_number, name_facilities)),
    UNIQUE_VALUES(columns := (
      lead_number
    ))
  )
);

WITH named AS (
  SELECT
    k.lead_number,
    s.facilities_sharing
  FROM intermediate.int_match_lead_key AS k
  INNER JOIN intermediate.int_match_key_share AS s
    ON s.key_type = k.key_type AND s.key_value = k.key_value
  WHERE
    k.key_type = 'name_state'
), usable AS (
  SELECT
    l.lead_number,
    CASE WHEN phone.key_value IS NULL THEN l.phone END AS phone,
    CASE WHEN mobile.key_value IS NULL THEN l.mobile END AS mobile,
    CASE WHEN email.key_value IS NULL THEN l.email END AS email,
    CASE WHEN website.key_value IS NULL THEN l.website_domain END AS website_domain,
    CASE WHEN mail.key_value IS NULL THEN l.email_domain END AS email_domain,
    n.facilities_sharing AS name_facilities
  FROM intermediate.int_match_lead AS l
  LEFT JOIN intermediate.int_match_over_shared AS phone
    ON phone.key_type = 'phone' AND phone.key_value = l.phone
  LEFT JOIN intermediate.int_match_over_shared AS mobile
    ON mobile.key_type = 'phone' AND mobile.key_value = l.mobile
  LEFT JOIN intermediate.int_match_over_shared AS email
    ON email.key_type = 'email' AND email.key_value = l.email
  LEFT JOIN intermediate.int_match_over_shared AS website
    ON website.key_type = 'domain' AND website.key_value = l.website_domain
  LEFT JOIN intermediate.int_match_over_shared AS mail
    ON mail.key_type = 'domain' AND mail.key_value = l.email_domain
  LEFT JOIN named AS n
    ON n.lead_number = l.lead_number
)
SELECT
  u.lead_number::BIGINT AS lead_number, /* Number of the lead, made from its key */
  LEAST(u.phone, u.mobile)::TEXT AS phone, /* Phone or mobile that few share; of two the first by number */
  NULLIF(GREATEST(u.phone, u.mobile), LEAST(u.phone, u.mobile))::TEXT AS other_phone, /* The other of two */
  u.email::TEXT AS email, /* E-mail address that few share */
  COALESCE(u.website_domain, u.email_domain)::TEXT AS domain, /* Domain that few share, of the web site before that of the e-mail address */
  COALESCE(u.name_facilities, 1)::BIGINT AS name_facilities /* Facilities of its name in its state, in the source where most are; 1 where it has none */
FROM usable AS u
