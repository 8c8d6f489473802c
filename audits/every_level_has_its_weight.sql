AUDIT (
  name every_level_has_its_weight
);

/* A level that the comparison gives and seeds.match_weight does not know would silently weigh nothing. */
WITH scored AS (
  SELECT DISTINCT
    name_level,
    phone_level,
    email_level,
    address_level,
    domain_level,
    contact_level,
    license_level
  FROM @this_model
), used AS (
  SELECT DISTINCT
    a.attribute,
    CASE a.attribute
      WHEN 'name'
      THEN s.name_level
      WHEN 'phone'
      THEN s.phone_level
      WHEN 'email'
      THEN s.email_level
      WHEN 'address'
      THEN s.address_level
      WHEN 'domain'
      THEN s.domain_level
      WHEN 'contact'
      THEN s.contact_level
      WHEN 'license'
      THEN s.license_level
    END AS level
  FROM scored AS s
  CROSS JOIN (VALUES
    ('name'),
    ('phone'),
    ('email'),
    ('address'),
    ('domain'),
    ('contact'),
    ('license')) AS a(attribute)
)
SELECT
  u.attribute,
  u.level
FROM used AS u
LEFT JOIN seeds.match_weight AS w
  ON w.attribute = u.attribute AND w.level = u.level
WHERE
  NOT u.level IS NULL AND w.level IS NULL
