MODEL (
  name marts.search_key,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner lead_enrichment,
  grain (search_key, term),
  description 'By what each search term is found: by itself, by parts of it that people type (the local phone number, both sides of an e-mail address), and by its two halves, marked < and >, one of which is right where somebody mistypes the other. For the search of the web app, which looks for a word with a typo by the halves and compares the few terms that it finds. Example query: SELECT term, leads FROM marts.search_key WHERE search_key = ''<ACA''. One row per key and term.',
  audits (
    NOT_NULL(columns := (search_key, term, leads)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (search_key, term))
  )
);

WITH touched AS (
  SELECT
    p.term
  FROM marts.search_posting AS p
), term AS (
  SELECT
    p.term,
    COUNT(*) AS leads,
    LENGTH(p.term)::INT AS letters,
    p.term LIKE '%@%' AS is_email,
    LENGTH(p.term) = 10 AND REGEXP_REPLACE(p.term, '[0-9]', '', 'g') = '' AS is_phone
  FROM marts.search_posting AS p
  WHERE
    @is_touched(p.term)
  GROUP BY
    p.term
), keyed AS (
  SELECT
    t.term,
    t.leads,
    k.search_key
  FROM term AS t
  CROSS JOIN UNNEST(LIST_DISTINCT(
    [
      t.term,
      CASE
        WHEN t.letters > 3
        THEN CONCAT('<', SUBSTRING(t.term, 1, FLOOR(t.letters / 2)::INT))
        ELSE t.term
      END,
      CASE
        WHEN t.letters > 3
        THEN CONCAT('>', RIGHT(t.term, FLOOR(t.letters / 2)::INT))
        ELSE t.term
      END,
      CASE
        WHEN t.is_phone
        THEN RIGHT(t.term, 7)
        WHEN t.is_email
        THEN REGEXP_REPLACE(t.term, '@.*$', '', 'g')
        ELSE t.term
      END,
      CASE WHEN t.is_email THEN REGEXP_REPLACE(t.term, '^.*@', '', 'g') ELSE t.term END
    ]
  )) AS k(search_key)
)
SELECT
  k.search_key::TEXT AS search_key, /* What a reader looks for; a half begins with < where it is the first, with > where it is the last */
  k.term::TEXT AS term, /* Term that it finds */
  k.leads::BIGINT AS leads /* Leads in which the term stands */
FROM keyed AS k
WHERE
  k.search_key <> ''
ORDER BY
  1,
  3 DESC,
  2
