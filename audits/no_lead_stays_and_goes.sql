AUDIT (
  name no_lead_stays_and_goes
);

/* Whoever merges from the top of the list would merge into a lead that is gone. */
SELECT
  k.lead_key
FROM @this_model AS d
INNER JOIN @this_model AS k
  ON k.lead_key = d.keep_lead_key
