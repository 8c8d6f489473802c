MODEL (
  name intermediate.int_match_key,
  kind FULL,
  grain (lead_key, key_type, key_value),
  description 'The phones and e-mails by which a live lead can be matched, with how many leads share each. Invalid values and placeholders are no keys. One row per live lead and key.',
  audits (
    NOT_NULL(columns := (lead_key, key_type, key_value, is_over_shared)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, key_type, key_value)),
    ACCEPTED_VALUES("column" := key_type, is_in := ('phone', 'email'))
  )
);

WITH live AS (
  SELECT
    l.*
  FROM intermediate.int_lead_current AS l
  WHERE
    l.is_live
), keyed AS (
  SELECT
    l.lead_key,
    l.source_key,
    'phone' AS key_type,
    l.phone_e164 AS key_value
  FROM live AS l
  WHERE
    NOT l.phone_e164 IS NULL AND l.phone_reason IS NULL
  UNION
  SELECT
    l.lead_key,
    l.source_key,
    'phone' AS key_type,
    l.mobile_e164 AS key_value
  FROM live AS l
  WHERE
    NOT l.mobile_e164 IS NULL AND l.mobile_reason IS NULL
  UNION
  SELECT
    l.lead_key,
    l.source_key,
    'email' AS key_type,
    l.email AS key_value
  FROM live AS l
  WHERE
    NOT l.email IS NULL AND l.email_reason IS NULL
), fan_out AS (
  SELECT
    k.key_type,
    k.key_value,
    k.source_key,
    COUNT(*) AS leads
  FROM keyed AS k
  GROUP BY
    k.key_type,
    k.key_value,
    k.source_key
), most_shared AS (
  SELECT
    f.key_type,
    f.key_value,
    MAX(f.leads) AS leads
  FROM fan_out AS f
  GROUP BY
    f.key_type,
    f.key_value
)
SELECT
  k.lead_key::TEXT AS lead_key, /* Lead that holds the key */
  k.source_key::TEXT AS source_key, /* Source of the lead */
  k.key_type::TEXT AS key_type, /* phone or email */
  k.key_value::TEXT AS key_value, /* Phone in E.164, or e-mail address */
  m.leads::BIGINT AS leads_sharing, /* Live leads that share it in the source where it is shared most */
  (
    m.leads > @max_shared_contact
  )::BOOLEAN AS is_over_shared /* Whether more leads share it than a key may have; then it identifies nobody */
FROM keyed AS k
INNER JOIN most_shared AS m
  ON m.key_type = k.key_type AND m.key_value = k.key_value
