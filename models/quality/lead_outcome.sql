MODEL (
  name quality.lead_outcome,
  kind FULL,
  grain (
    lead_key
  ),
  depends_on (
    intermediate.int_lead_current
  ),
  description 'What each rule found of each live lead on the newest day of a delivery: of the levels source and staging in the row that brought its current version, of the final level in the lead itself. One row per live lead.',
  audits (
    NOT_NULL(columns := (lead_key, as_of, outcomes, failures)),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    EVERY_LIVE_LEAD_IS_JUDGED,
    EVERY_FAILED_LETTER_IS_LISTED
  )
);

WITH day AS (
  SELECT
    MAX(d.received_on) AS evaluated_on
  FROM intermediate.int_delivery AS d
), lead AS (
  @leads_on(day)
), judged AS (
  @final_outcomes(lead)
)
SELECT
  j.lead_key::TEXT AS lead_key, /* Lead */
  j.source_key::TEXT AS source_key, /* Source of the lead */
  j.as_of::DATE AS as_of, /* Day for which it was judged: the newest day of a delivery */
  CONCAT(j.row_outcomes, j.outcomes)::TEXT AS outcomes, /* A letter per rule, at the position that quality.rule has for it: p passed, f failed, - not applicable, e could not be evaluated */
  CONCAT(j.row_failures, j.failures)::TEXT AS failures, /* The rules that failed with the values that they read, parted by control characters 30 and 31 */
  j.file_id::TEXT AS file_id, /* SHA-256 of the delivery that brought the lead's version */
  j.row_number::BIGINT AS row_number /* Number of the row in that delivery */
FROM judged AS j
