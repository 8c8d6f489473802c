AUDIT (
  name key_has_its_member
);

/* Every key has its member in the dimension. */
SELECT
  t.*
FROM @this_model AS t
LEFT JOIN @dimension AS d
  ON d.@member = t.@key
WHERE
  d.@member IS NULL
