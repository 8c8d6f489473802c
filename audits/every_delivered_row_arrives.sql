AUDIT (
  name every_delivered_row_arrives
);

/* Staging's own audit compares it with bronze, for the days that were built; this follows a delivery from there on. */
SELECT
  CONCAT(
    r.file_name,
    ': ',
    r.broken_link,
    ' does not add up. Of ',
    r.rows_delivered,
    ' rows ',
    r.rows_loaded,
    ' were loaded and ',
    r.rows_rejected,
    ' rejected; bronze holds ',
    r.rows_in_bronze,
    ', staging ',
    r.rows_in_staging,
    '. They name ',
    r.leads_in_staging,
    ' leads, ',
    r.leads_with_version,
    ' of them with a version, ',
    r.leads_current,
    ' current.'
  ) AS message,
  r.file_id,
  r.broken_link
FROM @this_model AS r
WHERE
  NOT r.broken_link IS NULL
