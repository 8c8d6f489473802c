MODEL (
  name seeds.placeholder_phone,
  kind SEED (
    path '../../seeds/placeholder_phone.csv'
  ),
  columns (
    phone_uri TEXT,
    reason TEXT
  ),
  column_descriptions (
    phone_uri = 'The number as a URI of RFC 3966, such as tel:+1 and ten digits: a bare number would be read as one',
    reason = 'Why it identifies nobody'
  ),
  grain phone_uri,
  ignored_rules ['nomissingunittest'],
  description 'Valid phone numbers that identify nobody and follow no rule. One row per number.',
  audits (
    UNIQUE_VALUES(columns := (
      phone_uri
    )),
    NOT_NULL(columns := (phone_uri, reason))
  )
)
