MODEL (
  name seeds.outbox_policy,
  kind SEED (
    path '../../seeds/outbox_policy.csv'
  ),
  columns (
    target TEXT,
    field TEXT,
    policy TEXT,
    older_than_days INT,
    minimum_confidence DOUBLE,
    description TEXT
  ),
  column_descriptions (
    target = 'System that is written to',
    field = 'Field by its API name, of lead_enrichment/outbox/fields.py; * for a new lead',
    policy = 'fill_blanks (only what is blank), correct_if_older (also what the source of the value changed later), never; of a new lead create or never',
    older_than_days = 'Of correct_if_older: by how many days the value must be newer than the last change of the lead in the system',
    minimum_confidence = 'How sure it must be, from 0 to 1: that the two leads are one facility; of a new lead, that sales does not know it',
    description = 'The field in words'
  ),
  grain (target, field),
  ignored_rules ['nomissingunittest'],
  description 'What may be written to other systems. A field that is not listed is never written to a lead that is there already. One row per system and field.',
  audits (
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (target, field)),
    NOT_NULL(
      columns := (target, field, policy, older_than_days, minimum_confidence, description)
    ),
    ACCEPTED_VALUES(
      "column" := policy,
      is_in := ('fill_blanks', 'correct_if_older', 'never', 'create')
    )
  )
)
