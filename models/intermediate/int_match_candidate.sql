MODEL (
  name intermediate.int_match_candidate,
  kind CUSTOM (
    materialization 'replaced_by_key',
    materialization_properties (touched_by = (left_lead_number, right_lead_number))
  ),
  grain (left_lead_number, right_lead_number),
  description 'Pairs of live leads worth comparing: they share a key that few others hold, or a steward has judged them. Numbers only: what the two leads say stays with them, which keeps millions of pairs in memory. One row per pair.',
  audits (
    NOT_NULL(columns := (left_lead_number, right_lead_number, blocking_keys, shares_license)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_number, right_lead_number))
  )
);

WITH touched AS (
  SELECT
    l.lead_number
  FROM intermediate.int_match_lead AS l
  UNION
  SELECT
    k.lead_number
  FROM intermediate.int_match_lead_key AS k
  UNION
  /* Whose key more leads share now, or fewer: one that too many share joins nobody */
  SELECT
    k.lead_number
  FROM intermediate.int_match_key_share AS c
  INNER JOIN intermediate.int_match_key_share AS s
    ON s.key_type = c.key_type AND s.key_value = c.key_value AND NOT s.is_over_shared
  INNER JOIN intermediate.int_match_lead_key AS k
    ON k.key_type = c.key_type AND k.key_value = c.key_value
  UNION
  SELECT
    k.lead_number
  FROM intermediate.int_match_over_shared AS o
  INNER JOIN intermediate.int_match_lead_key AS k
    ON k.key_type = o.key_type AND k.key_value = o.key_value
  UNION
  SELECT
    l.lead_number
  FROM intermediate.int_match_decision AS d
  INNER JOIN intermediate.int_match_lead AS l
    ON l.lead_key = d.left_lead_key
), usable AS (
  SELECT
    k.lead_number,
    k.key_type,
    k.key_value,
    s.facilities_sharing,
    s.licenses_sharing
  FROM intermediate.int_match_lead_key AS k
  INNER JOIN intermediate.int_match_key_share AS s
    ON s.key_type = k.key_type AND s.key_value = k.key_value
  WHERE
    NOT s.is_over_shared
    AND (s.key_type, s.key_value) IN (
      SELECT
        h.key_type,
        h.key_value
      FROM intermediate.int_match_lead_key AS h
      WHERE
        @is_touched(h.lead_number)
    )
), lead AS (
  SELECT
    l.lead_number,
    l.lead_key
  FROM intermediate.int_match_lead AS l
), found AS (
  SELECT
    a.lead_number,
    b.lead_number AS other_lead_number,
    a.key_type,
    a.facilities_sharing,
    a.licenses_sharing
  FROM usable AS a
  INNER JOIN usable AS b
    ON b.key_type = a.key_type
    AND b.key_value = a.key_value
    AND b.lead_number > a.lead_number
  WHERE
    @is_touched(a.lead_number) OR @is_touched(b.lead_number)
  UNION ALL
  /* What a steward judged is compared even where no key finds it */
  SELECT
    LEAST(l.lead_number, r.lead_number) AS lead_number,
    GREATEST(l.lead_number, r.lead_number) AS other_lead_number,
    'decision' AS key_type,
    1 AS facilities_sharing,
    0 AS licenses_sharing
  FROM intermediate.int_match_decision AS d
  INNER JOIN lead AS l
    ON l.lead_key = d.left_lead_key
  INNER JOIN lead AS r
    ON r.lead_key = d.right_lead_key
), met AS (
  SELECT
    f.lead_number,
    f.other_lead_number,
    MAX(f.key_type = 'license') AS is_license,
    MIN(CASE WHEN f.key_type = 'phone' THEN f.facilities_sharing END) AS phone_facilities,
    MIN(CASE WHEN f.key_type = 'email' THEN f.facilities_sharing END) AS email_facilities,
    MIN(CASE WHEN f.key_type = 'domain' THEN f.facilities_sharing END) AS domain_facilities,
    MIN(CASE WHEN f.key_type IN ('phone', 'email') THEN f.licenses_sharing END) AS contact_licenses,
    MIN(
      CASE
        WHEN f.key_type IN ('name_zip', 'name_city', 'name_state')
        THEN f.facilities_sharing
      END
    ) AS name_facilities,
    MIN(CASE WHEN f.key_type = 'street' THEN f.facilities_sharing END) AS street_facilities,
    MAX(f.key_type IN ('street', 'street_alone')) AS is_street,
    MAX(f.key_type = 'name_zip') AS is_name_zip,
    MAX(f.key_type = 'name_city') AS is_name_city,
    MAX(f.key_type = 'contact_zip') AS is_contact_zip,
    MAX(f.key_type = 'name_state') AS is_name_state,
    MAX(f.key_type = 'name_word') AS is_name_word,
    MAX(f.key_type = 'decision') AS is_decision
  FROM found AS f
  GROUP BY
    f.lead_number,
    f.other_lead_number
), pair AS (
  /* A number tells nothing of the order of the keys */
  SELECT
    m.*,
    CASE WHEN l.lead_key < r.lead_key THEN m.lead_number ELSE m.other_lead_number END AS left_lead_number,
    CASE WHEN l.lead_key < r.lead_key THEN m.other_lead_number ELSE m.lead_number END AS right_lead_number
  FROM met AS m
  INNER JOIN lead AS l
    ON l.lead_number = m.lead_number
  INNER JOIN lead AS r
    ON r.lead_number = m.other_lead_number
)
SELECT
  p.left_lead_number::BIGINT AS left_lead_number, /* Number of the lead whose key sorts first */
  p.right_lead_number::BIGINT AS right_lead_number, /* Number of the other lead */
  @join_text(
    ', ',
    CASE WHEN p.is_license THEN 'license' END,
    CASE WHEN NOT p.phone_facilities IS NULL THEN 'phone' END,
    CASE WHEN NOT p.email_facilities IS NULL THEN 'email' END,
    CASE WHEN p.is_street THEN 'street' END,
    CASE WHEN p.is_name_zip THEN 'name_zip' END,
    CASE WHEN p.is_name_city THEN 'name_city' END,
    CASE WHEN p.is_contact_zip THEN 'contact_zip' END,
    CASE WHEN NOT p.domain_facilities IS NULL THEN 'domain' END,
    CASE WHEN p.is_name_state THEN 'name_state' END,
    CASE WHEN p.is_name_word THEN 'name_word' END,
    CASE WHEN p.is_decision THEN 'decision' END
  )::TEXT AS blocking_keys, /* The keys by which the pair was found, the surest first */
  p.is_license::BOOLEAN AS shares_license, /* Whether both hold one licence number of one state */
  p.phone_facilities::BIGINT AS phone_facilities, /* Facilities that hold the shared phone in the source where most do; NULL where none is shared */
  p.email_facilities::BIGINT AS email_facilities, /* The same of the shared e-mail address */
  p.domain_facilities::BIGINT AS domain_facilities, /* The same of the shared domain, of web site or e-mail address */
  p.contact_licenses::BIGINT AS contact_licenses, /* Licences of a state that hold the shared phone or e-mail address, of the one that fewer hold */
  p.street_facilities::BIGINT AS street_facilities, /* Facilities at the shared house and street, in the source where most are */
  p.name_facilities::BIGINT AS name_facilities /* Facilities that bear the name, where both have the same, in the smallest place that they share */
FROM pair AS p
