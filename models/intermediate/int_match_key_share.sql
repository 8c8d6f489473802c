MODEL (
  name intermediate.int_match_key_share,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (key_type, key_value),
  description 'How many leads share each key that more than one live lead holds. One that too many share is kept and marked: it joins no pair, and a contact identifies nobody then. One row per key that leads share.',
  audits (
    NOT_NULL(
      columns := (
        key_type,
        key_value,
        leads_sharing,
        facilities_sharing,
        leads_holding,
        licenses_sharing,
        is_over_shared
      )
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (key_type, key_value))
  )
);

WITH touched AS (
  SELECT
    k.key_type,
    k.key_value
  FROM intermediate.int_match_lead_key AS k
), fan_out AS (
  SELECT
    k.key_type,
    k.key_value,
    k.source_key,
    k.is_crm,
    COUNT(*) AS leads,
    MAX(k.name_bits) AS name_bits
  FROM intermediate.int_match_lead_key AS k
  WHERE
    (k.key_type, k.key_value) IN (
      SELECT
        t.key_type,
        t.key_value
      FROM touched AS t
    )
  GROUP BY
    k.key_type,
    k.key_value,
    k.source_key,
    k.is_crm
), copied AS (
  /* Only leads of the CRM are copies of each other, so only what several of them hold is looked into */
  SELECT
    k.key_type,
    k.key_value,
    COUNT(DISTINCT k.facility) AS facilities
  FROM intermediate.int_match_lead_key AS k
  INNER JOIN fan_out AS f
    ON f.key_type = k.key_type
    AND f.key_value = k.key_value
    AND f.source_key = k.source_key
  WHERE
    k.is_crm AND f.leads > 1
  GROUP BY
    k.key_type,
    k.key_value
), most_shared AS (
  SELECT
    f.key_type,
    f.key_value,
    MAX(f.leads) AS leads,
    MAX(CASE WHEN f.is_crm THEN COALESCE(c.facilities, f.leads) ELSE f.leads END) AS facilities,
    SUM(f.leads) AS leads_in_all,
    MAX(CASE WHEN f.is_crm THEN 0 ELSE f.leads END) AS licenses,
    MAX(f.name_bits) AS name_bits
  FROM fan_out AS f
  LEFT JOIN copied AS c
    ON c.key_type = f.key_type AND c.key_value = f.key_value
  GROUP BY
    f.key_type,
    f.key_value
  HAVING
    SUM(f.leads) > 1
)
SELECT
  m.key_type::TEXT AS key_type, /* What the key is made of, such as phone or name_zip */
  m.key_value::TEXT AS key_value, /* Its value */
  m.leads::BIGINT AS leads_sharing, /* Live leads that share it in the source where it is shared most */
  m.facilities::BIGINT AS facilities_sharing, /* Facilities that share it in the source where most do, as far as addresses and names tell them apart */
  m.leads_in_all::BIGINT AS leads_holding, /* Live leads that hold it in all sources together */
  m.licenses::BIGINT AS licenses_sharing, /* Licences that share it in the state where most do: from 2 on it tells an operator, not a site */
  (
    m.leads_in_all > @max_leads_of_key
    OR COALESCE(m.key_type = 'name_state' AND m.name_bits < t.lead_bits + 2, FALSE)
    OR m.facilities > CASE
      WHEN m.key_type IN ('phone', 'email', 'domain', 'street_alone', 'name_word')
      THEN @max_shared_contact
      WHEN m.key_type = 'name_state'
      THEN @max_shared_name
      ELSE @max_shared_key
    END
  )::BOOLEAN AS is_over_shared /* Whether more leads share it than a key may have: it joins no pair then */
FROM most_shared AS m
CROSS JOIN intermediate.int_match_size AS t
