AUDIT (
  name muted_incidents_are_listed_in_a_loud_one
);

/* Whoever is told of the one must find the other there: nothing that is wrong is told to nobody */
SELECT
  i.incident_key,
  i.muted_by
FROM @this_model AS i
LEFT JOIN @this_model AS l
  ON l.incident_key = i.muted_by
  AND l.muted_by IS NULL
  AND l.state <> 'resolved'
  AND CONCAT(' ', l.muted_keys, ' ') LIKE CONCAT('% ', i.incident_key, ' %')
WHERE
  NOT i.muted_by IS NULL AND l.incident_key IS NULL
