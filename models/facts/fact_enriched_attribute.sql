MODEL (
  name facts.fact_enriched_attribute,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
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

WITH touched AS (
  SELECT
    e.entity_key
  FROM intermediate.int_entity AS e
  UNION
  SELECT
    e.entity_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = c.lead_key
  UNION
  /* Whose contact too many share now, or no longer */
  SELECT
    e.entity_key
  FROM intermediate.int_match_over_shared AS o
  INNER JOIN intermediate.int_match_lead_key AS k
    ON k.key_type = o.key_type AND k.key_value = o.key_value
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = k.lead_key
), source AS (
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
), member AS (
  /* A facility by a number too, for what its leads tell is sorted */
  SELECT
    e.lead_key,
    e.entity_key,
    @text_number(e.entity_key, 18) AS entity_number
  FROM intermediate.int_entity AS e
  WHERE
    e.entity_size > 1 AND @is_touched(e.entity_key)
), entity AS (
  SELECT
    m.entity_number,
    m.entity_key,
    COALESCE(BOOL_OR(l.is_crm::BOOLEAN), FALSE) AS is_in_salesforce
  FROM member AS m
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
  GROUP BY
    m.entity_number,
    m.entity_key
), lead AS (
  /* A lead that has not changed since it first came is as old as its licence, not as its delivery */
  SELECT
    m.entity_number,
    l.*,
    COALESCE(
      l.source_modified_at,
      CASE
        WHEN l.received_at = l.first_received_at
        THEN l.license_issued_on::TIMESTAMPTZ
      END,
      l.received_at
    ) AS as_of
  FROM member AS m
  INNER JOIN intermediate.int_lead_current AS l
    ON l.lead_key = m.lead_key
), stated AS (
  /* What an attribute is, is declared in lead_enrichment/golden_record.py. A phone or e-mail address that is not valid is NULL */
  SELECT
    l.entity_number,
    l.lead_key,
    l.is_crm,
    l.as_of,
    r.attribute,
    r.rule,
    r.authority_rank,
    CASE WHEN @golden_is_usable(r.attribute, l) THEN @golden_value(r.attribute, l) END AS value,
    @golden_key_type(r.attribute) AS key_type,
    @golden_is_partial(r.attribute, l) AS is_partial
  FROM lead AS l
  INNER JOIN ranked_source AS r
    ON r.source_key = l.source_key
), over_shared AS (
  SELECT
    o.key_type,
    o.key_value
  FROM intermediate.int_match_over_shared AS o
), ranked AS (
  /* By numbers and without what follows from lead or attribute, for all this is sorted */
  SELECT
    s.entity_number,
    s.attribute,
    s.lead_key,
    s.is_crm,
    s.as_of,
    s.value,
    s.is_partial,
    UPPER(REGEXP_REPLACE(s.value, '[^A-Za-z0-9]', '', 'g')) AS plain_value, /* Case and punctuation contradict nothing */
    NOT o.key_value IS NULL AS is_over_shared,
    ROW_NUMBER() OVER (
      PARTITION BY s.entity_number, s.attribute
      ORDER BY NOT o.key_value IS NULL, s.is_partial, CASE WHEN s.rule = 'authority' THEN s.authority_rank END, s.as_of DESC, s.authority_rank, s.lead_key
    ) AS place
  FROM stated AS s
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
    w.entity_number,
    w.attribute,
    COUNT(*) AS leads,
    COUNT(*) FILTER(WHERE
      l.is_crm) AS leads_in_salesforce,
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
    ON l.entity_number = w.entity_number AND l.attribute = w.attribute AND l.place > 1
  GROUP BY
    w.entity_number,
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
    e.is_in_salesforce AND NOT w.is_crm AND COALESCE(l.leads_in_salesforce, 0) = 0
  )::BOOLEAN AS is_filled_from_state /* Whether a state tells what no Salesforce lead of the facility does */
FROM winner AS w
INNER JOIN entity AS e
  ON e.entity_number = w.entity_number
INNER JOIN seeds.survivorship AS r
  ON r.attribute = w.attribute
LEFT JOIN loser AS l
  ON l.entity_number = w.entity_number AND l.attribute = w.attribute
