AUDIT (
  name every_validity_has_its_version
);

/* valid_from is the delivery that brought the change, so the join of validity and version loses nothing. */
SELECT
  d.lead_key,
  d.valid_from,
  d.lead_version_key
FROM dims.dim_lead_validity AS d
LEFT JOIN intermediate.int_lead_version AS v
  ON v.lead_key = d.lead_key
  AND v.received_at = d.valid_from
  AND v.lead_version_key = d.lead_version_key
WHERE
  v.lead_key IS NULL
