MODEL (
  name intermediate.int_match_lead,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  references (
    lead_number
  ),
  description 'The live leads with what they are compared by: valid contacts that are no placeholder, names by their words, addresses in parts. One row per live lead.',
  audits (
    NOT_NULL(columns := (lead_number, lead_key, source_key, is_crm)),
    UNIQUE_VALUES(columns := (lead_number, lead_key))
  )
);

WITH touched AS (
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
), live AS (
  SELECT
    l.*,
    CASE WHEN p.name_normal IS NULL THEN NULLIF(l.name_normal, '') END AS name_plain /* A placeholder is no name */
  FROM intermediate.int_lead_current AS l
  LEFT JOIN seeds.placeholder_name AS p
    ON p.name_normal = l.name_normal
  WHERE
    l.is_live AND @is_touched(l.lead_key)
), contact AS (
  SELECT
    l.*,
    CASE WHEN l.phone_reason IS NULL THEN l.phone_e164 END AS phone,
    CASE WHEN l.mobile_reason IS NULL THEN l.mobile_e164 END AS mobile,
    CASE WHEN l.email_reason IS NULL THEN l.email END AS usable_email,
    CASE
      WHEN l.legal_name IS DISTINCT FROM l.name
      THEN NULLIF(@name_normal(l.legal_name), l.name_plain)
    END AS legal_name_normal,
    NULLIF(
      TRIM(
        REGEXP_REPLACE(l.unit, '(^| )((#|APT|BSMT|FRNT|LOWR|REAR|ROOM|SIDE|STE|UNIT|UPPR) )+', ' ', 'g')
      ),
      ''
    ) AS unit_number
  FROM live AS l
), free_mail AS (
  SELECT
    f.domain
  FROM seeds.free_mail_domain AS f
), domained AS (
  SELECT
    c.*,
    CASE
      WHEN f.domain IS NULL
      THEN NULLIF(REGEXP_EXTRACT(c.usable_email, '@(.+)$', 1), '')
    END AS email_domain
  FROM contact AS c
  LEFT JOIN free_mail AS f
    ON f.domain = REGEXP_EXTRACT(c.usable_email, '@(.+)$', 1)
), placed AS (
  SELECT
    d.*,
    @house_range(d.house_number),
    @street_name(d)
  FROM domained AS d
), cored AS (
  SELECT
    p.*,
    @street_core(p)
  FROM placed AS p
)
SELECT
  @text_number(c.lead_key, 18)::BIGINT AS lead_number, /* Number of the lead, made from its key: joins by it are quick */
  c.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  c.source_key::TEXT AS source_key, /* Source of the lead */
  c.is_crm::BOOLEAN AS is_crm, /* Whether its source is the CRM; otherwise the lead is a licence of a state */
  c.name::TEXT AS name, /* Name to show */
  c.name_plain::TEXT AS name_normal, /* Match-normal form of the name */
  c.legal_name_normal::TEXT AS legal_name_normal, /* Match-normal form of the legal name, where it is another one */
  COALESCE(
    NULLIF(REGEXP_EXTRACT(c.name_plain, ' (II|III|IV|V|VI|VII|[0-9]+)$', 1), ''),
    NULLIF(@name_normal(REGEXP_EXTRACT(c.name, '(?i)(?: - | at )(.+)$', 1)), '')
  )::TEXT AS name_site, /* What tells the sites of a brand apart: the number that the name ends in, or what follows a dash or at */
  c.name_type::TEXT AS name_type, /* person or business */
  @unaccented(c.contact_name)::TEXT AS contact_name, /* First contact person in upper case, without accents */
  c.phone::TEXT AS phone, /* Phone in E.164 */
  c.mobile::TEXT AS mobile, /* Mobile phone in E.164 */
  c.usable_email::TEXT AS email, /* E-mail address */
  c.email_domain::TEXT AS email_domain, /* Domain of the e-mail address, NULL for a mail provider's */
  c.website_domain::TEXT AS website_domain, /* Host of the web site */
  c.house_number::TEXT AS house_number, /* House number */
  @unaccented(c.street)::TEXT AS street, /* Street without number, unit and accents */
  c.house_low::BIGINT AS house_low, /* First number of the house number: of 4753-59 it is 4753 */
  c.house_high::BIGINT AS house_high, /* Last number of the house number: of 4753-59 it is 4759 */
  @unaccented(c.street_core)::TEXT AS street_core, /* Name of the street in one word, without direction, suffix and what stands behind it */
  c.street_direction::TEXT AS street_direction, /* Direction before or behind the street's name */
  c.street_suffix::TEXT AS street_suffix, /* What the road is, such as AVE */
  c.unit_number::TEXT AS unit_number, /* Unit without its label: STE 4, REAR UNIT 4 and # 4 are one place */
  TRIM(REGEXP_REPLACE(@unaccented(c.city), '[^A-Z0-9]+', ' ', 'g'))::TEXT AS city, /* City in upper case, without punctuation and accents */
  c.state::TEXT AS state, /* Two-letter code of the state */
  c.postal_code::TEXT AS postal_code, /* ZIP of five digits, or postcode */
  c.license_number::TEXT AS license_number, /* Licence number */
  c.license_type::TEXT AS license_type /* Conformed licence type */
FROM cored AS c
