AUDIT (
  name every_level_has_its_weight
);

/* A level that the comparison gives and seeds.match_weight does not know would silently weigh nothing. */
SELECT
  left_lead_number,
  right_lead_number,
  name_level,
  phone_level,
  email_level,
  address_level,
  domain_level,
  contact_level,
  license_level
FROM @this_model
WHERE
  (
    NOT name_level IS NULL AND name_weight = 0
  )
  OR (
    NOT phone_level IS NULL AND phone_weight = 0
  )
  OR (
    NOT email_level IS NULL AND email_weight = 0
  )
  OR (
    NOT address_level IS NULL AND address_weight = 0
  )
  OR (
    NOT domain_level IS NULL AND domain_weight = 0
  )
  OR (
    NOT contact_level IS NULL AND contact_weight = 0
  )
  OR (
    NOT license_level IS NULL AND license_weight = 0
  )
