AUDIT (
  name net_new_exactly_once_per_unknown_entity
);

/* One lead that is net-new or to review in an entity of live state leads only, and none in any other. */
SELECT
  entity_key,
  COUNT(*) FILTER(WHERE
    is_net_new OR match_status = 'to_review') AS leads_that_stand_for_it,
  COUNT(*) FILTER(WHERE
    is_live AND is_crm) AS salesforce_leads,
  COUNT(*) FILTER(WHERE
    is_live) AS live_leads
FROM @this_model
GROUP BY
  entity_key
HAVING
  COUNT(*) FILTER(WHERE
    is_net_new OR match_status = 'to_review') <> CASE
    WHEN COUNT(*) FILTER(WHERE
      is_live AND is_crm) = 0
    AND COUNT(*) FILTER(WHERE
      is_live) > 0
    THEN 1
    ELSE 0
  END
