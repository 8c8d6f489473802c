MODEL (
  name seeds.match_weight,
  kind SEED (
    path '../../seeds/match_weight.csv'
  ),
  columns (
    attribute TEXT,
    level TEXT,
    m_probability DOUBLE,
    u_probability DOUBLE,
    match_weight DOUBLE,
    description TEXT
  ),
  column_descriptions (
    attribute = 'What is compared; prior for the weight that every pair begins with',
    level = 'How the two leads agree in it',
    m_probability = 'Share of the pairs about one facility that agree so',
    u_probability = 'Share of the pairs about two facilities that agree so',
    match_weight = 'Evidence in bits: the binary logarithm of the one share over the other',
    description = 'The agreement in words'
  ),
  grain (attribute, level),
  ignored_rules ['nomissingunittest'],
  description 'How much each agreement or difference tells (Fellegi and Sunter). What is missing tells nothing and has no row. One row per attribute and level.',
  audits (
    NOT_NULL(columns := (attribute, level, match_weight, description)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (attribute, level)),
    WEIGHTS_FOLLOW_FROM_PROBABILITIES
  )
)
