MODEL (
  name seeds.placeholder_email,
  kind SEED (
    path '../../seeds/placeholder_email.csv'
  ),
  columns (
    part TEXT,
    value TEXT,
    reason TEXT
  ),
  column_descriptions (
    part = 'Part of the address that it is about: local part or domain',
    value = 'The part, in lower case',
    reason = 'Why it identifies nobody'
  ),
  grain (part, value),
  ignored_rules ['nomissingunittest'],
  description 'E-mail addresses that identify nobody. One row per part of an address.',
  audits (
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (part, value))
  )
)
