MODEL (
  name marts.pair_to_review,
  kind FULL,
  owner data_steward,
  grain (left_lead_key, right_lead_key),
  description 'The pairs of leads that a person should judge, the most valuable first: where the verdict decides whether a facility is known to sales, then centers, then by the children that the state licensed, then the surest; last those about which somebody was unsure. A pair that was decided is here where a lead has changed since, where somebody else had decided otherwise, and where decisions on other pairs overrule it; one that the score rejects where it may tell that sales knows a facility that seems new. For data stewards, who judge them in the review queue. Example query: SELECT position, left_lead_key, right_lead_key, settles_net_new FROM marts.pair_to_review ORDER BY position LIMIT 10. One row per pair.',
  audits (
    NOT_NULL(
      columns := (
        position,
        left_lead_key,
        right_lead_key,
        settles_net_new,
        is_in_doubt,
        is_decision_overruled
      )
    ),
    UNIQUE_VALUES(columns := (
      position
    )),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (left_lead_key, right_lead_key))
  )
);

WITH doubt AS (
  SELECT DISTINCT
    LEAST(m.lead_key, m.nearest_lead_key) AS left_lead_key,
    GREATEST(m.lead_key, m.nearest_lead_key) AS right_lead_key
  FROM facts.fact_lead_match AS m
  WHERE
    m.match_status = 'to_review' AND NOT m.nearest_lead_key IS NULL
), judged AS (
  SELECT
    v.left_lead_key,
    v.right_lead_key,
    v.verdict,
    s.match_weight,
    s.decision,
    COALESCE(s.is_content_changed, FALSE) AS is_decision_stale,
    COALESCE(s.is_contradicted, FALSE) AS is_contradicted,
    COALESCE(s.decision <> 'unsure' AND v.is_match <> (
      s.decision = 'same'
    ), FALSE) AS is_decision_overruled,
    NOT d.left_lead_key IS NULL AS is_in_doubt
  FROM intermediate.int_match_verdict AS v
  INNER JOIN intermediate.int_match_score AS s
    ON s.left_lead_number = v.left_lead_number
    AND s.right_lead_number = v.right_lead_number
  LEFT JOIN doubt AS d
    ON d.left_lead_key = v.left_lead_key AND d.right_lead_key = v.right_lead_key
), waiting AS (
  SELECT
    j.left_lead_key,
    j.right_lead_key,
    j.match_weight,
    COALESCE(j.decision = 'unsure', FALSE) AS is_unsure,
    j.is_decision_overruled,
    j.is_in_doubt,
    COALESCE(l.match_status IN ('net_new', 'to_review'), FALSE)
    OR COALESCE(r.match_status IN ('net_new', 'to_review'), FALSE) AS settles_net_new,
    CASE
      WHEN a.is_crm
      THEN b.license_type
      ELSE COALESCE(a.license_type, b.license_type)
    END AS license_type, /* A state tells it rather than sales */
    CASE
      WHEN a.is_crm
      THEN COALESCE(b.capacity, a.capacity)
      ELSE COALESCE(a.capacity, b.capacity)
    END AS capacity,
    a.content_hash AS left_content_hash,
    b.content_hash AS right_content_hash
  FROM judged AS j
  INNER JOIN facts.fact_lead_match AS l
    ON l.lead_key = j.left_lead_key
  INNER JOIN facts.fact_lead_match AS r
    ON r.lead_key = j.right_lead_key
  INNER JOIN intermediate.int_lead_current AS a
    ON a.lead_key = j.left_lead_key
  INNER JOIN intermediate.int_lead_current AS b
    ON b.lead_key = j.right_lead_key
  WHERE
    j.verdict = 'review'
    OR j.is_in_doubt
    OR j.is_decision_stale
    OR j.is_contradicted
    OR j.is_decision_overruled
)
SELECT
  ROW_NUMBER() OVER (
    ORDER BY w.is_unsure, w.settles_net_new DESC, COALESCE(w.license_type = 'center', FALSE) DESC, w.capacity DESC, w.match_weight DESC, w.left_lead_key, w.right_lead_key
  )::BIGINT AS position, /* Place in the queue, from 1 */
  w.left_lead_key::TEXT AS left_lead_key, /* The lead whose key sorts first */
  w.right_lead_key::TEXT AS right_lead_key, /* The other lead */
  w.settles_net_new::BOOLEAN AS settles_net_new, /* Whether the verdict decides whether a facility is known to sales */
  w.is_in_doubt::BOOLEAN AS is_in_doubt, /* Whether one of the two is the lead that the other may be, although the score rejects the pair or leaves it open */
  w.is_decision_overruled::BOOLEAN AS is_decision_overruled, /* Whether somebody decided the pair, and decisions on other pairs say otherwise */
  w.license_type::TEXT AS license_type, /* Type of licence, as a state tells it */
  w.capacity::INT AS capacity, /* Licensed children, as a state tells it, else as sales does */
  w.left_content_hash::TEXT AS left_content_hash, /* Hash of what the first lead says now */
  w.right_content_hash::TEXT AS right_content_hash /* Hash of what the other lead says now */
FROM waiting AS w
