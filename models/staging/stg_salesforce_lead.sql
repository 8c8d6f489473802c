MODEL (
  name staging.stg_salesforce_lead,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  grain (file_id, row_number),
  references (
    lead_key
  ),
  description 'Salesforce leads in the conformed lead shape. One row per delivered row.',
  audits (
    NOT_NULL(columns := (lead_key, content_hash, file_id, row_number, received_at)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (file_id, row_number)),
    EVERY_BRONZE_ROW_IS_STAGED(bronze := bronze.salesforce),
    EVERY_VALUE_IS_PARSED(source := salesforce)
  )
);

WITH standardized AS (
  @lead_shape(
    bronze.salesforce AS d,
    'salesforce' AS source_key,
    @salesforce_id(d.id) AS natural_id,
    cleaned.title AS contact_role,
    d.website AS website_raw,
    (@website_domain(d.website), d.website) AS website_domain,
    UPPER(cleaned.city) AS city,
    (state_in.state, d.state) AS state,
    (@postal_code(d.postal_code), d.postal_code) AS postal_code,
    COALESCE(country_in.country, UPPER(cleaned.country), @country_of_state(state_in.state)) AS country,
    (@parse_integer(d.capacity_c), d.capacity_c) AS capacity,
    (@parse_integer(d.current_enrollment_c), d.current_enrollment_c) AS enrollment,
    cleaned.status AS lead_status,
    cleaned.outreach_stage_c AS outreach_stage,
    cleaned.lead_source AS lead_source,
    (@parse_boolean(d.is_deleted), d.is_deleted) AS is_deleted,
    (@parse_boolean(d.is_converted), d.is_converted) AS is_converted,
    (
      @parse_date(d.lead_source_last_updated_c, EXTRACT(YEAR FROM d.received_on)),
      d.lead_source_last_updated_c
    ) AS lead_source_updated_on,
    NULLIF(@plain_text(d.brightwheel_school_uuid_c), '') AS school_uuid,
    cleaned.email_bounced_reason AS email_bounced_reason,
    (
      @parse_date(d.email_bounced_date, EXTRACT(YEAR FROM d.received_on)),
      d.email_bounced_date
    ) AS email_bounced_on,
    (
      @parse_date(d.last_activity_date, EXTRACT(YEAR FROM d.received_on)),
      d.last_activity_date
    ) AS last_activity_on,
    (@parse_timestamp(d.created_date, d.received_at), d.created_date) AS source_created_at,
    (@parse_timestamp(d.last_modified_date, d.received_at), d.last_modified_date) AS source_modified_at,
    (
      @parse_date(d.last_viewed_date, EXTRACT(YEAR FROM d.received_on)),
      d.last_viewed_date
    ) AS last_viewed_on,
    (
      @parse_date(d.last_referenced_date, EXTRACT(YEAR FROM d.received_on)),
      d.last_referenced_date
    ) AS last_referenced_on
  )
)
SELECT
  @lead_columns(s, content_hash := @content_hash(s))
FROM standardized AS s
