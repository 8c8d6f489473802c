MODEL (
  name staging.stg_phone,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (
    phone_raw
  ),
  description 'Phones as delivered and what they say: parsed once, at their first delivery, in SQL where the shape is plain, otherwise by phonenumbers. One row per distinct phone.',
  audits (
    NOT_NULL(columns := (
      phone_raw
    )),
    UNIQUE_VALUES(columns := (
      phone_raw
    )),
    EVERY_IRREGULAR_PHONE_IS_READ
  )
);

WITH new AS (
  @new_values(phone)
), plain AS (
  SELECT
    n.*,
    @phone_digits(n.phone_raw) AS phone_digits
  FROM new AS n
), parsed AS (
  SELECT
    p.phone_raw,
    p.received_on,
    COALESCE(@phone_e164(p.phone_digits), i.phone_e164) AS phone_e164,
    COALESCE(@phone_type(p.phone_digits), i.phone_type) AS phone_type,
    i.phone_reason AS parsed_reason,
    i.phones_other
  FROM plain AS p
  LEFT JOIN staging.stg_phone_irregular AS i
    ON i.phone_raw = p.phone_raw
)
SELECT
  p.phone_raw::TEXT AS phone_raw, /* Phone as delivered */
  p.phone_e164::TEXT AS phone_e164, /* Phone in E.164; NULL where it is not valid */
  p.phone_type::TEXT AS phone_type, /* Kind of line as phonenumbers names it, such as FIXED_LINE_OR_MOBILE */
  @phone_reason(p.phone_raw, p.phone_e164, p.parsed_reason)::TEXT AS phone_reason, /* Why the phone identifies nobody: not valid, or placeholder; NULL where it is good */
  p.phones_other::TEXT AS phones_other, /* What else the field holds: further phones or a remark; NULL where nothing */
  p.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM parsed AS p
