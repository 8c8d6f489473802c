AUDIT (
  name no_salesforce_lead_is_net_new
);

SELECT
  *
FROM @this_model
WHERE
  source_key = 'salesforce' AND is_net_new
