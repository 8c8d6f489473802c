MODEL (
  name staging.stg_name,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on,
    batch_concurrency 1
  ),
  grain (
    name_raw
  ),
  description 'Names of facilities as delivered and what they say: parsed once, at their first delivery. One row per distinct name.',
  audits (NOT_NULL(columns := (
      name_raw
    )), UNIQUE_VALUES(columns := (
      name_raw
  )))
);

WITH new AS (
  @new_values(name)
), cleaned AS (
  SELECT
    n.*,
    @clean_text(n.name_raw) AS name_clean
  FROM new AS n
), parted AS (
  SELECT
    c.*,
    @name_parts(c.name_clean)
  FROM cleaned AS c
), ordered AS (
  SELECT
    p.*,
    @natural_order(p.name_trade_part) AS name,
    @natural_order(p.name_legal_part) AS legal_name
  FROM parted AS p
)
SELECT
  o.name_raw::TEXT AS name_raw, /* Name as delivered */
  o.name::TEXT AS name, /* Name to show: mojibake mended, article in front, the trade name where a DBA is given */
  o.legal_name::TEXT AS legal_name, /* The party in front of DBA, or the name itself where there is no DBA */
  @name_normal(o.name)::TEXT AS name_normal, /* Match-normal form of the name */
  CASE WHEN @is_person(o.name_trade_part) THEN 'person' ELSE 'business' END::TEXT AS name_type, /* person where the name has the form of a person's, otherwise business */
  CASE
    WHEN @is_person(o.name_trade_part, o.name_trade_part)
    THEN UPPER(o.name_trade_part)
  END::TEXT AS name_if_person, /* The trade name in upper case where the name may be a person's: it is, if the contact person bears it */
  o.received_on::DATE AS received_on /* Date of the first delivery that held it */
FROM ordered AS o
