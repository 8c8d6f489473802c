AUDIT (
  name enriched_lead_shows_what_survived
);

/* What the golden record shows is what survived, where an attribute is one column. */
SELECT
  a.entity_key,
  a.attribute,
  a.value
FROM facts.fact_enriched_attribute AS a
LEFT JOIN @this_model AS t
  ON t.entity_key = a.entity_key
WHERE
  NOT COALESCE(
    a.value = CASE a.attribute
      WHEN 'name'
      THEN t.name
      WHEN 'contact'
      THEN t.contact_name
      WHEN 'phone'
      THEN t.phone_e164
      WHEN 'mobile'
      THEN t.mobile_e164
      WHEN 'email'
      THEN t.email
      WHEN 'website'
      THEN t.website_domain
      WHEN 'capacity'
      THEN t.capacity::TEXT
      WHEN 'enrollment'
      THEN t.enrollment::TEXT
      WHEN 'stars'
      THEN t.star_level::TEXT
      WHEN 'campaign'
      THEN t.lead_source
      ELSE a.value
    END,
    FALSE
  )
