MODEL (
  name intermediate.int_match_comparison,
  kind CUSTOM (
    materialization 'replaced_by_key',
    materialization_properties (touched_by = (left_lead_number, right_lead_number))
  ),
  grain (left_lead_number, right_lead_number),
  description 'How the two leads of a candidate pair agree in each attribute, as a level of seeds.match_weight. A level is NULL where one of the two says nothing. A contact that too many leads share counts as missing. A table of its own, for comparing texts is what takes longest: a weight that changes compares nothing anew. One row per pair.',
  audits (
    NOT_NULL(columns := (left_lead_number, right_lead_number, blocking_keys)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_number, right_lead_number))
  )
);

WITH touched AS (
  SELECT
    l.lead_number
  FROM intermediate.int_match_lead AS l
  UNION
  SELECT
    c.lead_number
  FROM intermediate.int_match_contact AS c
  UNION
  SELECT
    n.lead_number
  FROM intermediate.int_match_name AS n
  UNION
  SELECT
    c.left_lead_number AS lead_number
  FROM intermediate.int_match_candidate AS c
), candidate AS (
  SELECT
    c.*
  FROM intermediate.int_match_candidate AS c
  WHERE
    @is_touched(c.left_lead_number, lead_number)
    OR @is_touched(c.right_lead_number, lead_number)
), compared AS (
  SELECT
    c.left_lead_number AS lead_number
  FROM candidate AS c
  UNION
  SELECT
    c.right_lead_number AS lead_number
  FROM candidate AS c
), lead AS (
  SELECT
    l.*,
    c.phone AS usable_phone,
    c.other_phone,
    c.email AS usable_email,
    c.domain AS usable_domain,
    COALESCE(c.name_facilities, 1) AS name_facilities,
    n.name_words,
    n.name_bits,
    REGEXP_EXTRACT(l.contact_name, '([^ ]+)$', 1) AS family_name,
    COALESCE(UPPER(l.name) = l.contact_name, FALSE) AS is_named_after_contact
  FROM compared AS p
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_number = p.lead_number
  LEFT JOIN intermediate.int_match_contact AS c
    ON c.lead_number = l.lead_number
  LEFT JOIN intermediate.int_match_name AS n
    ON n.lead_number = l.lead_number
), paired AS (
  SELECT
    c.*,
    NOT l.name IS NULL AND NOT r.name IS NULL AS are_names_known,
    COALESCE(c.name_facilities, GREATEST(l.name_facilities, r.name_facilities)) AS name_bearers,
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
    l.name_words AS left_words,
    r.name_words AS right_words,
    l.name_bits AS left_bits,
    r.name_bits AS right_bits,
    @similarity(l.name_normal, r.name_normal, 0.85) AS name_similarity,
    NOT l.usable_phone IS NULL AND NOT r.usable_phone IS NULL AS are_phones_known,
    NOT l.usable_email IS NULL AND NOT r.usable_email IS NULL AS are_emails_known,
    CASE
      WHEN @similarity(l.usable_email, r.usable_email, 0.9) < 0.9
      THEN 0
      WHEN REGEXP_REPLACE(l.usable_email, '[^0-9]', '', 'g') = REGEXP_REPLACE(r.usable_email, '[^0-9]', '', 'g')
      THEN 1
      ELSE 0
    END AS email_similarity, /* site12@ and site13@ are no slip of the hand */
    NOT l.usable_domain IS NULL AND NOT r.usable_domain IS NULL AS are_domains_known,
    l.is_named_after_contact,
    l.contact_name = r.contact_name AS is_same_contact,
    COALESCE(l.family_name = r.family_name, FALSE) AS is_same_family,
    l.state <> r.state AS is_other_state,
    l.state = r.state AS is_same_state,
    COALESCE(
      l.house_low <= r.house_high AND r.house_low <= l.house_high,
      l.house_number = r.house_number
    ) AS is_same_house,
    ABS(l.house_low - r.house_low) AS house_distance,
    l.street = r.street AS is_same_street,
    l.street_core = r.street_core AS is_same_core,
    COALESCE(l.street_direction <> r.street_direction, FALSE)
    OR COALESCE(l.street_suffix <> r.street_suffix, FALSE) AS is_other_road,
    l.street AS left_street,
    r.street AS right_street,
    l.unit_number = r.unit_number AS is_same_unit,
    l.postal_code = r.postal_code AS is_same_zip,
    l.city = r.city
    OR STARTS_WITH(l.city, r.city || ' ')
    OR STARTS_WITH(r.city, l.city || ' ') AS is_same_city,
    NOT l.house_number IS NULL
    AND NOT r.house_number IS NULL
    AND NOT l.street IS NULL
    AND NOT r.street IS NULL AS are_streets_known,
    COALESCE(l.license_type IN ('permit', 'accommodation'), FALSE)
    OR COALESCE(r.license_type IN ('permit', 'accommodation'), FALSE) AS is_program_or_gym,
    l.source_key = r.source_key AND NOT l.is_crm AS are_two_licenses,
    l.is_crm AND r.is_crm AS are_both_crm,
    COALESCE(
      (
        c.phone_facilities IS NULL AND l.phone IN (r.phone, r.mobile)
      )
      OR (
        c.email_facilities IS NULL AND l.email = r.email
      ),
      FALSE
    ) AS shares_common_contact
  FROM candidate AS c
  INNER JOIN lead AS l
    ON l.lead_number = c.left_lead_number
  INNER JOIN lead AS r
    ON r.lead_number = c.right_lead_number
), worded AS (
  /* Words are dear, so texts are cut into them only where the whole text leaves it open */
  SELECT
    p.*,
    CASE
      WHEN p.is_same_name
      THEN LEAST(p.left_bits, p.right_bits)
      ELSE @shared_bits(p.left_words, p.right_words)
    END AS shared_bits,
    CASE
      WHEN NOT p.is_same_name
      THEN ARRAY_LENGTH(ARRAY_INTERSECT(p.left_words, p.right_words))
    END AS shared_words,
    CASE
      WHEN p.is_same_house AND NOT p.is_same_street AND NOT COALESCE(p.is_same_core, FALSE)
      THEN @street_words(p.left_street)
    END AS left_street_words,
    CASE
      WHEN p.is_same_house AND NOT p.is_same_street AND NOT COALESCE(p.is_same_core, FALSE)
      THEN @street_words(p.right_street)
    END AS right_street_words
  FROM paired AS p
), counted AS (
  SELECT
    w.*,
    LEAST(w.left_bits, w.right_bits) - w.shared_bits AS fewer_bits_left,
    GREATEST(w.left_bits, w.right_bits) - w.shared_bits AS more_bits_left,
    GREATEST(ARRAY_LENGTH(w.left_words), ARRAY_LENGTH(w.right_words)) AS more_words,
    @shared_words(w.left_street_words, w.right_street_words) AS shared_street_words,
    LEAST(ARRAY_LENGTH(w.left_street_words), ARRAY_LENGTH(w.right_street_words)) AS fewer_street_words
  FROM worded AS w
), towned AS (
  /* A ZIP may be mistyped: where the city is unknown, the street decides. A street may be told at length */
  SELECT
    c.*,
    c.is_same_street
    OR (
      c.is_same_core AND NOT c.is_other_road
    )
    OR (
      NOT COALESCE(c.is_same_core, FALSE)
      AND c.is_same_house
      AND @similarity(c.left_street, c.right_street, 0.75) >= 0.75
    )
    OR (
      c.shared_street_words = c.fewer_street_words
    ) AS is_street_alike,
    COALESCE(c.is_same_zip, FALSE) OR COALESCE(c.is_same_city, TRUE) AS is_same_town
  FROM counted AS c
), leveled AS (
  SELECT
    p.*,
    CASE
      WHEN NOT p.are_names_known
      THEN NULL
      WHEN p.is_same_name
      THEN 'exact'
      WHEN p.shared_words = p.more_words
      THEN 'same_words'
      WHEN p.name_similarity >= 0.85 AND NOT p.is_other_site
      THEN 'similar'
      WHEN p.shared_bits >= 6 AND p.fewer_bits_left <= 4 AND NOT p.is_other_site
      THEN 'contained'
      WHEN p.shared_bits >= 8
      THEN 'overlapping'
      WHEN p.is_person_and_business
      THEN 'person_business'
      WHEN p.name_similarity >= 0.6 OR p.shared_bits >= 4
      THEN 'partly'
      ELSE 'different'
    END AS name_level,
    CASE
      WHEN NOT p.phone_facilities IS NULL
      THEN 'exact'
      WHEN p.are_phones_known
      THEN 'different'
    END AS phone_level,
    CASE
      WHEN NOT p.email_facilities IS NULL
      THEN 'exact'
      WHEN p.email_similarity >= 0.9
      THEN 'similar'
      WHEN p.are_emails_known
      THEN 'different'
    END AS email_level,
    CASE
      WHEN p.is_other_state
      THEN 'other_state'
      WHEN p.is_same_house AND p.is_same_street AND p.house_distance > 0 AND p.is_same_town
      THEN 'nearly_same'
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
      WHEN p.is_same_house AND p.is_same_core AND p.is_same_town
      THEN 'other_road'
      WHEN p.are_streets_known AND p.is_same_house AND p.is_same_town
      THEN 'same_house'
      WHEN p.are_streets_known
      AND p.is_street_alike
      AND p.is_same_town
      AND p.house_distance <= 30
      THEN 'near_by'
      WHEN p.are_streets_known AND COALESCE(p.is_same_zip, p.is_same_city, TRUE)
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
    CASE WHEN p.shares_license THEN 'same' END AS license_level
  FROM towned AS p
), complete AS (
  /* What an agreement found already implies is no further evidence */
  SELECT
    l.*,
    CASE
      WHEN l.email_level = 'exact'
      THEN NULL
      WHEN NOT l.domain_facilities IS NULL
      THEN 'same'
      WHEN l.are_domains_known
      THEN 'different'
    END AS domain_level,
    CASE
      WHEN l.is_same_contact IS NULL
      OR (
        l.name_level IN ('exact', 'same_words') AND l.is_named_after_contact
      )
      THEN NULL
      WHEN l.is_same_contact
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
  c.blocking_keys::TEXT AS blocking_keys, /* The keys by which the pair was found, the surest first */
  @match_levels(c),
  c.shared_bits::BIGINT AS shared_bits, /* Bits of the words that the names share */
  c.name_similarity::DOUBLE AS name_similarity, /* From 0 to 1: how alike the names are, letter by letter; 0 where their lengths rule out 0.85 */
  c.name_bearers::BIGINT AS name_facilities, /* Facilities of the name in the smallest place that both share, or in the state, in the source where most are */
  c.phone_facilities::BIGINT AS phone_facilities, /* Facilities that hold the shared phone in the source where most do */
  c.email_facilities::BIGINT AS email_facilities, /* Facilities that hold the shared e-mail address in the source where most do */
  c.domain_facilities::BIGINT AS domain_facilities, /* Facilities that hold the shared domain in the source where most do */
  c.street_facilities::BIGINT AS street_facilities, /* Facilities at the shared house and street, in the source where most are */
  c.contact_licenses::BIGINT AS contact_licenses, /* Licences of a state that hold the shared phone or e-mail address, of the one that fewer hold */
  (
    c.is_other_site OR COALESCE(c.is_one_numbered, FALSE)
  )::BOOLEAN AS is_other_site, /* Whether the names tell different sites, or one ends in a number and the other tells none */
  c.are_two_licenses::BOOLEAN AS are_two_licenses, /* Whether both are licences of one state */
  c.are_both_crm::BOOLEAN AS are_both_crm, /* Whether both are leads of the CRM */
  c.is_program_or_gym::BOOLEAN AS is_program_or_gym, /* Whether one is a city programme or a gym */
  c.shares_common_contact::BOOLEAN AS shares_common_contact /* Whether they share a phone or e-mail address that too many share */
FROM complete AS c
