MODEL (
  name seeds.county,
  kind SEED (
    path '../../seeds/county.csv'
  ),
  columns (
    county_fips INT,
    state TEXT,
    county_name TEXT
  ),
  column_descriptions (
    county_fips = 'FIPS code of the county as a number: a seed would lose the leading zero of 01001',
    state = 'Two-letter code of the Postal Service',
    county_name = 'Name of the county with its kind, such as Clark County'
  ),
  grain (
    county_fips
  ),
  ignored_rules ['nomissingunittest'],
  description 'Counties of the United States and its territories with their FIPS codes, from the Census Bureau. One row per county.',
  audits (
    UNIQUE_VALUES(columns := (
      county_fips
    )),
    NOT_NULL(columns := (county_fips, state, county_name))
  )
)
