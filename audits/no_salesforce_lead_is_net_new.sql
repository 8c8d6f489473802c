AUDIT (
  name no_salesforce_lead_is_net_new
);

SELECT
  *
FROM @this_model
WHERE
  is_crm AND is_net_new
