MODEL (
  name intermediate.int_match_comparison,
  kind VIEW,
  grain (left_lead_key, right_lead_key),
  description 'How the two leads of a candidate pair agree in each attribute, as a level of seeds.match_weight. A level is NULL where one of the two says nothing. A contact that too many leads share counts as missing. One row per pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key))
  )
);

WITH held AS (
  SELECT
    k.lead_number,
    MIN(CASE WHEN k.key_type = 'phone' AND NOT k.is_over_shared THEN k.key_value END) AS usable_phone,
    MAX(CASE WHEN k.key_type = 'phone' AND NOT k.is_over_shared THEN k.key_value END) AS other_phone,
    MAX(CASE WHEN k.key_type = 'email' AND NOT k.is_over_shared THEN k.key_value END) AS usable_email,
    MAX(CASE WHEN k.key_type = 'domain' AND NOT k.is_over_shared THEN k.key_value END) AS usable_domain,
    MAX(CASE WHEN k.key_type = 'name_state' THEN k.leads_sharing END) AS name_leads
  FROM intermediate.int_match_key AS k
  WHERE
    k.key_type IN ('phone', 'email', 'domain', 'name_state')
  GROUP BY
    k.lead_number
), lead AS (
  SELECT
    l.*,
    h.usable_phone,
    NULLIF(h.other_phone, h.usable_phone) AS other_phone,
    h.usable_email,
    h.usable_domain,
    COALESCE(h.name_leads, 1) AS name_leads,
    ARRAY_LENGTH(l.name_words) AS words,
    REGEXP_EXTRACT(l.contact_name, '([^ ]+)$', 1) AS family_name,
    @join_text(' ', l.house_number, l.street, l.unit_number, l.city, l.state, l.postal_code) AS address_line
  FROM intermediate.int_match_lead AS l
  LEFT JOIN held AS h
    ON h.lead_number = l.lead_number
), paired AS (
  SELECT
    c.*,
    l.source_key AS left_source_key,
    r.source_key AS right_source_key,
    l.name AS name_left,
    r.name AS name_right,
    GREATEST(l.name_leads, r.name_leads) AS name_leads,
    COALESCE(
      l.name_normal = r.name_normal
      OR l.name_normal = r.legal_name_normal
      OR l.legal_name_normal = r.name_normal,
      FALSE
    ) AS is_same_name,
    l.name_type <> r.name_type AS is_person_and_business,
    COALESCE(@similarity(l.name_site, r.name_site, 0.8) < 0.8, FALSE) AS is_other_site,
    (
      l.name_site IS NULL OR r.name_site IS NULL
    )
    AND REGEXP_MATCHES(COALESCE(l.name_site, r.name_site), '^([IV]+|[0-9]+)$') AS is_one_numbered,
    @shared_words(l.name_words, r.name_words) AS shared_words,
    LEAST(l.words, r.words) AS fewer_words,
    GREATEST(l.words, r.words) AS more_words,
    @similarity(l.name_normal, r.name_normal, 0.6) AS name_similarity,
    @join_text(', ', l.usable_phone, l.other_phone) AS phone_left,
    @join_text(', ', r.usable_phone, r.other_phone) AS phone_right,
    l.usable_email AS email_left,
    r.usable_email AS email_right,
    @similarity(l.usable_email, r.usable_email, 0.9) AS email_similarity,
    l.usable_domain AS domain_left,
    r.usable_domain AS domain_right,
    l.contact_name AS contact_left,
    r.contact_name AS contact_right,
    COALESCE(l.family_name = r.family_name, FALSE) AS is_same_family,
    l.address_line AS address_left,
    r.address_line AS address_right,
    l.state <> r.state AS is_other_state,
    l.state = r.state AS is_same_state,
    l.house_number = r.house_number AS is_same_house,
    l.street = r.street AS is_same_street,
    @similarity(l.street, r.street, 0.75) AS street_similarity,
    @shared_words(l.street_words, r.street_words) AS shared_street_words,
    LEAST(ARRAY_LENGTH(l.street_words), ARRAY_LENGTH(r.street_words)) AS fewer_street_words,
    l.unit_number = r.unit_number AS is_same_unit,
    l.postal_code = r.postal_code AS is_same_zip,
    l.city = r.city
    OR STARTS_WITH(l.city, r.city || ' ')
    OR STARTS_WITH(r.city, l.city || ' ') AS is_same_city,
    NOT l.house_number IS NULL
    AND NOT r.house_number IS NULL
    AND NOT l.street IS NULL
    AND NOT r.street IS NULL AS are_streets_known,
    l.license_number AS license_left,
    r.license_number AS license_right,
    COALESCE(l.license_type IN ('permit', 'accommodation'), FALSE)
    OR COALESCE(r.license_type IN ('permit', 'accommodation'), FALSE) AS is_program_or_gym,
    l.source_key = r.source_key AND l.source_key <> 'salesforce' AS are_two_licenses,
    COALESCE(
      (
        c.shared_phone IS NULL AND l.phone IN (r.phone, r.mobile)
      )
      OR (
        c.shared_email IS NULL AND l.email = r.email
      ),
      FALSE
    ) AS shares_common_contact
  FROM intermediate.int_match_candidate AS c
  INNER JOIN lead AS l
    ON l.lead_number = c.left_lead_number
  INNER JOIN lead AS r
    ON r.lead_number = c.right_lead_number
), towned AS (
  /* A ZIP may be mistyped: where the city is unknown, the street decides. A street may be told at length */
  SELECT
    p.*,
    p.street_similarity >= 0.75 OR (
      p.shared_street_words = p.fewer_street_words
    ) AS is_street_alike,
    COALESCE(p.is_same_zip, FALSE) OR COALESCE(p.is_same_city, TRUE) AS is_same_town
  FROM paired AS p
), leveled AS (
  SELECT
    p.*,
    CASE
      WHEN p.name_left IS NULL OR p.name_right IS NULL
      THEN NULL
      WHEN p.is_same_name
      THEN 'exact'
      WHEN p.shared_words = p.more_words
      THEN 'same_words'
      WHEN p.name_similarity >= 0.85 AND NOT p.is_other_site
      THEN 'similar'
      WHEN p.shared_words >= 2 AND p.shared_words = p.fewer_words
      THEN 'contained'
      WHEN p.is_person_and_business
      THEN 'person_business'
      WHEN p.name_similarity >= 0.6
      OR (
        p.shared_words >= 2 AND p.shared_words * 2 >= p.more_words
      )
      OR (
        p.shared_words = 1 AND p.fewer_words = 1
      )
      THEN 'partly'
      ELSE 'different'
    END AS name_level,
    CASE
      WHEN NOT p.shared_phone IS NULL
      THEN 'exact'
      WHEN NOT p.phone_left IS NULL AND NOT p.phone_right IS NULL
      THEN 'different'
    END AS phone_level,
    CASE
      WHEN NOT p.shared_email IS NULL
      THEN 'exact'
      WHEN p.email_similarity >= 0.9
      THEN 'similar'
      WHEN NOT p.email_left IS NULL AND NOT p.email_right IS NULL
      THEN 'different'
    END AS email_level,
    CASE
      WHEN p.is_other_state
      THEN 'other_state'
      WHEN p.is_same_house AND p.is_same_street AND p.is_same_town
      THEN CASE
        WHEN p.is_same_unit
        THEN 'same_unit'
        WHEN NOT p.is_same_unit
        THEN 'other_unit'
        ELSE 'same_building'
      END
      WHEN p.is_same_house
      AND p.is_street_alike
      AND (
        p.is_same_town OR p.is_same_zip IS NULL
      )
      THEN 'nearly_same'
      WHEN p.are_streets_known AND p.is_same_house AND p.is_same_town
      THEN 'same_house'
      WHEN p.are_streets_known AND COALESCE(p.is_same_zip, p.is_same_city)
      THEN 'other_street'
      WHEN p.are_streets_known
      THEN 'elsewhere'
      WHEN p.is_same_zip
      THEN 'same_zip'
      WHEN NOT p.is_same_city
      THEN 'other_city'
      WHEN NOT p.is_same_zip
      THEN 'other_zip'
      WHEN p.is_same_city
      THEN 'same_city'
      WHEN p.is_same_state
      THEN 'same_state'
    END AS address_level,
    CASE WHEN NOT p.shared_license IS NULL THEN 'same' END AS license_level
  FROM towned AS p
), complete AS (
  /* What an agreement found already implies is no further evidence */
  SELECT
    l.*,
    CASE
      WHEN l.email_level = 'exact'
      THEN NULL
      WHEN NOT l.shared_domain IS NULL
      THEN 'same'
      WHEN NOT l.domain_left IS NULL AND NOT l.domain_right IS NULL
      THEN 'different'
    END AS domain_level,
    CASE
      WHEN l.contact_left IS NULL
      OR l.contact_right IS NULL
      OR (
        l.name_level IN ('exact', 'same_words') AND UPPER(l.name_left) = l.contact_left
      )
      THEN NULL
      WHEN l.contact_left = l.contact_right
      THEN 'same'
      WHEN l.is_same_family
      THEN 'same_family'
      ELSE 'different'
    END AS contact_level
  FROM leveled AS l
)
SELECT
  c.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  c.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  c.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  c.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  c.left_source_key::TEXT AS left_source_key, /* Source of the first lead */
  c.right_source_key::TEXT AS right_source_key, /* Source of the other lead */
  c.match_passes::TEXT AS match_passes, /* The keys by which the pair was found, the surest first */
  @match_values(c),
  c.name_similarity::DOUBLE AS name_similarity, /* From 0 to 1: how alike the names are, letter by letter; 0 where their lengths rule out 0.6 */
  c.name_leads::BIGINT AS name_leads, /* Leads of the name in its state, in the source where most are */
  c.phone_leads::BIGINT AS phone_leads, /* Leads that hold the shared phone in the source where most do */
  c.email_leads::BIGINT AS email_leads, /* Leads that hold the shared e-mail address in the source where most do */
  c.domain_leads::BIGINT AS domain_leads, /* Leads that hold the shared domain in the source where most do */
  c.contact_licenses::BIGINT AS contact_licenses, /* Licences of a state that hold the shared phone or e-mail address, of the one that fewer hold */
  (
    c.is_other_site OR COALESCE(c.is_one_numbered, FALSE)
  )::BOOLEAN AS is_other_site, /* Whether the names tell different sites, or one ends in a number and the other tells none */
  c.are_two_licenses::BOOLEAN AS are_two_licenses, /* Whether both are licences of one state */
  c.is_program_or_gym::BOOLEAN AS is_program_or_gym, /* Whether one is a city programme or a gym */
  c.shares_common_contact::BOOLEAN AS shares_common_contact /* Whether they share a phone or e-mail address that too many share */
FROM complete AS c
