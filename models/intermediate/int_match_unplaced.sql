MODEL (
  name intermediate.int_match_unplaced,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    house
  ),
  description 'The houses that some live lead names without saying in which place they are: only these are looked up by house and street alone. One row per house and street.',
  audits (NOT_NULL(columns := (
      house
    )), UNIQUE_VALUES(columns := (
      house
  )))
);

SELECT DISTINCT
  @house_of(l)::TEXT AS house /* House number and street */
FROM intermediate.int_match_lead AS l
WHERE
  l.postal_code IS NULL AND l.city IS NULL AND NOT @house_of(l) IS NULL
