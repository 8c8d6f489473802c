AUDIT (
  name duplicates_name_the_oldest
);

/* Of several live Salesforce leads of an entity the oldest is kept and counts the others; these are duplicates and name it. No other lead does. */
WITH aged AS (
  SELECT
    t.lead_key,
    t.entity_key,
    t.is_duplicate_in_salesforce,
    t.duplicate_of_lead_key,
    t.has_duplicates,
    t.duplicate_count,
    t.is_live AND t.is_crm AS is_counted,
    l.born_at
  FROM @this_model AS t
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = t.lead_key
), placed AS (
  SELECT
    a.*,
    COUNT(*) OVER (PARTITION BY a.entity_key, a.is_counted) AS leads,
    FIRST_VALUE(a.lead_key) OVER (PARTITION BY a.entity_key, a.is_counted ORDER BY a.born_at, a.lead_key) AS oldest_lead_key
  FROM aged AS a
)
SELECT
  *
FROM placed
WHERE
  is_duplicate_in_salesforce <> (
    is_counted AND lead_key <> oldest_lead_key
  )
  OR duplicate_of_lead_key IS DISTINCT FROM CASE WHEN is_counted THEN NULLIF(oldest_lead_key, lead_key) END
  OR has_duplicates <> (
    is_counted AND lead_key = oldest_lead_key AND leads > 1
  )
  OR duplicate_count <> CASE WHEN is_counted AND lead_key = oldest_lead_key THEN leads - 1 ELSE 0 END
