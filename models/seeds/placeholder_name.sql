MODEL (
  name seeds.placeholder_name,
  kind SEED (
    path '../../seeds/placeholder_name.csv',
    csv_settings (keep_default_na = FALSE)
  ),
  columns (
    name_normal TEXT,
    reason TEXT
  ),
  column_descriptions (
    name_normal = 'The name in its match-normal form',
    reason = 'Why it identifies nobody'
  ),
  grain name_normal,
  ignored_rules ['nomissingunittest'],
  description 'Names that people type where a facility has none: they identify nobody. One row per name.',
  audits (
    UNIQUE_VALUES(columns := (
      name_normal
    )),
    NOT_NULL(columns := (name_normal, reason))
  )
)
