MODEL (
  name intermediate.int_match_key,
  kind VIEW,
  grain (lead_key, key_type, key_value),
  ignored_rules ['nomissingaudits'],
  description 'What a live lead can be found by, with how many leads share each. A key that too many share is kept and marked: it is not joined, and a contact identifies nobody then. A view: keys and how many share them are each kept once, and audited there. One row per live lead and key.'
);

SELECT
  k.lead_number::BIGINT AS lead_number, /* Number of the lead, made from its key */
  k.lead_key::TEXT AS lead_key, /* Lead that holds the key */
  k.source_key::TEXT AS source_key, /* Source of the lead */
  k.key_type::TEXT AS key_type, /* What the key is made of, such as phone or name_zip */
  k.key_form::TEXT AS key_form, /* Which of the lead's values of that type it is: a phone may be its mobile */
  k.key_value::TEXT AS key_value, /* Its value */
  COALESCE(s.leads_sharing, 1)::BIGINT AS leads_sharing, /* Live leads that share it in the source where it is shared most */
  COALESCE(s.facilities_sharing, 1)::BIGINT AS facilities_sharing, /* Facilities that share it in the source where most do, as far as addresses and names tell them apart */
  COALESCE(s.leads_holding, 1)::BIGINT AS leads_holding, /* Live leads that hold it in all sources together: with one alone it joins no pair */
  COALESCE(s.licenses_sharing, CASE WHEN k.is_crm THEN 0 ELSE 1 END)::BIGINT AS licenses_sharing, /* Licences that share it in the state where most do: from 2 on it tells an operator, not a site */
  COALESCE(s.is_over_shared, FALSE)::BOOLEAN AS is_over_shared /* Whether more leads share it than a key may have: it joins no pair then */
FROM intermediate.int_match_lead_key AS k
LEFT JOIN intermediate.int_match_key_share AS s
  ON s.key_type = k.key_type AND s.key_value = k.key_value
