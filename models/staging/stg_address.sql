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
), cleaned AS (
  /* A bar stands for a comma or a line break */
  SELECT
    n.*,
    @clean_text(REGEXP_REPLACE(n.address_raw, '[,|\r\n\x0B\x{85}\x{2028}\x{2029}]+', ' | ', 'g')) AS marked
  FROM new AS n
), marked_line AS (
  SELECT
    c.address_raw,
    c.is_one_line,
    c.received_on,
    @address_line(c.marked) AS marked
  FROM cleaned AS c
), split AS (
  SELECT
    m.*,
    REGEXP_REPLACE(m.marked, '[ |]*[|][ |]*', ' ', 'g') AS line,
    @place_at_end(m.marked)
  FROM marked_line AS m
), apart AS (
  SELECT
    s.*,
    REGEXP_REPLACE(s.before_state, '[ |]*[|][ |]*', ' ', 'g') AS street_and_city,
    @part_at_end(s.before_state) AS last_part
  FROM split AS s
), state_cities AS (
  SELECT
    z.state,
    ARRAY_TO_STRING(ARRAY_AGG(DISTINCT z.city), '|') AS city_names
  FROM staging.stg_zip_code AS z
  GROUP BY
    z.state
), any_city AS (
  SELECT DISTINCT
    z.city
  FROM staging.stg_zip_code AS z
), ending AS (
  /* Names that a city at the end may have: those of the place to which the ZIP belongs, and the state's cities where
  the end is sure to be one, as it stands apart or every address of the source ends in one */
  SELECT
    s.*,
    CASE
      WHEN s.is_one_line AND s.postal_code_raw IS NULL
      THEN NULL
      WHEN s.is_one_line OR (
        NOT s.last_part IS NULL AND NOT s.state IS NULL
      )
      THEN '|' || c.city_names || COALESCE(z.city_names, '|')
      WHEN NOT s.postal_code_raw IS NULL AND COALESCE(s.state = z.state, TRUE)
      THEN z.city_names
      WHEN s.state IS NULL
      THEN '|' || a.city || '|'
    END AS city_names,
    CASE
      WHEN s.is_one_line OR NOT s.postal_code_raw IS NULL
      THEN s.street_and_city
      ELSE s.last_part
    END AS city_at_end
  FROM apart AS s
  LEFT JOIN state_cities AS c
    ON c.state = s.state
  LEFT JOIN staging.stg_zip_code AS z
    ON z.postal_code = LEFT(s.postal_code_raw, 5)
  LEFT JOIN any_city AS a
    ON a.city = s.last_part
), last_words AS (
  SELECT
    e.*,
    REGEXP_EXTRACT(e.city_at_end, '([^ ]+)$', 1) AS last_word,
    REGEXP_EXTRACT(e.city_at_end, '([^ ]+( [^ ]+){1})$', 1) AS last_two,
    REGEXP_EXTRACT(e.city_at_end, '([^ ]+( [^ ]+){2})$', 1) AS last_three,
    REGEXP_EXTRACT(e.city_at_end, '([^ ]+( [^ ]+){3})$', 1) AS last_four,
    REGEXP_EXTRACT(e.city_at_end, '([^ ]+( [^ ]+){4})$', 1) AS last_five
  FROM ending AS e
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
      WHEN NOT e.is_one_line AND NOT e.state IS NULL AND LENGTH(e.postal_code_raw) >= 5
      THEN e.last_part
    END AS city
  FROM last_words AS e
), located AS (
  SELECT
    p.*,
    LEFT(p.street_and_city, LENGTH(p.street_and_city) - LENGTH(COALESCE(p.city, ''))) AS before_place
  FROM placed AS p
), lined AS (
  /* A street field may end in its own city, state and ZIP; a city alone or a ZIP alone has to stand apart */
  SELECT
    l.*,
    CASE
      WHEN l.is_one_line
      THEN NOT l.state IS NULL AND NOT l.postal_code_raw IS NULL
      WHEN NOT l.city IS NULL
      OR (
        LENGTH(l.postal_code_raw) >= 5
        AND (
          NOT l.state IS NULL
          OR RIGHT(l.marked, LENGTH(l.postal_code_raw) + 2) = CONCAT('| ', l.postal_code_raw)
        )
      )
      THEN l.before_place LIKE '% _%'
      ELSE FALSE
    END AS has_place
  FROM located AS l
), streets AS (
  SELECT
    l.address_raw,
    l.is_one_line,
    l.has_place,
    CASE WHEN l.has_place THEN l.city END AS city,
    CASE WHEN l.has_place THEN l.state END AS state,
    CASE WHEN l.has_place THEN l.postal_code_raw END AS postal_code_raw,
    l.line AS whole_line,
    l.received_on,
    TRIM(CASE WHEN l.has_place THEN l.before_place ELSE l.line END) AS address_line
  FROM lined AS l
), unit_found AS (
  SELECT
    l.*,
    @address_unit(l)
  FROM streets AS l
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
  CASE
    WHEN NOT s.is_one_line AND s.has_place
    THEN TRIM(
      SUBSTRING(
        s.whole_line,
        LENGTH(CASE WHEN s.box_words = '' THEN s.house_words ELSE '' END) + 1
      )
    )
  END::TEXT AS street_whole, /* Of a street field that ends in a city, state or ZIP: all behind the house number, for a lead of another place; otherwise NULL */
  s.city::TEXT AS city, /* City of an address in one line, or of a street field that ends in one, in upper case; NULL where it is not known */
  s.state::TEXT AS state, /* State or province in the same place */
  s.postal_code_raw::TEXT AS postal_code_raw, /* ZIP in the same place, without its hyphen's blanks */
  @postal_code(s.postal_code_raw)::TEXT AS postal_code, /* ZIP of five digits; NULL where it is none */
  s.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM standardized AS s
