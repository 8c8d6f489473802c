MODEL (
  name quality.lead_outcome,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  description 'What each rule found of each live lead on the newest day of a delivery: of the levels source and staging in the row that brought its current version, of the final level in the lead itself. That day is the greatest of intermediate.int_day. One row per live lead.',
  audits (
    NOT_NULL(columns := (lead_key, outcomes, failures)),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    EVERY_LIVE_LEAD_IS_JUDGED,
    EVERY_FAILED_LETTER_IS_LISTED
  )
);

WITH touched AS (
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
  UNION
  /* Those that share its phone now, or shared the one that it had */
  SELECT
    o.lead_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN intermediate.int_lead_current AS o
    ON o.phone_e164 = c.phone_e164
  UNION
  SELECT
    o.lead_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN intermediate.int_lead_current AS o
    ON o.email = c.email
  UNION
  SELECT
    c.lead_key
  FROM quality.row_outcome AS o
  INNER JOIN intermediate.int_lead_current AS c
    ON c.file_id = o.file_id AND c.row_number = o.row_number
  UNION
  SELECT
    s.lead_key
  FROM facts.fact_match_status_change AS s
  UNION
  /* A run may date a status after the newest delivery: it counts from the delivery that reaches its day */
  SELECT
    s.lead_key
  FROM intermediate.int_day AS d
  INNER JOIN facts.fact_match_status_change AS s
    ON s.changed_on = d.day
  UNION
  /* Where a rule reads the day: who is judged otherwise than on the day before. After a week, all: comparing more days
  takes longer. Those that have passed are compared day by day, for a rule may hold, fail and hold again */
  SELECT
    c.lead_key
  FROM intermediate.int_day AS d
  INNER JOIN intermediate.int_lead_current AS c
    ON c.is_live
  WHERE
    d.day = (
      SELECT
        MAX(t.day)
      FROM intermediate.int_day AS t
    ) - INTERVAL '7' DAY
    OR (
      d.day > (
        SELECT
          MAX(t.day)
        FROM intermediate.int_day AS t
      ) - INTERVAL '7' DAY
      AND @is_judged_otherwise(c, d.day)
    )
), today AS (
  SELECT
    MAX(d.day) AS day
  FROM intermediate.int_day AS d
), live AS (
  SELECT
    c.*
  FROM intermediate.int_lead_current AS c
  WHERE
    c.is_live AND @is_touched(c.lead_key)
), status AS (
  SELECT
    s.lead_key,
    ARG_MAX(s.match_status, s.changed_at) AS match_status
  FROM facts.fact_match_status_change AS s
  INNER JOIN today AS t
    ON s.changed_on <= t.day
  WHERE
    @is_touched(s.lead_key)
  GROUP BY
    s.lead_key
), phone AS (
  SELECT
    c.source_key,
    c.phone_e164,
    COUNT(*) AS leads
  FROM intermediate.int_lead_current AS c
  WHERE
    c.is_live AND c.phone_e164 IN (
      SELECT
        l.phone_e164
      FROM live AS l
    )
  GROUP BY
    c.source_key,
    c.phone_e164
  HAVING
    COUNT(*) > 1
), email AS (
  SELECT
    c.source_key,
    c.email,
    COUNT(*) AS leads
  FROM intermediate.int_lead_current AS c
  WHERE
    c.is_live AND c.email IN (
      SELECT
        l.email
      FROM live AS l
    )
  GROUP BY
    c.source_key,
    c.email
  HAVING
    COUNT(*) > 1
), lead AS (
  SELECT
    l.*,
    t.day AS as_of,
    o.outcomes AS row_outcomes,
    o.failures AS row_failures,
    s.match_status,
    CASE WHEN NOT l.phone_e164 IS NULL THEN COALESCE(p.leads, 1) END AS phone_leads,
    CASE WHEN NOT l.email IS NULL THEN COALESCE(e.leads, 1) END AS email_leads
  FROM live AS l
  CROSS JOIN today AS t
  INNER JOIN quality.row_outcome AS o
    ON o.file_id = l.file_id AND o.row_number = l.row_number
  LEFT JOIN status AS s
    ON s.lead_key = l.lead_key
  LEFT JOIN phone AS p
    ON p.source_key = l.source_key AND p.phone_e164 = l.phone_e164
  LEFT JOIN email AS e
    ON e.source_key = l.source_key AND e.email = l.email
), judged AS (
  @final_outcomes(lead)
)
SELECT
  j.lead_key::TEXT AS lead_key, /* Lead */
  j.source_key::TEXT AS source_key, /* Source of the lead */
  CONCAT(j.row_outcomes, j.outcomes)::TEXT AS outcomes, /* A letter per rule, at the position that quality.rule has for it: p passed, f failed, - not applicable, e could not be evaluated */
  CONCAT(j.row_failures, j.failures)::TEXT AS failures, /* The rules that failed with the values that they read, parted by control characters 30 and 31 */
  j.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the lead's version */
  j.row_number::BIGINT AS row_number /* Number of the row in that delivery */
FROM judged AS j
