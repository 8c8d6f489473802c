AUDIT (
  name net_new_exactly_once_per_unknown_entity
);

/* One net-new lead in an entity of live state leads only, and none in any other. */
SELECT
  entity_key,
  COUNT(*) FILTER(WHERE
    is_net_new) AS net_new_leads,
  COUNT(*) FILTER(WHERE
    is_live AND is_crm) AS salesforce_leads,
  COUNT(*) FILTER(WHERE
    is_live) AS live_leads
FROM @this_model
GROUP BY
  entity_key
HAVING
  COUNT(*) FILTER(WHERE
    is_net_new) <> CASE
    WHEN COUNT(*) FILTER(WHERE
      is_live AND is_crm) = 0
    AND COUNT(*) FILTER(WHERE
      is_live) > 0
    THEN 1
    ELSE 0
  END
