MODEL (
  name seeds.territory_rule,
  kind SEED (
    path '../../seeds/territory_rule.csv'
  ),
  columns (
    precedence INT,
    territory TEXT,
    state TEXT,
    county TEXT,
    zip_prefix TEXT,
    minimum_capacity INT,
    maximum_capacity INT,
    owner TEXT,
    description TEXT
  ),
  column_descriptions (
    precedence = 'The rule with the smallest number among those that a facility fits decides',
    territory = 'Territory that the facility falls to; several rules may name one',
    state = 'Two-letter code; empty where the rule is for any state',
    county = 'County in upper case, without the word county; empty for any',
    zip_prefix = 'The first digits of the ZIP and an asterisk, such as 770* (a number alone would lose its leading zeros); empty for any',
    minimum_capacity = 'Children that the facility must take at least; empty for any, an unknown capacity included',
    maximum_capacity = 'Children that the facility may take at most; empty for any, an unknown capacity included',
    owner = 'Who works the territory',
    description = 'The rule in words'
  ),
  grain (
    precedence
  ),
  ignored_rules ['nomissingunittest'],
  description 'To whom a facility belongs: rules by state, county, ZIP and capacity, of which the first that fits decides. One row per rule.',
  audits (
    UNIQUE_VALUES(columns := (
      precedence
    )),
    NOT_NULL(columns := (precedence, territory, owner, description)),
    A_TERRITORY_HAS_ONE_OWNER,
    ZIP_PREFIX_ENDS_WITH_AN_ASTERISK
  )
)
