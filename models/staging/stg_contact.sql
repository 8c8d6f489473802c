MODEL (
  name staging.stg_contact,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (
    contact_raw
  ),
  description 'Contact persons as delivered and whom they name: parsed once, at their first delivery. One row per distinct field of persons.',
  audits (
    NOT_NULL(columns := (
      contact_raw
    )),
    UNIQUE_VALUES(columns := (
      contact_raw
    ))
  )
);

WITH new AS (
  @new_values(contact)
), cleaned AS (
  SELECT
    n.*,
    @clean_text(n.contact_raw) AS contact_whole
  FROM new AS n
), parted AS (
  SELECT
    c.*,
    @contact_columns(c.contact_whole)
  FROM cleaned AS c
)
SELECT
  p.contact_raw::TEXT AS contact_raw, /* Field of persons as delivered; where it has a role on a further line, the first line */
  p.contact_whole::TEXT AS contact_whole, /* The same, cleaned */
  p.contact_name::TEXT AS contact_name, /* First contact person, first name first */
  p.contact_names_other::TEXT AS contact_names_other, /* Further contact persons, separated by semicolons */
  p.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM parted AS p
