AUDIT (
  name duplicates_name_the_oldest
);

/* Among the duplicates of an entity exactly one names no other, and all others name it. */
SELECT
  entity_key,
  COUNT(*) FILTER(WHERE
    duplicate_of_lead_key IS NULL) AS kept_leads
FROM @this_model
WHERE
  is_duplicate_in_salesforce
GROUP BY
  entity_key
HAVING
  COUNT(*) FILTER(WHERE
    duplicate_of_lead_key IS NULL) <> 1
  OR COUNT(DISTINCT duplicate_of_lead_key) <> 1
  OR COUNT(*) < 2
