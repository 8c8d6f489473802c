MODEL (
  name intermediate.int_match_lead_key,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (lead_key, key_type, key_value),
  references (
    lead_number
  ),
  description 'What a live lead can be found by. How many leads share a key stands in intermediate.int_match_key_share, so that a row hardly ever changes with another lead. One row per live lead and key.',
  audits (
    NOT_NULL(
      columns := (lead_number, lead_key, source_key, is_crm, key_type, key_form, key_value)
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_number, key_type, key_value)),
    ACCEPTED_VALUES(
      "column" := key_type,
      is_in := (
        'license',
        'phone',
        'email',
        'street',
        'street_alone',
        'name_zip',
        'name_city',
        'contact_zip',
        'domain',
        'name_state',
        'name_word'
      )
    )
  )
);

WITH touched AS (
  SELECT
    l.lead_number
  FROM intermediate.int_match_lead AS l
  UNION
  SELECT
    n.lead_number
  FROM intermediate.int_match_name AS n
  UNION
  /* Whose house somebody names without its place now, or no longer */
  SELECT
    l.lead_number
  FROM intermediate.int_match_unplaced AS u
  INNER JOIN intermediate.int_match_lead AS l
    ON @house_of(l) = u.house
), lead AS (
  SELECT
    l.*,
    CASE WHEN l.contact_name LIKE '% %' THEN l.contact_name END AS full_contact_name,
    @house_of(l) AS house,
    @facility_of(l, l.name_normal) AS contact_facility,
    @facility_of(l, l.city, l.postal_code) AS name_facility,
    REGEXP_REPLACE(l.city, ' CITY$', '', 'g') AS town,
    n.name_bits,
    (
      n.rare_word // 32
    )::TEXT AS rare_word, /* Without its bits, which change with other leads */
    (
      n.other_rare_word // 32
    )::TEXT AS other_rare_word
  FROM intermediate.int_match_lead AS l
  LEFT JOIN intermediate.int_match_name AS n
    ON n.lead_number = l.lead_number
  WHERE
    @is_touched(l.lead_number)
), form AS (
  /* A street by ZIP region and by city: the last digits of a ZIP are mistyped, and a city is often left out. Where
  somebody tells neither, by itself */
  SELECT
    f.key_form,
    f.key_type
  FROM (VALUES
    ('license', 'license'),
    ('phone', 'phone'),
    ('mobile', 'phone'),
    ('email', 'email'),
    ('street_zip', 'street'),
    ('street_city', 'street'),
    ('street_alone', 'street_alone'),
    ('word_zip', 'name_word'),
    ('other_word_zip', 'name_word'),
    ('words_city', 'name_word'),
    ('name_zip', 'name_zip'),
    ('name_city', 'name_city'),
    ('contact_zip', 'contact_zip'),
    ('website_domain', 'domain'),
    ('email_domain', 'domain'),
    ('name_state', 'name_state')) AS f(key_form, key_type)
), formed AS (
  /* A part that is missing makes the whole key NULL */
  SELECT
    l.lead_number,
    l.lead_key,
    l.source_key,
    l.is_crm,
    l.name_bits,
    CASE
      WHEN f.key_type IN ('phone', 'email', 'domain')
      THEN l.contact_facility
      WHEN f.key_type = 'street_alone'
      THEN COALESCE(LEFT(l.postal_code, 3), l.town, '')
      ELSE l.name_facility
    END AS facility, /* Of a contact, holders without an address count by their names; of a name, by their towns */
    f.key_form,
    f.key_type,
    CASE f.key_form
      WHEN 'license'
      THEN l.state || ' ' || l.license_number
      WHEN 'phone'
      THEN l.phone
      WHEN 'mobile'
      THEN NULLIF(l.mobile, l.phone)
      WHEN 'email'
      THEN l.email
      WHEN 'street_zip'
      THEN l.house || ' ' || LEFT(l.postal_code, 3)
      WHEN 'street_city'
      THEN l.house || ' ' || l.town
      WHEN 'street_alone'
      THEN u.house
      WHEN 'word_zip'
      THEN l.rare_word || ' ' || l.postal_code
      WHEN 'other_word_zip'
      THEN l.other_rare_word || ' ' || l.postal_code
      WHEN 'words_city'
      THEN l.rare_word || COALESCE(' ' || l.other_rare_word, '') || ' ' || l.town
      WHEN 'name_zip'
      THEN l.name_normal || ' ' || l.postal_code
      WHEN 'name_city'
      THEN l.name_normal || ' ' || l.city
      WHEN 'contact_zip'
      THEN l.full_contact_name || ' ' || l.postal_code
      WHEN 'website_domain'
      THEN l.website_domain
      WHEN 'email_domain'
      THEN NULLIF(l.email_domain, l.website_domain)
      WHEN 'name_state'
      THEN l.name_normal || ' ' || l.state
    END AS key_value
  FROM lead AS l
  LEFT JOIN intermediate.int_match_unplaced AS u
    ON u.house = l.house
  CROSS JOIN form AS f
)
SELECT
  f.lead_number::BIGINT AS lead_number, /* Number of the lead, made from its key */
  f.lead_key::TEXT AS lead_key, /* Lead that holds the key */
  f.source_key::TEXT AS source_key, /* Source of the lead */
  f.is_crm::BOOLEAN AS is_crm, /* Whether its source is the CRM */
  f.key_type::TEXT AS key_type, /* What the key is made of, such as phone or name_zip */
  f.key_form::TEXT AS key_form, /* Which of the lead's values of that type it is: a phone may be its mobile */
  f.key_value::TEXT AS key_value, /* Its value */
  f.facility::TEXT AS facility, /* What stands for the facility of the lead where those that share the key are counted */
  CASE WHEN f.key_type = 'name_state' THEN f.name_bits END::BIGINT AS name_bits /* Bits of the words of the name; NULL where the key is no name in a state */
FROM formed AS f
WHERE
  NOT f.key_value IS NULL
