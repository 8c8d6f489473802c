MODEL (
  name intermediate.int_lead_current,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (
    lead_key
  ),
  references (phone_e164, email),
  description 'The newest version of every lead that ever came, with whether it is live (listed by its source and not deleted), whether sales knows it from the CRM, and since when there is such a facility. A table, because matching reads it several times. One row per lead.',
  audits (
    NOT_NULL(columns := (lead_key, is_crm, is_live, born_at)),
    UNIQUE_VALUES(columns := (
      lead_key
    ))
  )
);

WITH touched AS (
  SELECT
    v.lead_key
  FROM intermediate.int_lead_version AS v
), source AS (
  @contract_sources()
), seen AS (
  SELECT
    v.lead_key,
    MIN(v.received_at) AS first_received_at,
    MAX(v.received_at) AS last_received_at
  FROM intermediate.int_lead_version AS v
  WHERE
    @is_touched(v.lead_key)
  GROUP BY
    v.lead_key
), newest AS (
  SELECT
    v.*,
    COALESCE(c.is_crm, FALSE) AS is_crm,
    s.first_received_at
  FROM intermediate.int_lead_version AS v
  INNER JOIN seen AS s
    ON s.lead_key = v.lead_key AND s.last_received_at = v.received_at
  LEFT JOIN source AS c
    ON c.source_key = v.source_key
)
SELECT
  @lead_columns(n),
  n.lead_version_key::TEXT AS lead_version_key, /* Key of the newest version */
  n.is_crm::BOOLEAN AS is_crm, /* Whether its source is the CRM: sales knows the lead */
  n.is_listed::BOOLEAN AS is_listed, /* FALSE where the newest full snapshot does not list the lead */
  (
    n.is_listed AND NOT n.is_deleted
  )::BOOLEAN AS is_live, /* Whether the lead counts: listed and not deleted */
  n.first_received_at::TIMESTAMPTZ AS first_received_at, /* When the lead was first taken in, UTC */
  COALESCE(n.source_created_at, n.license_issued_on::TIMESTAMPTZ, n.first_received_at)::TIMESTAMPTZ AS born_at /* Age of the lead: when the CRM created it or the state licensed it, otherwise when it was first taken in */
FROM newest AS n
