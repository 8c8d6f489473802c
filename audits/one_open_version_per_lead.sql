AUDIT (
  name one_open_version_per_lead
);

/* Every lead has exactly one version that holds now. */
SELECT
  lead_key,
  COUNT(*) FILTER(WHERE
    valid_to IS NULL) AS open_versions
FROM @this_model
GROUP BY
  lead_key
HAVING
  COUNT(*) FILTER(WHERE
    valid_to IS NULL) <> 1
