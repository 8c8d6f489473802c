AUDIT (
  name leads_that_are_gone_have_no_flag
);

SELECT
  *
FROM @this_model
WHERE
  NOT is_live AND (
    is_duplicate_in_salesforce OR has_duplicates OR is_net_new
  )
