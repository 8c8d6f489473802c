MODEL (
  name intermediate.int_match_nearest,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  description 'For a live lead the Salesforce lead that comes next to being the same facility without being held to be it, and how likely it is after all. Of a lead of a state it says how sure net-new is, of a Salesforce lead how sure that it is no duplicate. One row per live lead that was compared with such a Salesforce lead.',
  audits (
    NOT_NULL(
      columns := (
        lead_key,
        claim,
        nearest_lead_key,
        verdict,
        are_both_licensed,
        match_weight,
        doubt
      )
    ),
    UNIQUE_VALUES(columns := (
      lead_key
    ))
  )
);

WITH touched AS (
  SELECT
    v.left_lead_key AS lead_key
  FROM intermediate.int_match_verdict AS v
  UNION
  SELECT
    v.right_lead_key AS lead_key
  FROM intermediate.int_match_verdict AS v
  UNION
  SELECT
    v.left_lead_key AS lead_key
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
  UNION
  SELECT
    v.right_lead_key AS lead_key
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
), pair AS (
  SELECT
    v.left_lead_key,
    v.right_lead_key,
    v.left_is_crm,
    v.right_is_crm,
    s.match_probability,
    s.match_weight,
    COALESCE(s.decision IN ('different', 'sister_site'), FALSE) AS is_decided,
    v.verdict,
    v.are_both_licensed,
    v.reason
  FROM intermediate.int_match_score AS s
  INNER JOIN intermediate.int_match_verdict AS v
    ON v.left_lead_number = s.left_lead_number
    AND v.right_lead_number = s.right_lead_number
  WHERE
    NOT v.is_match
    AND (
      v.left_is_crm OR v.right_is_crm
    )
    AND (
      @is_touched(v.left_lead_key, lead_key) OR @is_touched(v.right_lead_key, lead_key)
    )
), oriented AS (
  /* Each pair seen from the lead whose other is one of Salesforce */
  SELECT
    CASE s.side WHEN 'left' THEN p.left_lead_key ELSE p.right_lead_key END AS lead_key,
    CASE s.side WHEN 'left' THEN p.right_lead_key ELSE p.left_lead_key END AS nearest_lead_key,
    CASE WHEN p.left_is_crm AND p.right_is_crm THEN 'duplicate' ELSE 'net_new' END AS claim,
    p.match_probability,
    p.match_weight,
    p.is_decided,
    p.verdict,
    p.are_both_licensed,
    p.reason
  FROM pair AS p
  CROSS JOIN (VALUES
    ('left'),
    ('right')) AS s(side)
  WHERE
    CASE s.side WHEN 'left' THEN p.right_is_crm ELSE p.left_is_crm END
), calibration AS (
  SELECT
    c.*,
    LEAD(c.least_weight) OVER (PARTITION BY c.claim, c.verdict, c.are_both_licensed ORDER BY c.least_weight) AS next_weight
  FROM seeds.match_calibration AS c
), doubted AS (
  /* What a steward has decided is beyond doubt */
  SELECT
    o.*,
    CASE WHEN o.is_decided THEN 0 ELSE COALESCE(c.probability, 0) END AS doubt
  FROM oriented AS o
  LEFT JOIN calibration AS c
    ON c.claim = o.claim
    AND c.verdict = o.verdict
    AND c.are_both_licensed = o.are_both_licensed
    AND o.match_weight >= c.least_weight
    AND o.match_weight < COALESCE(c.next_weight, 1000000)
), nearest AS (
  SELECT
    d.*
  FROM doubted AS d
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY d.lead_key
      ORDER BY d.doubt DESC, CASE d.verdict WHEN 'review' THEN 0 WHEN 'sister_site' THEN 1 ELSE 2 END, d.match_weight DESC, d.nearest_lead_key
    ) = 1
)
SELECT
  n.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  n.claim::TEXT AS claim, /* What is in doubt: net_new for a lead of a state, duplicate for a Salesforce lead */
  n.nearest_lead_key::TEXT AS nearest_lead_key, /* The Salesforce lead that comes next to being it */
  n.verdict::TEXT AS verdict, /* review, sister_site or different: the verdict on that pair */
  n.are_both_licensed::BOOLEAN AS are_both_licensed, /* Whether the nearest is joined to a licence of the same state, and so another facility's */
  n.match_weight::DOUBLE AS match_weight, /* Evidence for that pair in bits */
  n.match_probability::DOUBLE AS match_probability, /* Probability of that pair by its score alone, from 0 to 1 */
  n.doubt::DOUBLE AS doubt, /* How often such a pair is one facility after all, by seeds.match_calibration; 0 where a steward has decided */
  n.reason::TEXT AS reason /* Why that one is not it */
FROM nearest AS n
