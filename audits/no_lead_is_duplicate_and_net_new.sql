AUDIT (
  name no_lead_is_duplicate_and_net_new
);

SELECT
  *
FROM @this_model
WHERE
  is_duplicate_in_salesforce AND is_net_new
