MODEL (
  name outbox.change,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (target, lead_key, field),
  description 'What should change in other systems, and how far each change has come: fields of Salesforce leads, new leads, and duplicates to merge. What a person has to allow first, or a policy forbids, is blocked with its reason. A change that was sent stays until the extract shows it, and then as confirmed. One row per system, lead and field, and per new lead.',
  audits (
    NOT_NULL(
      columns := (
        outbox_key,
        target,
        operation,
        lead_key,
        field,
        new_value,
        reason,
        policy,
        state,
        is_claimable
      )
    ),
    UNIQUE_VALUES(columns := (
      outbox_key
    )),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (target, lead_key, field)),
    ACCEPTED_VALUES("column" := operation, is_in := ('create', 'update', 'merge')),
    ACCEPTED_VALUES(
      "column" := state,
      is_in := (
        'pending',
        'claimed',
        'accepted',
        'confirmed',
        'rejected',
        'conflict',
        'superseded',
        'withdrawn'
      )
    ),
    NOTHING_BLOCKED_IS_CLAIMABLE,
    CONFIRMED_VALUES_ARE_THE_EXTRACTS
  )
);

WITH touched AS (
  SELECT
    c.lead_key
  FROM outbox.proposed_change AS c
  UNION
  /* A limit that is exceeded now, or no longer */
  SELECT
    c.lead_key
  FROM outbox.change_limit AS l
  INNER JOIN outbox.proposed_change AS c
    ON c.target = l.target AND c.operation = l.operation
  WHERE
    c.is_limited
)
SELECT
  c.outbox_key::TEXT AS outbox_key, /* Hash of system, operation, lead, field, value, and how often the field was released: the same change always has the same; that of a new lead does not depend on its values */
  c.target::TEXT AS target, /* System that is written to */
  c.operation::TEXT AS operation, /* create, update, or merge, which a person does */
  c.lead_key::TEXT AS lead_key, /* Lead that it is about: the Salesforce lead; of a create the lead of a state that stands for the facility */
  c.external_id::TEXT AS external_id, /* Of a create the value of Lead_Enrichment_Key__c, by which it is upserted; NULL for leads that are there already */
  c.salesforce_id::TEXT AS salesforce_id, /* Id of the record, of 15 characters; of a create once it is known */
  c.field::TEXT AS field, /* Field by its API name; * for a new lead and a merge */
  c.old_value::TEXT AS old_value, /* Value that the extract shows; NULL where it is blank; of a create the lead that it made */
  c.new_value::TEXT AS new_value, /* Value to send, or that was sent; of a create a JSON object of fields and values, of a merge the id of the lead to keep */
  c.base_version_key::TEXT AS base_version_key, /* Version of the Salesforce lead that the change was computed from */
  c.base_modified_at::TIMESTAMPTZ AS base_modified_at, /* LastModifiedDate of the newest row that an extract brought: where the record was changed later, nothing may be sent */
  c.reason::TEXT AS reason, /* Why, in plain English */
  c.entity_key::TEXT AS entity_key, /* Facility */
  c.evidence_lead_key::TEXT AS evidence_lead_key, /* Lead that tells the value, or stands for the facility; of a merge the lead to keep */
  c.rule::TEXT AS rule, /* Rule of seeds.survivorship that let the value survive; net_new or duplicate for whole leads */
  c.confidence::DOUBLE AS confidence, /* How sure it is, from 0 to 1, that the leads are one facility; of a create, that sales does not know it */
  c.policy::TEXT AS policy, /* Policy of the field, as in seeds.outbox_policy; ask for a merge */
  c.state::TEXT AS state, /* pending, claimed by a sender, accepted by the system, confirmed by an extract, rejected, conflict with people, superseded (sent in vain, and no longer wanted), or withdrawn */
  COALESCE(c.blocked_reason, l.blocked_reason)::TEXT AS blocked_reason, /* Why it may not be sent now; NULL where it may, or has been */
  (
    NOT l.blocked_reason IS NULL
  )::BOOLEAN AS is_over_limit, /* Whether it is blocked because too much would change at once */
  c.is_to_review::BOOLEAN AS is_to_review, /* Whether Salesforce refused the new lead as a duplicate, so that a person has to look at both */
  c.resembles_lead_key::TEXT AS resembles_lead_key, /* Of such a one the lead that Salesforce takes it for; NULL where it names none, as in bulk jobs */
  (
    c.blocked_reason IS NULL
    AND l.blocked_reason IS NULL
    AND c.state IN ('pending', 'rejected')
    AND c.operation <> 'merge'
  )::BOOLEAN AS is_claimable, /* Whether a sender may take it */
  c.retryable::BOOLEAN AS retryable, /* Of a rejection: whether the same change may succeed later */
  c.message::TEXT AS message, /* Answer of the system, in its own words; of a withdrawn change by whom and why */
  c.batch_id::TEXT AS batch_id, /* Batch that it was last sent in */
  c.attempts::INT AS attempts, /* How often it was claimed */
  c.state_at::TIMESTAMPTZ AS state_at /* When a sender or person last said something of it, UTC; NULL where none has */
FROM outbox.proposed_change AS c
LEFT JOIN outbox.change_limit AS l
  ON c.is_limited AND l.target = c.target AND l.operation = c.operation
WHERE
  @is_touched(c.lead_key)
