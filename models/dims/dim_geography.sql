MODEL (
  name dims.dim_geography,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  grain (
    geography_key
  ),
  description 'Places by ZIP code, with an unknown member for facts without a listed ZIP. One row per ZIP code.',
  audits (
    UNIQUE_VALUES(columns := (
      geography_key
    )),
    NOT_NULL(columns := (
      geography_key
    ))
  )
);

WITH listed AS (
  SELECT
    z.postal_code AS geography_key,
    z.postal_code,
    z.city,
    z.county,
    z.county_fips,
    z.state,
    s.state_name,
    s.census_division,
    s.census_region,
    z.latitude,
    z.longitude
  FROM staging.stg_zip_code AS z
  LEFT JOIN seeds.state AS s
    ON s.state = z.state
), with_unknown AS (
  SELECT
    l.*
  FROM listed AS l
  UNION ALL
  SELECT
    'unknown' AS geography_key,
    NULL AS postal_code,
    NULL AS city,
    NULL AS county,
    NULL AS county_fips,
    NULL AS state,
    NULL AS state_name,
    NULL AS census_division,
    NULL AS census_region,
    NULL AS latitude,
    NULL AS longitude
)
SELECT
  w.geography_key::TEXT AS geography_key, /* Key of the place: its ZIP, or unknown */
  w.postal_code::TEXT AS postal_code, /* ZIP of five digits; NULL in the unknown member */
  w.city::TEXT AS city, /* City in upper case, as the Postal Service prefers it */
  w.county::TEXT AS county, /* County in upper case, without the word county */
  w.county_fips::TEXT AS county_fips, /* FIPS code of the county, five digits */
  w.state::TEXT AS state, /* Two-letter code of the state */
  w.state_name::TEXT AS state_name, /* Name of the state */
  w.census_division::TEXT AS census_division, /* Division of the Census Bureau; NULL for territories */
  w.census_region::TEXT AS census_region, /* Region of the Census Bureau; NULL for territories */
  w.latitude::DOUBLE AS latitude, /* Latitude in degrees */
  w.longitude::DOUBLE AS longitude /* Longitude in degrees */
FROM with_unknown AS w
