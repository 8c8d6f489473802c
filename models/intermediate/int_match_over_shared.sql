MODEL (
  name intermediate.int_match_over_shared,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (key_type, key_value),
  description 'The keys that too many leads share to tell one facility from another. A small table, so that a run finds which of them are so since yesterday, or no longer. One row per value.',
  audits (
    NOT_NULL(columns := (key_type, key_value)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (key_type, key_value))
  )
);

SELECT
  s.key_type::TEXT AS key_type, /* What the key is made of, such as phone or name_zip */
  s.key_value::TEXT AS key_value /* Its value */
FROM intermediate.int_match_key_share AS s
WHERE
  s.is_over_shared
