MODEL (
  name seeds.priority_term,
  kind SEED (
    path '../../seeds/priority_term.csv'
  ),
  columns (
    part TEXT,
    feature TEXT,
    level TEXT,
    bits DOUBLE,
    is_fixed BOOLEAN,
    description TEXT
  ),
  column_descriptions (
    part = 'fit for what the facility is, timing for what just happened to it',
    feature = 'What is looked at; macros/marts/facility_features.py says how it is read',
    level = 'What is found; what is unknown tells nothing and has no row',
    bits = 'Weight set by hand, in bits: how much likelier a facility of which this holds becomes a customer. It counts until there are enough conversions to learn from, and pulls what is learned towards itself afterwards',
    is_fixed = 'Whether the weight set by hand counts however many conversions there are',
    description = 'The finding in words, as people see it'
  ),
  grain (feature, level),
  ignored_rules ['nomissingunittest'],
  description 'The terms of which the priority of a facility is the sum. One row per feature and level.',
  audits (
    NOT_NULL(columns := (part, feature, level, bits, is_fixed, description)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (feature, level)),
    ACCEPTED_VALUES("column" := part, is_in := ('fit', 'timing'))
  )
)
