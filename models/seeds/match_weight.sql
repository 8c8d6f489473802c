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
    m_probability = 'Share of the pairs about one facility that agree so; NULL where match_weight stands alone',
    u_probability = 'Share of the pairs about two facilities that agree so',
    match_weight = 'Evidence in bits; NULL where it follows from the two shares, as the binary logarithm of the one over the other',
    description = 'The agreement in words'
  ),
  grain (attribute, level),
  ignored_rules ['nomissingunittest'],
  description 'How much each agreement or difference tells (Fellegi and Sunter). What is missing tells nothing and has no row. One row per attribute and level.',
  audits (
    NOT_NULL(columns := (attribute, level, description)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (attribute, level))
  )
)
