MODEL (
  name quality.lead_score,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  description 'The quality of each live lead, from 0 to 100: 100 times the weight of the rules that it passes, by the weight of all that apply to it. What it lacks is told by dimension, and as the rules that fail. One row per live lead.',
  audits (
    NOT_NULL(columns := (lead_key, score, applicable_weight, failed_weight)),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    POINTS_ADD_UP_TO_THE_SCORE
  )
);

WITH touched AS (
  SELECT
    o.lead_key
  FROM quality.lead_outcome AS o
), pattern AS (
  /* Leads with the same outcomes have the same score: there are far fewer combinations than leads */
  SELECT DISTINCT
    o.source_key,
    o.outcomes
  FROM quality.lead_outcome AS o
  WHERE
    @is_touched(o.lead_key)
), letter AS (
  SELECT
    p.source_key,
    p.outcomes,
    r.dimension,
    r.weight,
    r.description,
    SUBSTRING(p.outcomes, r.position, 1) AS letter
  FROM pattern AS p
  INNER JOIN quality.rule AS r
    ON r.source_key IN ('', p.source_key)
), weighed AS (
  SELECT
    l.source_key,
    l.outcomes,
    SUM(CASE WHEN l.letter IN ('p', 'f') THEN l.weight ELSE 0 END) AS applicable_weight,
    SUM(CASE WHEN l.letter = 'f' THEN l.weight ELSE 0 END) AS failed_weight,
    SUM(
      CASE WHEN l.letter = 'f' AND l.dimension = 'completeness' THEN l.weight ELSE 0 END
    ) AS completeness,
    SUM(CASE WHEN l.letter = 'f' AND l.dimension = 'validity' THEN l.weight ELSE 0 END) AS validity,
    SUM(CASE WHEN l.letter = 'f' AND l.dimension = 'uniqueness' THEN l.weight ELSE 0 END) AS uniqueness,
    SUM(
      CASE WHEN l.letter = 'f' AND l.dimension = 'consistency' THEN l.weight ELSE 0 END
    ) AS consistency,
    SUM(CASE WHEN l.letter = 'f' AND l.dimension = 'timeliness' THEN l.weight ELSE 0 END) AS timeliness,
    SUM(CASE WHEN l.letter = 'f' AND l.dimension = 'accuracy' THEN l.weight ELSE 0 END) AS accuracy,
    SUM(CASE WHEN l.letter = 'f' THEN 1 ELSE 0 END) AS failed_rules,
    ARRAY_TO_STRING(LIST_SORT(ARRAY_AGG(l.description) FILTER(WHERE
      l.letter = 'f')), '; ') AS failed_in_words
  FROM letter AS l
  GROUP BY
    l.source_key,
    l.outcomes
), scored AS (
  SELECT
    w.*,
    COALESCE(100 / NULLIF(w.applicable_weight, 0), 0) AS points_of_weight /* Where no rule applies there is nothing to lose */
  FROM weighed AS w
)
SELECT
  o.lead_key::TEXT AS lead_key, /* Lead */
  o.source_key::TEXT AS source_key, /* Source of the lead */
  (
    100 - s.failed_weight * s.points_of_weight
  )::DOUBLE AS score, /* 0 to 100: 100 less the points that are lost */
  s.applicable_weight::DOUBLE AS applicable_weight, /* Weight of all rules that apply to the lead */
  s.failed_weight::DOUBLE AS failed_weight, /* Weight of those that it fails */
  (
    s.completeness * s.points_of_weight
  )::DOUBLE AS completeness_points, /* Points lost because something is missing */
  (
    s.validity * s.points_of_weight
  )::DOUBLE AS validity_points, /* Points lost because a value cannot be */
  (
    s.uniqueness * s.points_of_weight
  )::DOUBLE AS uniqueness_points, /* Points lost because something is there twice */
  (
    s.consistency * s.points_of_weight
  )::DOUBLE AS consistency_points, /* Points lost because two values contradict each other */
  (
    s.timeliness * s.points_of_weight
  )::DOUBLE AS timeliness_points, /* Points lost because something is too old */
  (
    s.accuracy * s.points_of_weight
  )::DOUBLE AS accuracy_points, /* Points lost because a value is not what is so */
  s.failed_rules::INT AS failed_rules, /* How many rules it fails, those without weight too */
  NULLIF(s.failed_in_words, '')::TEXT AS failed_in_words /* What is wrong, in words; NULL where nothing is */
FROM quality.lead_outcome AS o
INNER JOIN scored AS s
  ON s.source_key = o.source_key AND s.outcomes = o.outcomes
WHERE
  @is_touched(o.lead_key)
