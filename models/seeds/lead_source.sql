MODEL (
  name seeds.lead_source,
  kind SEED (
    path '../../seeds/lead_source.csv'
  ),
  columns (
    source_key TEXT,
    source_name TEXT,
    delivery_mode TEXT,
    cadence TEXT,
    identity_authority INT,
    license_authority INT,
    contact_authority INT,
    sales_authority INT
  ),
  column_descriptions (
    source_key = 'Key of the source',
    source_name = 'Name of the source',
    delivery_mode = 'full_snapshot or change_feed',
    cadence = 'How often it delivers',
    identity_authority = 'Rank for name and address, 1 the highest',
    license_authority = 'Rank for licence, capacity and programme',
    contact_authority = 'Rank for phone and e-mail',
    sales_authority = 'Rank for owner, stage and opt-out'
  ),
  grain (
    source_key
  ),
  ignored_rules ['nomissingunittest'],
  description 'The four sources, with the rank of their word for each group of attributes. One row per source.',
  audits (
    NOT_NULL(columns := (
      source_key
    )),
    UNIQUE_VALUES(columns := (
      source_key
    ))
  )
)
