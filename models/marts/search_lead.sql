MODEL (
  name marts.search_lead,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner lead_enrichment,
  grain (
    lead_number
  ),
  description 'What each lead can be searched by, as one text of terms. For the search of the web app, which reads it by way of marts.search_posting and marts.search_key. Example query: SELECT lead_key, terms FROM marts.search_lead ORDER BY lead_number LIMIT 3. One row per lead, live or gone.',
  audits (
    NOT_NULL(columns := (lead_number, lead_key, entity_key, terms)),
    UNIQUE_VALUES(columns := (lead_number, lead_key))
  )
);

WITH touched AS (
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
  UNION
  SELECT
    m.lead_key
  FROM facts.fact_lead_match AS m
), worded AS (
  SELECT
    l.lead_key,
    m.entity_key,
    m.is_live,
    @unaccented(
      @join_text(
        ' ',
        l.name_normal,
        CASE WHEN l.legal_name <> l.name THEN REPLACE(l.legal_name, '''', '') END,
        l.contact_name,
        l.house_number,
        l.street,
        l.unit,
        l.city,
        l.state,
        l.postal_code,
        l.natural_id
      )
    ) AS words,
    REGEXP_REPLACE(SUBSTRING(l.phone_e164, 2), '^1', '', 'g') AS phone, /* Without their signs, and not split: phones as ten digits, licence numbers */
    REGEXP_REPLACE(SUBSTRING(l.mobile_e164, 2), '^1', '', 'g') AS mobile,
    REGEXP_REPLACE(UPPER(l.license_number), '[^A-Z0-9]+', '', 'g') AS license,
    REPLACE(UPPER(l.email), ' ', '') AS email,
    REPLACE(UPPER(l.website_domain), ' ', '') AS domain
  FROM intermediate.int_lead_current AS l
  INNER JOIN facts.fact_lead_match AS m
    ON m.lead_key = l.lead_key
  WHERE
    @is_touched(l.lead_key)
)
SELECT
  @text_number(w.lead_key, 18)::BIGINT AS lead_number, /* Number of the lead, made from its key */
  w.lead_key::TEXT AS lead_key, /* Lead */
  w.entity_key::TEXT AS entity_key, /* Facility that it is about */
  w.is_live::BOOLEAN AS is_live, /* Whether the lead is neither deleted nor delisted */
  TRIM(
    @join_text(
      ' ',
      REGEXP_REPLACE(w.words, '[^A-Z0-9]+', ' ', 'g'),
      w.phone,
      w.mobile,
      NULLIF(w.license, ''),
      w.email,
      w.domain
    )
  )::TEXT AS terms /* Words of names and address, digits of phones, licence, e-mail address and web domain in upper case, between spaces */
FROM worded AS w
ORDER BY
  1
