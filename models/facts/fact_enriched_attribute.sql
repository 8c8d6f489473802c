MODEL (
  name facts.fact_enriched_attribute,
  kind FULL,
  grain (entity_key, attribute),
  description 'Which of its leads a facility with several takes each attribute from: the value that survived, the rule, and the values that lost. Where a facility has one lead, that lead is all there is, and no row here. One row per entity with several live leads and attribute that one of them tells.',
  audits (
    NOT_NULL(
      columns := (
        entity_key,
        attribute,
        value,
        lead_key,
        source_key,
        as_of,
        rule,
        reason,
        has_conflict,
        is_filled_from_state
      )
    ),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (entity_key, attribute))
  )
);

WITH source AS (
  @contract_sources()
), ranked_source AS (
  /* How much the word of a source counts for an attribute */
  SELECT
    s.source_key,
    r.attribute,
    r.rule,
    CASE r.authority
      WHEN 'identity'
      THEN s.identity_authority
      WHEN 'license'
      THEN s.license_authority
      WHEN 'contact'
      THEN s.contact_authority
      ELSE s.sales_authority
    END AS authority_rank
  FROM seeds.survivorship AS r
  CROSS JOIN source AS s
), entity AS (
  SELECT
    c.cluster_number,
    e.entity_key,
    COALESCE(BOOL_OR(CAST(m.source_key = 'salesforce' AS BOOLEAN)), FALSE) AS is_in_salesforce
  FROM intermediate.int_match_cluster AS c
  INNER JOIN intermediate.int_match_lead AS m
    ON m.lead_number = c.lead_number
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = m.lead_key
  GROUP BY
    c.cluster_number,
    e.entity_key
), lead AS (
  /* A lead that has not changed since it first came is as old as its licence, not as its delivery */
  SELECT
    c.cluster_number,
    l.*,
    COALESCE(
      l.source_modified_at,
      CASE
        WHEN l.received_at = l.first_received_at
        THEN l.license_issued_on::TIMESTAMPTZ
      END,
      l.received_at
    ) AS as_of
  FROM intermediate.int_match_cluster AS c
  INNER JOIN intermediate.int_match_lead AS m
    ON m.lead_number = c.lead_number
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
), said AS (
  /* A phone or e-mail address that is not valid says nothing, nor does one that mail came back from */
  SELECT
    l.cluster_number,
    l.lead_key,
    l.as_of,
    r.attribute,
    r.rule,
    r.authority_rank,
    CASE r.attribute
      WHEN 'name'
      THEN l.name
      WHEN 'contact'
      THEN l.contact_name
      WHEN 'phone'
      THEN l.phone_e164
      WHEN 'mobile'
      THEN l.mobile_e164
      WHEN 'email'
      THEN CASE
        WHEN COALESCE(l.email_bounced_reason, l.email_bounced_on::TEXT) IS NULL
        THEN l.email
      END
      WHEN 'website'
      THEN l.website_domain
      WHEN 'address'
      THEN @join_text(' ', l.house_number, l.street, l.unit, l.city, l.state, l.postal_code)
      WHEN 'license'
      THEN @join_text(' ', l.license_number, l.license_type, l.license_status)
      WHEN 'capacity'
      THEN l.capacity::TEXT
      WHEN 'enrollment'
      THEN l.enrollment::TEXT
      WHEN 'ages'
      THEN @join_text(
        ' ',
        CASE WHEN l.serves_infants THEN 'infants' END,
        CASE WHEN l.serves_toddlers THEN 'toddlers' END,
        CASE WHEN l.serves_preschool THEN 'preschool' END,
        CASE WHEN l.serves_school_age THEN 'school_age' END
      )
      WHEN 'subsidy'
      THEN CASE
        WHEN l.accepts_subsidy
        THEN 'taken'
        WHEN NOT l.accepts_subsidy
        THEN 'not taken'
      END
      WHEN 'stars'
      THEN l.star_level::TEXT
      WHEN 'stage'
      THEN @join_text(
        ', ',
        l.lead_status,
        CASE WHEN l.outreach_stage <> l.lead_status THEN l.outreach_stage END
      )
      WHEN 'campaign'
      THEN l.lead_source
      WHEN 'conversion'
      THEN CASE
        WHEN l.is_converted
        THEN 'converted'
        WHEN NOT l.is_converted
        THEN 'not converted'
      END
    END AS value,
    CASE r.attribute
      WHEN 'phone'
      THEN 'phone'
      WHEN 'mobile'
      THEN 'phone'
      WHEN 'email'
      THEN 'email'
    END AS key_type,
    CASE r.attribute
      WHEN 'contact'
      THEN NOT l.contact_name LIKE '% %'
      WHEN 'address'
      THEN l.street IS NULL OR COALESCE(l.city, l.postal_code) IS NULL
      WHEN 'conversion'
      THEN NOT l.is_converted
      ELSE FALSE
    END AS is_partial
  FROM lead AS l
  INNER JOIN ranked_source AS r
    ON r.source_key = l.source_key
), over_shared AS (
  SELECT DISTINCT
    k.key_type,
    k.key_value
  FROM intermediate.int_match_key AS k
  WHERE
    k.is_over_shared
), ranked AS (
  /* By numbers and without what follows from lead or attribute, for all this is sorted */
  SELECT
    s.cluster_number,
    s.attribute,
    s.lead_key,
    s.as_of,
    s.value,
    s.is_partial,
    UPPER(REGEXP_REPLACE(s.value, '[^A-Za-z0-9]', '', 'g')) AS plain_value, /* Case and punctuation contradict nothing */
    NOT o.key_value IS NULL AS is_over_shared,
    ROW_NUMBER() OVER (
      PARTITION BY s.cluster_number, s.attribute
      ORDER BY NOT o.key_value IS NULL, s.is_partial, CASE WHEN s.rule = 'authority' THEN s.authority_rank END, s.as_of DESC, s.authority_rank, s.lead_key
    ) AS place
  FROM said AS s
  LEFT JOIN over_shared AS o
    ON o.key_type = s.key_type AND o.key_value = s.value
  WHERE
    NOT s.value IS NULL
), winner AS (
  SELECT
    r.*
  FROM ranked AS r
  WHERE
    r.place = 1
), loser AS (
  /* Sorted as text, for Spark joins texts in no other order */
  SELECT
    w.cluster_number,
    w.attribute,
    COUNT(*) AS leads,
    COUNT(*) FILTER(WHERE
      l.lead_key LIKE 'salesforce:%') AS leads_in_salesforce,
    COUNT(*) FILTER(WHERE
      l.plain_value <> w.plain_value) AS leads_that_differ,
    COUNT(*) FILTER(WHERE
      l.plain_value <> w.plain_value AND NOT l.is_over_shared AND NOT l.is_partial) AS leads_that_contradict,
    ARRAY_TO_STRING(
      LIST_SORT(
        ARRAY_AGG(
          CONCAT(
            l.lead_key,
            ' = ',
            l.value,
            CASE WHEN l.is_over_shared THEN ' (too many share it)' ELSE '' END
          )
        ) FILTER(WHERE
          l.plain_value <> w.plain_value)
      ),
      '; '
    ) AS losing_values
  FROM winner AS w
  INNER JOIN ranked AS l
    ON l.cluster_number = w.cluster_number AND l.attribute = w.attribute AND l.place > 1
  GROUP BY
    w.cluster_number,
    w.attribute
)
SELECT
  e.entity_key::TEXT AS entity_key, /* Facility */
  w.attribute::TEXT AS attribute, /* What is told of it, as in seeds.survivorship */
  w.value::TEXT AS value, /* The value that survived, in one line */
  w.lead_key::TEXT AS lead_key, /* Lead that it comes from */
  SPLIT_PART(w.lead_key, ':', 1)::TEXT AS source_key, /* Source of that lead */
  w.as_of::TIMESTAMPTZ AS as_of, /* When that lead was last changed by its source; of a licence that has not changed since it first came, its issue */
  r.rule::TEXT AS rule, /* Rule of seeds.survivorship that counted */
  CASE
    WHEN COALESCE(l.leads, 0) = 0
    THEN 'no other lead tells it'
    WHEN l.leads_that_differ = 0
    THEN 'the leads agree'
    WHEN w.is_over_shared
    THEN 'too many leads share each value; the newest of them'
    WHEN l.leads_that_contradict = 0
    THEN 'the only one that is complete and that few share'
    WHEN r.rule = 'authority'
    THEN CONCAT('rank of the source for ', r.authority, ', then the newest')
    ELSE 'the newest that few share'
  END::TEXT AS reason, /* Why it survived, in plain English */
  NULLIF(l.losing_values, '')::TEXT AS losing_values, /* What other leads say instead, each with its lead; NULL where none says otherwise */
  COALESCE(l.leads_that_contradict > 0, FALSE)::BOOLEAN AS has_conflict, /* Whether another lead contradicts it by a value that is complete and that few share */
  (
    e.is_in_salesforce
    AND NOT w.lead_key LIKE 'salesforce:%'
    AND COALESCE(l.leads_in_salesforce, 0) = 0
  )::BOOLEAN AS is_filled_from_state /* Whether a state tells what no Salesforce lead of the facility does */
FROM winner AS w
INNER JOIN entity AS e
  ON e.cluster_number = w.cluster_number
INNER JOIN seeds.survivorship AS r
  ON r.attribute = w.attribute
LEFT JOIN loser AS l
  ON l.cluster_number = w.cluster_number AND l.attribute = w.attribute
