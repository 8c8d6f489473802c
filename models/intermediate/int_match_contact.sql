MODEL (
  name intermediate.int_match_contact,
  kind FULL,
  grain (
    lead_number
  ),
  description 'What identifies a live lead by its contacts: those that few enough leads share. One that too many share tells nobody, and counts as missing. One row per live lead that has such a contact or a name.',
  audits (
    NOT_NULL(columns := (lead_number, name_leads)),
    UNIQUE_VALUES(columns := (
      lead_number
    ))
  )
);

WITH usable AS (
  SELECT
    k.lead_number,
    k.key_type,
    k.key_value,
    k.leads_sharing,
    k.is_over_shared
  FROM intermediate.int_match_key AS k
  WHERE
    k.key_type IN ('phone', 'email', 'domain', 'name_state')
), held AS (
  SELECT
    u.lead_number,
    MIN(CASE WHEN u.key_type = 'phone' AND NOT u.is_over_shared THEN u.key_value END) AS phone,
    MAX(CASE WHEN u.key_type = 'phone' AND NOT u.is_over_shared THEN u.key_value END) AS last_phone,
    MAX(CASE WHEN u.key_type = 'email' AND NOT u.is_over_shared THEN u.key_value END) AS email,
    MAX(CASE WHEN u.key_type = 'domain' AND NOT u.is_over_shared THEN u.key_value END) AS domain,
    MAX(CASE WHEN u.key_type = 'name_state' THEN u.leads_sharing END) AS name_leads
  FROM usable AS u
  GROUP BY
    u.lead_number
)
SELECT
  h.lead_number::BIGINT AS lead_number, /* Number of the lead in this run */
  h.phone::TEXT AS phone, /* Phone or mobile that few share; of two the first by number */
  NULLIF(h.last_phone, h.phone)::TEXT AS other_phone, /* The other of two */
  h.email::TEXT AS email, /* E-mail address that few share */
  h.domain::TEXT AS domain, /* Domain that few share, of web site or e-mail address */
  COALESCE(h.name_leads, 1)::BIGINT AS name_leads /* Leads of its name in its state, in the source where most are; 1 where it has none */
FROM held AS h
