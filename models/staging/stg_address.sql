MODEL (
  name staging.stg_address,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (address_raw, is_one_line),
  description 'Street addresses as delivered, and addresses in one line with city, state and ZIP, taken apart: parsed once, at their first delivery. One row per distinct address and layout.',
  audits (
    NOT_NULL(columns := (address_raw, is_one_line)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (address_raw, is_one_line))
  )
);

WITH new AS (
  @new_values(address)
), line AS (
  SELECT
    n.*,
    CASE
      WHEN n.is_one_line
      THEN UPPER(@clean_text(REPLACE(n.address_raw, ',', ' ')))
    END AS line
  FROM new AS n
), split AS (
  SELECT
    l.*,
    NULLIF(REGEXP_EXTRACT(l.line, '^(.*) [A-Z]{2} [0-9]{4,5}(-[0-9]{4})?$', 1), '') AS street_and_city,
    NULLIF(REGEXP_EXTRACT(l.line, ' ([A-Z]{2}) [0-9]{4,5}(-[0-9]{4})?$', 1), '') AS state,
    NULLIF(REGEXP_EXTRACT(l.line, ' [A-Z]{2} ([0-9]{4,5}(-[0-9]{4})?)$', 1), '') AS postal_code_raw
  FROM line AS l
), state_cities AS (
  SELECT
    z.state,
    ARRAY_TO_STRING(ARRAY_AGG(DISTINCT z.city), '|') AS city_names
  FROM staging.stg_zip_code AS z
  GROUP BY
    z.state
), ending AS (
  /* Cities of the state, and the further names of the place to which the ZIP belongs */
  SELECT
    s.*,
    CONCAT('|', c.city_names, COALESCE(z.city_names, '|')) AS city_names,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+)$', 1) AS last_word,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){1})$', 1) AS last_two,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){2})$', 1) AS last_three,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){3})$', 1) AS last_four,
    REGEXP_EXTRACT(s.street_and_city, '([^ ]+( [^ ]+){4})$', 1) AS last_five
  FROM split AS s
  LEFT JOIN state_cities AS c
    ON c.state = s.state
  LEFT JOIN staging.stg_zip_code AS z
    ON z.postal_code = LEFT(s.postal_code_raw, 5)
), placed AS (
  /* The longest name wins: NORTH LAS VEGAS ends with LAS VEGAS */
  SELECT
    e.*,
    CASE
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_five, '|')) > 0
      THEN e.last_five
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_four, '|')) > 0
      THEN e.last_four
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_three, '|')) > 0
      THEN e.last_three
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_two, '|')) > 0
      THEN e.last_two
      WHEN STRPOS(e.city_names, CONCAT('|', e.last_word, '|')) > 0
      THEN e.last_word
    END AS city
  FROM ending AS e
), located AS (
  SELECT
    p.*,
    COALESCE(
      LEFT(p.street_and_city, LENGTH(p.street_and_city) - LENGTH(p.city)),
      p.street_and_city,
      p.line,
      p.address_raw
    ) AS street_line
  FROM placed AS p
), lined AS (
  SELECT
    l.address_raw,
    l.is_one_line,
    l.city,
    l.postal_code_raw,
    l.received_on,
    @address_line(l.street_line) AS address_line
  FROM located AS l
), unit_found AS (
  SELECT
    l.*,
    @address_unit(l)
  FROM lined AS l
), parted AS (
  SELECT
    u.*,
    @address_parts(u)
  FROM unit_found AS u
), worded AS (
  SELECT
    p.*,
    @address_words(p)
  FROM parted AS p
), standardized AS (
  SELECT
    w.*,
    @address_columns(w, CASE WHEN w.is_one_line AND w.city IS NULL THEN 'city not known' END)
  FROM worded AS w
)
SELECT
  s.address_raw::TEXT AS address_raw, /* Address as delivered */
  s.is_one_line::BOOLEAN AS is_one_line, /* Whether the source writes city, state and ZIP into the same line */
  s.house_number::TEXT AS house_number, /* House number */
  s.street::TEXT AS street, /* Street without house number and unit, in the form of USPS Publication 28 */
  s.unit::TEXT AS unit, /* Suite, unit, apartment or building, in the form of USPS Publication 28 */
  s.address_reason::TEXT AS address_reason, /* What could not be read; NULL where all was */
  s.city::TEXT AS city, /* City of an address in one line, in upper case; NULL where it is not known */
  s.postal_code_raw::TEXT AS postal_code_raw, /* ZIP of an address in one line as delivered */
  @postal_code(s.postal_code_raw)::TEXT AS postal_code, /* ZIP of five digits; NULL where it is none */
  s.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM standardized AS s
