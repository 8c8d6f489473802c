AUDIT (
  name every_attribute_is_declared
);

/* An attribute with a rule that lead_enrichment/golden_record.py does not know would have no value. */
SELECT
  attribute
FROM @this_model
WHERE
  NOT attribute IN @golden_attributes()
