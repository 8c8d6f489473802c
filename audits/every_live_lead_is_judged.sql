AUDIT (
  name every_live_lead_is_judged
);

/* A lead that is live has its outcomes, and one that is gone has none. */
SELECT
  COALESCE(l.lead_key, t.lead_key) AS lead_key,
  l.is_live
FROM intermediate.int_lead_current AS l
FULL OUTER JOIN @this_model AS t
  ON t.lead_key = l.lead_key
WHERE
  (
    l.is_live AND t.lead_key IS NULL
  )
  OR (
    NOT COALESCE(l.is_live, FALSE) AND NOT t.lead_key IS NULL
  )
