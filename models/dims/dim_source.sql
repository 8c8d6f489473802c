MODEL (
  name dims.dim_source,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  grain (
    source_key
  ),
  ignored_rules ['nomissingunittest'],
  description 'The sources of leads as their contracts describe them, with how they deliver and whose word counts first for which attributes. One row per source.',
  audits (
    UNIQUE_VALUES(columns := (
      source_key
    )),
    NOT_NULL(columns := (source_key, is_crm))
  )
);

WITH source AS (
  @contract_sources()
)
SELECT
  s.source_key::TEXT AS source_key, /* Key of the source */
  s.source_name::TEXT AS source_name, /* Name to show */
  s.is_crm::BOOLEAN AS is_crm, /* Whether it is the CRM of sales: what it lists, sales knows */
  s.delivery_mode::TEXT AS delivery_mode, /* full_snapshot or change_feed */
  s.cadence::TEXT AS cadence, /* How often it delivers */
  s.identity_authority::INT AS identity_authority, /* Rank for name and address, 1 the highest */
  s.license_authority::INT AS license_authority, /* Rank for licence, capacity and programme */
  s.contact_authority::INT AS contact_authority, /* Rank for phone and e-mail */
  s.sales_authority::INT AS sales_authority /* Rank for owner, stage and opt-out */
FROM source AS s
