MODEL (
  name seeds.survivorship,
  kind SEED (
    path '../../seeds/survivorship.csv'
  ),
  columns (
    attribute TEXT,
    authority TEXT,
    rule TEXT,
    description TEXT
  ),
  column_descriptions (
    attribute = 'What survives as a whole; lead_enrichment/golden_record.py declares its value and columns',
    authority = 'By which authority of the contracts the sources are ranked for it: identity, license, contact or sales',
    rule = 'What counts first: authority (the rank of the source, then the newest) or newest_unshared (what few leads share, then the newest, then the rank)',
    description = 'The attribute in words'
  ),
  grain attribute,
  ignored_rules ['nomissingunittest'],
  description 'Which value survives where the leads of a facility differ. The contracts rank the sources; here stands which of their ranks counts, and what counts before it. One row per attribute.',
  audits (
    UNIQUE_VALUES(columns := (
      attribute
    )),
    NOT_NULL(columns := (attribute, authority, rule, description)),
    ACCEPTED_VALUES("column" := authority, is_in := ('identity', 'license', 'contact', 'sales')),
    ACCEPTED_VALUES("column" := rule, is_in := ('authority', 'newest_unshared')),
    EVERY_ATTRIBUTE_IS_DECLARED
  )
)
