MODEL (
  name intermediate.int_match_candidate,
  kind FULL,
  grain (left_lead_key, right_lead_key),
  description 'Pairs of live leads that share a phone or e-mail that is not over-shared. One row per pair.',
  audits (
    NOT_NULL(columns := (left_lead_key, right_lead_key)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key))
  )
);

WITH usable AS (
  SELECT
    k.*
  FROM intermediate.int_match_key AS k
  WHERE
    NOT k.is_over_shared
)
SELECT
  a.lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  b.lead_key::TEXT AS right_lead_key, /* The other lead */
  MAX(CASE WHEN a.key_type = 'phone' THEN a.key_value END)::TEXT AS shared_phone, /* Phone that both hold */
  MAX(CASE WHEN a.key_type = 'email' THEN a.key_value END)::TEXT AS shared_email /* E-mail address that both hold */
FROM usable AS a
INNER JOIN usable AS b
  ON b.key_type = a.key_type AND b.key_value = a.key_value AND b.lead_key > a.lead_key
GROUP BY
  a.lead_key,
  b.lead_key
