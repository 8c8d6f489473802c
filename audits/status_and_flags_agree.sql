AUDIT (
  name status_and_flags_agree
);

/* The status is the one word for a lead; each flag follows from it. */
SELECT
  *
FROM @this_model
WHERE
  (
    match_status = 'gone'
  ) = is_live
  OR (
    match_status = 'net_new'
  ) <> is_net_new
  OR (
    match_status = 'duplicate' AND is_crm
  ) <> is_duplicate_in_salesforce
  OR (
    duplicate_of_lead_key IS NULL
  ) = is_duplicate_in_salesforce
  OR (
    is_crm AND match_status IN ('net_new', 'to_review')
  )
  OR (
    has_duplicates AND NOT (
      is_crm AND match_status = 'known'
    )
  )
  OR has_duplicates <> (
    duplicate_count > 0
  )
  OR NOT confidence BETWEEN 0 AND 1
