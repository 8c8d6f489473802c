MODEL (
  name marts.duplicate_to_merge,
  kind FULL,
  owner sales_operations,
  grain (
    lead_key
  ),
  description 'The Salesforce leads to merge away: each with the lead that stays, how sure that is and why, and what would be lost or contradicts. For sales operations and stewards who merge in Salesforce. Example query: SELECT name, keep_name, ROUND(100 * confidence) AS percent_sure, reason FROM marts.duplicate_to_merge ORDER BY confidence DESC, lead_key LIMIT 10. One row per lead to merge away.',
  audits (
    NOT_NULL(columns := (lead_key, keep_lead_key, entity_key, confidence, reason, territory)),
    UNIQUE_VALUES(columns := (
      lead_key
    )),
    NO_LEAD_STAYS_AND_GOES
  )
);

WITH today AS (
  SELECT
    MAX(d.day) AS as_of
  FROM intermediate.int_day AS d
), pair AS (
  SELECT
    m.lead_key,
    m.duplicate_of_lead_key AS keep_lead_key,
    m.entity_key,
    m.confidence,
    m.reason
  FROM facts.fact_lead_match AS m
  WHERE
    m.is_duplicate_in_salesforce
)
SELECT
  p.lead_key::TEXT AS lead_key, /* Lead to merge away */
  p.keep_lead_key::TEXT AS keep_lead_key, /* Lead that stays: the oldest */
  p.entity_key::TEXT AS entity_key, /* Facility that both are about */
  d.natural_id::TEXT AS salesforce_id, /* Salesforce id of the lead to merge away */
  k.natural_id::TEXT AS keep_salesforce_id, /* Salesforce id of the lead that stays */
  p.confidence::DOUBLE AS confidence, /* How sure it is that both are one facility, from 0 to 1 */
  p.reason::TEXT AS reason, /* Why, in plain English */
  s.territory::TEXT AS territory, /* Territory of the facility */
  d.name::TEXT AS name, /* Name of the lead to merge away */
  k.name::TEXT AS keep_name, /* Name of the lead that stays */
  d.phone_e164::TEXT AS phone, /* Phone of the lead to merge away */
  k.phone_e164::TEXT AS keep_phone, /* Phone of the lead that stays */
  d.email::TEXT AS email, /* E-mail address of the lead to merge away */
  k.email::TEXT AS keep_email, /* E-mail address of the lead that stays */
  @join_text(', ', @join_text(' ', d.house_number, d.street, d.unit), d.city, d.state, d.postal_code)::TEXT AS address, /* Address of the lead to merge away */
  @join_text(', ', @join_text(' ', k.house_number, k.street, k.unit), k.city, k.state, k.postal_code)::TEXT AS keep_address, /* Address of the lead that stays */
  d.lead_status::TEXT AS sales_status, /* Sales status of the lead to merge away */
  k.lead_status::TEXT AS keep_sales_status, /* Sales status of the lead that stays */
  d.source_created_at::DATE AS created_on, /* When the lead to merge away was created */
  k.source_created_at::DATE AS keep_created_on, /* When the lead that stays was created */
  d.last_activity_on::DATE AS last_activity_on, /* Last activity on the lead to merge away */
  @join_text(
    ', ',
    CASE WHEN k.phone_e164 IS NULL AND NOT d.phone_e164 IS NULL THEN 'phone' END,
    CASE WHEN k.mobile_e164 IS NULL AND NOT d.mobile_e164 IS NULL THEN 'mobile' END,
    CASE WHEN k.email IS NULL AND NOT d.email IS NULL THEN 'e-mail' END,
    CASE
      WHEN k.website_domain IS NULL AND NOT d.website_domain IS NULL
      THEN 'web site'
    END,
    CASE
      WHEN k.contact_name IS NULL AND NOT d.contact_name IS NULL
      THEN 'contact person'
    END,
    CASE WHEN k.street IS NULL AND NOT d.street IS NULL THEN 'street address' END,
    CASE WHEN k.capacity IS NULL AND NOT d.capacity IS NULL THEN 'capacity' END
  )::TEXT AS only_here, /* What the lead to merge away tells and the one that stays does not: take it over */
  (
    d.is_converted AND NOT k.is_converted
  )::BOOLEAN AS is_customer_and_other_is_not, /* Whether the lead to merge away is the customer: keep that one instead */
  (
    COALESCE(d.last_activity_on > k.last_activity_on, FALSE)
  )::BOOLEAN AS is_more_active, /* Whether sales worked last on the lead to merge away */
  t.as_of::DATE AS as_of /* Day of the newest delivery, up to which all this is known */
FROM pair AS p
CROSS JOIN today AS t
INNER JOIN intermediate.int_lead_current AS d
  ON d.lead_key = p.lead_key
INNER JOIN intermediate.int_lead_current AS k
  ON k.lead_key = p.keep_lead_key
INNER JOIN marts.territory_assignment AS s
  ON s.entity_key = p.entity_key
