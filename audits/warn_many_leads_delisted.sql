AUDIT (
  name warn_many_leads_delisted,
  blocking FALSE,
  defaults (share = 0.2, fewest = 20)
);

/* A full snapshot that drops a large share of what the one before listed is rather cut short than true. */
WITH delisted AS (
  SELECT
    source_key,
    received_at,
    COUNT(*) AS leads_delisted
  FROM @this_model
  WHERE
    NOT is_listed
  GROUP BY
    source_key,
    received_at
)
SELECT
  n.source_key,
  n.received_at,
  n.leads_delisted,
  p.rows_loaded AS rows_before
FROM delisted AS n
INNER JOIN intermediate.int_delivery AS d
  ON d.source_key = n.source_key AND d.received_at = n.received_at
INNER JOIN intermediate.int_delivery AS p
  ON p.file_id = d.previous_file_id
WHERE
  n.leads_delisted >= @fewest AND n.leads_delisted > @share * p.rows_loaded
