MODEL (
  name marts.search_posting,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner lead_enrichment,
  grain (term, lead_number),
  description 'In which leads each search term stands, in the order of the terms, so that a reader skips what does not hold the one it looks for. For the search of the web app. Example query: SELECT lead_number FROM marts.search_posting WHERE term = ''ACADEMY'' LIMIT 3. One row per term and lead.',
  audits (
    NOT_NULL(columns := (term, lead_number))
  )
);

WITH touched AS (
  SELECT
    l.lead_number
  FROM marts.search_lead AS l
), lead AS (
  SELECT
    l.lead_number,
    l.terms
  FROM marts.search_lead AS l
  WHERE
    @is_touched(l.lead_number)
)
SELECT
  t.term::TEXT AS term, /* A term of marts.search_lead */
  l.lead_number::BIGINT AS lead_number /* Number of the lead in marts.search_lead */
FROM lead AS l
CROSS JOIN UNNEST(LIST_DISTINCT(STR_SPLIT(l.terms, ' '))) AS t(term)
WHERE
  t.term <> ''
ORDER BY
  1,
  2
