MODEL (
  name seeds.state,
  kind SEED (
    path '../../seeds/state.csv'
  ),
  columns (
    state TEXT,
    state_name TEXT,
    census_division TEXT,
    census_region TEXT
  ),
  column_descriptions (
    state = 'Two-letter code of the Postal Service',
    state_name = 'Name of the state or territory',
    census_division = 'Division of the Census Bureau; NULL for territories',
    census_region = 'Region of the Census Bureau; NULL for territories'
  ),
  grain (
    state
  ),
  ignored_rules ['nomissingunittest'],
  description 'States and territories of the United States with Census divisions and regions. One row per state or territory.',
  audits (UNIQUE_VALUES(columns := (
      state
  )), NOT_NULL(columns := (state, state_name)))
)
