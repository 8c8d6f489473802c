MODEL (
  name intermediate.int_match_name,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_number
  ),
  description 'The words of a lead''s name, each with how rare it is: what a shared word tells. Abbreviations are one word with what they stand for, and a plural with its singular. One row per live lead with a name.',
  audits (
    NOT_NULL(columns := (lead_number, name_words, name_bits)),
    UNIQUE_VALUES(columns := (
      lead_number
    ))
  )
);

WITH lead AS (
  SELECT
    l.lead_number,
    l.name_normal,
    @facility_of(l, l.name_normal) AS facility
  FROM intermediate.int_match_lead AS l
  WHERE
    NOT l.name_normal IS NULL
), name AS (
  SELECT DISTINCT
    l.name_normal
  FROM lead AS l
), written AS (
  SELECT
    n.name_normal,
    w.word
  FROM name AS n
  CROSS JOIN UNNEST(STR_SPLIT(n.name_normal, ' ')) AS w(word)
), standard AS (
  SELECT
    w.name_normal,
    COALESCE(s.standard, w.word) AS words
  FROM written AS w
  LEFT JOIN seeds.name_word AS s
    ON s.word = w.word
), single AS (
  SELECT
    s.name_normal,
    w.word
  FROM standard AS s
  CROSS JOIN UNNEST(STR_SPLIT(s.words, ' ')) AS w(word)
), word AS (
  /* KIDS and KIDZ are KID; a letter alone is an initial, and tells nothing */
  SELECT DISTINCT
    s.name_normal,
    COALESCE(NULLIF(REGEXP_EXTRACT(s.word, '^(.{2,}[^S])[SZ]$', 1), ''), s.word) AS word
  FROM single AS s
  WHERE
    NOT REGEXP_MATCHES(s.word, '^([A-Z]|AND|AT|FOR|IN|OF|ON|THE)?$')
), total AS (
  SELECT
    COUNT(DISTINCT l.facility) AS facilities
  FROM lead AS l
), spread AS (
  SELECT
    w.word,
    COUNT(DISTINCT l.facility) AS facilities
  FROM word AS w
  INNER JOIN lead AS l
    ON l.name_normal = w.name_normal
  GROUP BY
    w.word
), rarity AS (
  /* The number of the word with its bits behind it: so a list of numbers tells how much two names share. 17 digits are
  56 bits */
  SELECT
    s.word,
    @text_number(s.word, 17) * 32 + LEAST(ROUND(LN(t.facilities / s.facilities) / LN(2)), 31)::BIGINT AS word_number
  FROM spread AS s
  CROSS JOIN total AS t
), ranked AS (
  SELECT
    w.name_normal,
    r.word_number,
    ROW_NUMBER() OVER (PARTITION BY w.name_normal ORDER BY r.word_number % 32 DESC, r.word) AS place
  FROM word AS w
  INNER JOIN rarity AS r
    ON r.word = w.word
), listed AS (
  SELECT
    r.name_normal,
    LIST_SORT(ARRAY_AGG(r.word_number)) AS name_words,
    SUM(r.word_number % 32) AS name_bits,
    MAX(CASE WHEN r.place = 1 AND r.word_number % 32 >= 4 THEN r.word_number END) AS rare_word,
    MAX(CASE WHEN r.place = 2 AND r.word_number % 32 >= 4 THEN r.word_number END) AS other_rare_word
  FROM ranked AS r
  GROUP BY
    r.name_normal
)
SELECT
  l.lead_number::BIGINT AS lead_number, /* Number of the lead, made from its key */
  s.name_words::BIGINT[] AS name_words, /* Each word once, as a number made from the word: the last five binary digits are its bits */
  s.name_bits::BIGINT AS name_bits, /* Bits of all words together */
  s.rare_word::BIGINT AS rare_word, /* Its rarest word, where it is rare enough to find others by */
  s.other_rare_word::BIGINT AS other_rare_word /* The one after it */
FROM lead AS l
INNER JOIN listed AS s
  ON s.name_normal = l.name_normal
