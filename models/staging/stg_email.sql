MODEL (
  name staging.stg_email,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (
    email_raw
  ),
  description 'E-mail addresses as delivered and what they say: parsed once, at their first delivery. One row per distinct e-mail address.',
  audits (NOT_NULL(columns := (
      email_raw
    )), UNIQUE_VALUES(columns := (
      email_raw
  )))
);

WITH new AS (
  @new_values(email)
), apart AS (
  SELECT
    n.email_raw AS delivered,
    n.received_on,
    @email_first(n.email_raw)
  FROM new AS n
), parsed AS (
  SELECT
    a.delivered,
    a.received_on,
    a.emails_other,
    @email_columns(a.email_value)
  FROM apart AS a
)
SELECT
  p.delivered::TEXT AS email_raw, /* E-mail address as delivered */
  p.email::TEXT AS email, /* E-mail address in lower case; NULL where it is not valid */
  p.email_reason::TEXT AS email_reason, /* Why the address identifies nobody: not valid, or placeholder; NULL where it is good */
  p.emails_other::TEXT AS emails_other, /* What else the field holds: further addresses or a name; NULL where nothing */
  p.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM parsed AS p
