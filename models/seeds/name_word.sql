MODEL (
  name seeds.name_word,
  kind SEED (
    path '../../seeds/name_word.csv'
  ),
  columns (
    word TEXT,
    standard TEXT
  ),
  column_descriptions (
    word = 'A word of a name, in upper case',
    standard = 'What it is compared as: one word, or several where it abbreviates them'
  ),
  grain word,
  ignored_rules ['nomissingunittest'],
  description 'Abbreviations and spellings in the names of facilities. One row per word.',
  audits (UNIQUE_VALUES(columns := (
      word
  )), NOT_NULL(columns := (word, standard)))
)
