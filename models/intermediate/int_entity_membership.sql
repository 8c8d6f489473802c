MODEL (
  name intermediate.int_entity_membership,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key lead_key,
    columns (entity_key),
    execution_time_as_valid_from TRUE,
    time_data_type TIMESTAMPTZ,
    forward_only FALSE,
    disable_restatement FALSE
  ),
  grain (lead_key, valid_from),
  description 'From when to when each lead belonged to which entity, as the runs of this project saw it: it begins with the first run. One row per lead and stay in an entity.',
  columns (
    lead_key TEXT,
    entity_key TEXT,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ
  ),
  column_descriptions (
    lead_key = 'Durable key of the lead',
    entity_key = 'Key of the facility that the lead was held to be about',
    valid_from = 'Run that put the lead into the entity, UTC',
    valid_to = 'Run that took it out again, UTC; NULL while it is in'
  ),
  audits (
    NOT_NULL(columns := (lead_key, entity_key, valid_from)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, valid_from))
  )
);

SELECT
  e.lead_key::TEXT AS lead_key, /* Durable key of the lead */
  e.entity_key::TEXT AS entity_key /* Key of the facility that the lead is held to be about */
FROM intermediate.int_entity AS e
