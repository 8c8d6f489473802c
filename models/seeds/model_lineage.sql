MODEL (
  name seeds.model_lineage,
  kind SEED (
    path '../../seeds/model_lineage.csv'
  ),
  columns (
    model_name TEXT,
    upstream TEXT
  ),
  column_descriptions (
    model_name = 'Model, as schema.name',
    upstream = 'All models that it is built from, directly or not, each between blanks'
  ),
  grain (
    model_name
  ),
  ignored_rules ['nomissingunittest'],
  description 'Lineage: what each model is built from. Written by python -m lead_enrichment.quality.lineage. One row per model.',
  audits (
    NOT_NULL(columns := (
      model_name
    )),
    UNIQUE_VALUES(columns := (
      model_name
    ))
  )
)
