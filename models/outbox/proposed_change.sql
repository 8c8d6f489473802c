MODEL (
  name outbox.proposed_change,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (target, lead_key, field),
  description 'What should change in other systems, and how far each change has come, before it is asked whether too much would change at once: outbox.change is that. A table of its own, since a change of a lead reaches no row of another facility here, while a limit reaches them all. One row per system, lead and field, and per new lead.',
  audits (
    NOT_NULL(columns := (outbox_key, target, operation, lead_key, field, is_limited))
  )
);

WITH touched AS (
  SELECT
    l.lead_key
  FROM staging.stg_salesforce_lead AS l
  UNION
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
  UNION
  /* What was created as the record */
  SELECT
    a.lead_key
  FROM intermediate.int_lead_current AS c
  INNER JOIN outbox.acknowledgement AS a
    ON a.salesforce_id = SPLIT_PART(c.lead_key, ':', 2)
  UNION
  SELECT
    e.lead_key
  FROM intermediate.int_entity AS e
  UNION
  /* Another lead of a facility that it has joined or left */
  SELECT
    o.lead_key
  FROM intermediate.int_entity AS e
  INNER JOIN intermediate.int_entity AS o
    ON o.entity_key = e.entity_key
  UNION
  SELECT
    e.lead_key
  FROM facts.fact_enriched_lead AS g
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = g.entity_key
  UNION
  SELECT
    e.lead_key
  FROM facts.fact_enriched_attribute AS a
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = a.entity_key
  UNION
  SELECT
    m.lead_key
  FROM facts.fact_lead_match AS m
  UNION
  SELECT
    e.lead_key
  FROM facts.fact_lead_match AS m
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = m.entity_key
  UNION
  SELECT
    h.lead_key
  FROM outbox.human_edit AS h
  UNION
  SELECT
    s.lead_key
  FROM staging.stg_acknowledgement AS s
  UNION
  SELECT
    a.lead_key
  FROM outbox.acknowledgement AS a
  UNION
  /* The record that was made of it, now or before */
  SELECT
    CONCAT('salesforce:', a.salesforce_id) AS lead_key
  FROM outbox.acknowledgement AS a
  UNION
  SELECT
    CONCAT('salesforce:', o.salesforce_id) AS lead_key
  FROM outbox.acknowledgement AS a
  INNER JOIN outbox.acknowledgement AS o
    ON o.lead_key = a.lead_key
  UNION
  /* Another lead of the facility that was sent */
  SELECT
    o.lead_key
  FROM outbox.acknowledgement AS a
  INNER JOIN intermediate.int_entity AS e
    ON e.lead_key = a.lead_key
  INNER JOIN intermediate.int_entity AS o
    ON o.entity_key = e.entity_key
), policy AS (
  SELECT
    p.*
  FROM seeds.outbox_policy AS p
  WHERE
    p.target = 'salesforce'
), sent AS (
  /* The last change of each field that a sender ever claimed; of new leads all, for they matter to others */
  SELECT
    a.*
  FROM outbox.acknowledgement AS a
  WHERE
    a.target = 'salesforce'
    AND NOT a.event IS NULL
    AND (
      a.field = '*' OR @is_touched(a.lead_key)
    )
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY a.lead_key, a.field
      ORDER BY a.claimed_at DESC, a.event_at DESC, a.outbox_key
    ) = 1
), released AS (
  SELECT
    s.lead_key,
    s.field,
    COUNT(*) AS releases,
    MAX(s.acted_at) AS released_at
  FROM staging.stg_acknowledgement AS s
  WHERE
    s.problem IS NULL
    AND s.event = 'released'
    AND s.target = 'salesforce'
    AND @is_touched(s.lead_key)
  GROUP BY
    s.lead_key,
    s.field
), sent_lead AS (
  SELECT DISTINCT
    s.lead_key
  FROM sent AS s
  WHERE
    s.field <> '*'
), created AS (
  SELECT
    CONCAT('salesforce:', s.salesforce_id) AS lead_key,
    MIN(s.lead_key) AS made_of
  FROM sent AS s
  WHERE
    s.field = '*' AND s.event <> 'rejected' AND NOT s.salesforce_id IS NULL
  GROUP BY
    s.salesforce_id
), extract_time AS (
  /* The version of a lead does not tell: what is not tracked makes none */
  SELECT
    l.lead_key,
    MAX(l.source_modified_at) AS modified_at,
    MAX(l.received_at) AS received_at
  FROM staging.stg_salesforce_lead AS l
  WHERE
    @is_touched(l.lead_key)
  GROUP BY
    l.lead_key
), lead AS (
  SELECT
    l.*
  FROM intermediate.int_lead_current AS l
  WHERE
    l.source_key = 'salesforce' AND @is_touched(l.lead_key)
), golden AS (
  SELECT
    g.*
  FROM facts.fact_enriched_lead AS g
  WHERE
    g.sources > 1 AND @is_touched(g.salesforce_lead_key, lead_key)
), side_by_side AS (
  SELECT
    l.lead_key,
    l.natural_id,
    l.lead_version_key,
    l.is_live,
    COALESCE(l.is_converted, FALSE) AS is_converted,
    g.entity_key,
    NOT s.lead_key IS NULL AS is_sent,
    @crm_columns(l, g)
  FROM lead AS l
  LEFT JOIN golden AS g
    ON g.salesforce_lead_key = l.lead_key
  LEFT JOIN sent_lead AS s
    ON s.lead_key = l.lead_key
  WHERE
    NOT g.entity_key IS NULL OR NOT s.lead_key IS NULL
), field_row AS (
  @crm_rows(
    side_by_side,
    TRUE,
    lead_key,
    natural_id,
    lead_version_key,
    is_live,
    is_converted,
    entity_key,
    is_sent
  )
), plain AS (
  SELECT
    f.*,
    @crm_plain(f.field, f.shown) AS plain_shown,
    @crm_plain(f.field, f.wanted) AS plain_wanted
  FROM field_row AS f
), proposed AS (
  /* Only what a registry tells: what another lead of Salesforce holds is for whoever merges the two */
  SELECT
    f.*,
    p.policy,
    p.description,
    p.minimum_confidence,
    a.lead_key AS evidence_lead_key,
    a.rule,
    a.as_of,
    a.reason AS survived_because,
    m.confidence,
    x.modified_at,
    x.received_at,
    (
      f.is_live
      AND NOT p.policy IS NULL
      AND p.policy <> 'never'
      AND NOT m.lead_key IS NULL
      AND f.wanted <> ''
      AND f.plain_wanted <> f.plain_shown
      AND (
        f.shown IS NULL
        OR (
          p.policy = 'correct_if_older'
          AND a.as_of > x.modified_at + p.older_than_days * INTERVAL '1' DAY
        )
      )
    ) AS is_wanted
  FROM plain AS f
  LEFT JOIN extract_time AS x
    ON x.lead_key = f.lead_key
  LEFT JOIN policy AS p
    ON p.field = f.field
  LEFT JOIN facts.fact_enriched_attribute AS a
    ON a.entity_key = f.entity_key AND a.attribute = @crm_attribute(f.field)
  LEFT JOIN facts.fact_lead_match AS m
    ON m.lead_key = a.lead_key AND NOT m.is_crm
), misplaced AS (
  /* No part of an address is filled beside another that contradicts it */
  SELECT DISTINCT
    f.lead_key
  FROM plain AS f
  WHERE
    @crm_attribute(f.field) = 'address'
    AND NOT f.shown IS NULL
    AND f.wanted <> ''
    AND f.plain_wanted <> f.plain_shown
), field_change AS (
  SELECT
    'update' AS operation,
    p.lead_key,
    NULL AS external_id,
    p.natural_id AS salesforce_id,
    p.field,
    p.shown AS old_value,
    p.plain_shown,
    p.is_wanted,
    CASE WHEN p.is_wanted THEN p.wanted ELSE s.value END AS new_value,
    COALESCE(r.releases, 0) AS releases,
    p.lead_version_key AS base_version_key,
    p.modified_at AS base_modified_at,
    p.received_at AS extracted_at,
    CASE
      WHEN NOT p.is_wanted
      THEN 'written from here; nothing else is to be sent'
      WHEN p.shown IS NULL
      THEN CONCAT(
        'Salesforce has no ',
        p.description,
        '; ',
        p.evidence_lead_key,
        ' tells it: ',
        p.survived_because
      )
      ELSE CONCAT(
        p.evidence_lead_key,
        ' tells the ',
        p.description,
        ' and was changed later than the lead: ',
        p.survived_because
      )
    END AS reason,
    p.entity_key,
    p.evidence_lead_key,
    p.rule,
    p.confidence,
    COALESCE(p.policy, 'never') AS policy,
    CASE
      WHEN NOT p.is_wanted
      THEN NULL
      WHEN h.is_owned
      THEN CONCAT(
        'people changed it in Salesforce: the extract of ',
        h.edited_at::DATE::TEXT,
        ' shows it; a steward can release it'
      )
      WHEN p.is_converted
      THEN 'the lead is converted: Salesforce keeps it as it is'
      WHEN NOT c.lead_key IS NULL AND NOT p.shown IS NULL
      THEN CONCAT('the lead was made from ', c.made_of, ': what it holds belongs to people now')
      WHEN p.confidence < p.minimum_confidence
      THEN CONCAT(
        'that the two leads are one facility is sure to ',
        ROUND(p.confidence, 2)::TEXT,
        '; the policy asks for ',
        p.minimum_confidence::TEXT
      )
      WHEN p.survived_because LIKE 'too many leads%'
      THEN 'too many leads share the value'
      WHEN NOT o.lead_key IS NULL AND @crm_attribute(p.field) = 'address'
      THEN 'the rest of the address in Salesforce is another'
    END AS forbidden,
    COALESCE(h.is_owned AND h.edited_at > s.claimed_at, FALSE) AS is_edited_since,
    COALESCE(h.had_arrived, FALSE) AS had_arrived,
    COALESCE(r.released_at > s.event_at, FALSE) AS is_released_since,
    s.outbox_key AS sent_key,
    s.event AS sent_event,
    s.event_at AS sent_at,
    @crm_plain(p.field, s.value) AS plain_sent,
    NULL AS resembles
  FROM proposed AS p
  LEFT JOIN sent AS s
    ON s.lead_key = p.lead_key AND s.field = p.field
  LEFT JOIN released AS r
    ON r.lead_key = p.lead_key AND r.field = p.field
  LEFT JOIN outbox.human_edit AS h
    ON h.target = 'salesforce' AND h.lead_key = p.lead_key AND h.field = p.field
  LEFT JOIN misplaced AS o
    ON o.lead_key = p.lead_key
  LEFT JOIN created AS c
    ON c.lead_key = p.lead_key
  WHERE
    p.is_wanted OR NOT s.outbox_key IS NULL
), known_record AS (
  SELECT
    l.lead_key,
    l.is_live
  FROM intermediate.int_lead_current AS l
  WHERE
    l.source_key = 'salesforce'
), unknown AS (
  SELECT
    g.*
  FROM facts.fact_enriched_lead AS g
  WHERE
    g.match_status IN ('net_new', 'to_review')
    AND @is_touched(g.state_lead_key, lead_key)
), made AS (
  /* Another lead of the facility was sent as a new lead */
  SELECT
    e.entity_key,
    MIN(s.lead_key) AS lead_key
  FROM unknown AS g
  INNER JOIN intermediate.int_entity AS e
    ON e.entity_key = g.entity_key
  INNER JOIN sent AS s
    ON s.lead_key = e.lead_key
  WHERE
    s.field = '*'
    AND s.event IN ('claimed', 'accepted')
    AND s.lead_key <> g.state_lead_key
  GROUP BY
    e.entity_key
), new_lead AS (
  SELECT
    'create' AS operation,
    COALESCE(g.state_lead_key, s.lead_key) AS lead_key,
    COALESCE(g.state_lead_key, s.lead_key) AS external_id,
    CASE WHEN s.event <> 'rejected' THEN s.salesforce_id END AS salesforce_id,
    '*' AS field,
    CASE WHEN NOT k.lead_key IS NULL THEN k.lead_key END AS old_value,
    '' AS plain_shown,
    NOT g.entity_key IS NULL AS is_wanted,
    CASE WHEN NOT g.entity_key IS NULL THEN @crm_record(g) ELSE s.value END AS new_value,
    COALESCE(r.releases, 0) AS releases,
    NULL AS base_version_key,
    NULL::TIMESTAMPTZ AS base_modified_at,
    NULL::TIMESTAMPTZ AS extracted_at,
    COALESCE(g.reason, 'created from here; sales knows the facility now') AS reason,
    g.entity_key,
    g.state_lead_key AS evidence_lead_key,
    'net_new' AS rule,
    g.confidence,
    COALESCE(p.policy, 'never') AS policy,
    CASE
      WHEN g.entity_key IS NULL
      THEN NULL
      WHEN NOT k.lead_key IS NULL AND k.is_live
      THEN CONCAT('it was created as ', k.lead_key, ': say in the review that the two are the same')
      WHEN NOT k.lead_key IS NULL AND NOT COALESCE(r.released_at > s.event_at, FALSE)
      THEN CONCAT('it was created as ', k.lead_key, ', which people deleted; a steward can release it')
      WHEN NOT d.lead_key IS NULL
      THEN CONCAT(
        'the facility was sent as ',
        d.lead_key,
        ' before: say in the review that the two are the same'
      )
      WHEN p.policy IS NULL OR p.policy <> 'create'
      THEN 'the policy creates no leads'
      WHEN g.match_status = 'to_review'
      THEN g.reason
      WHEN g.name IS NULL
      THEN 'it has no name'
      WHEN g.license_status IN ('closed', 'revoked', 'denied', 'expired', 'suspended')
      THEN CONCAT('its licence is ', g.license_status)
      WHEN g.confidence < p.minimum_confidence
      THEN CONCAT(
        'that sales does not know it is sure to ',
        ROUND(g.confidence, 2)::TEXT,
        '; the policy asks for ',
        p.minimum_confidence::TEXT
      )
    END AS forbidden,
    FALSE AS is_edited_since,
    FALSE AS had_arrived,
    COALESCE(r.released_at > s.event_at, FALSE) AS is_released_since,
    s.outbox_key AS sent_key,
    s.event AS sent_event,
    s.event_at AS sent_at,
    '' AS plain_sent,
    CASE
      WHEN s.event = 'rejected' AND NOT s.salesforce_id IS NULL
      THEN CONCAT('salesforce:', s.salesforce_id)
    END AS resembles,
    NOT k.lead_key IS NULL AS is_there
  FROM unknown AS g
  FULL OUTER JOIN (
    SELECT
      x.*,
      CASE WHEN x.event <> 'rejected' THEN CONCAT('salesforce:', x.salesforce_id) END AS record_key
    FROM sent AS x
    WHERE
      x.field = '*' AND @is_touched(x.lead_key)
  ) AS s
    ON s.lead_key = g.state_lead_key
  LEFT JOIN released AS r
    ON r.lead_key = COALESCE(g.state_lead_key, s.lead_key) AND r.field = '*'
  LEFT JOIN known_record AS k
    ON k.lead_key = s.record_key
  LEFT JOIN policy AS p
    ON p.field = '*'
  LEFT JOIN made AS d
    ON d.entity_key = g.entity_key
), merge AS (
  SELECT
    'merge' AS operation,
    m.lead_key,
    NULL AS external_id,
    SPLIT_PART(m.lead_key, ':', 2) AS salesforce_id,
    '*' AS field,
    NULL AS old_value,
    '' AS plain_shown,
    TRUE AS is_wanted,
    SPLIT_PART(m.duplicate_of_lead_key, ':', 2) AS new_value,
    0 AS releases,
    m.lead_version_key AS base_version_key,
    NULL::TIMESTAMPTZ AS base_modified_at,
    NULL::TIMESTAMPTZ AS extracted_at,
    m.reason,
    m.entity_key,
    m.duplicate_of_lead_key AS evidence_lead_key,
    'duplicate' AS rule,
    m.confidence,
    'ask' AS policy,
    'a person merges leads in Salesforce' AS forbidden,
    FALSE AS is_edited_since,
    FALSE AS had_arrived,
    FALSE AS is_released_since,
    NULL AS sent_key,
    NULL AS sent_event,
    NULL::TIMESTAMPTZ AS sent_at,
    '' AS plain_sent,
    NULL AS resembles
  FROM facts.fact_lead_match AS m
  WHERE
    m.is_duplicate_in_salesforce AND @is_touched(m.lead_key)
), candidate AS (
  SELECT
    f.*,
    f.plain_sent <> '' AND f.plain_sent = f.plain_shown AS is_there
  FROM field_change AS f
  UNION ALL
  SELECT
    n.*
  FROM new_lead AS n
  UNION ALL
  SELECT
    m.*,
    FALSE AS is_there
  FROM merge AS m
), keyed AS (
  /* A new lead is the same change whatever becomes known of it, so that it is created once. A field that was released is another */
  SELECT
    c.*,
    CASE
      WHEN c.is_wanted
      THEN MD5(
        CONCAT(
          'salesforce|',
          c.operation,
          '|',
          c.lead_key,
          '|',
          c.field,
          '|',
          CASE WHEN c.operation = 'create' THEN '' ELSE c.new_value END,
          '|',
          c.releases::TEXT
        )
      )
      ELSE c.sent_key
    END AS outbox_key
  FROM candidate AS c
), said AS (
  SELECT
    k.*,
    a.event,
    a.event_at,
    a.is_retryable,
    a.message,
    a.batch_id,
    a.attempts,
    a.approved_at,
    a.withdrawn_at,
    a.withdrawn_why,
    COALESCE(k.sent_key <> k.outbox_key, FALSE) AS is_another
  FROM keyed AS k
  LEFT JOIN outbox.acknowledgement AS a
    ON a.outbox_key = k.outbox_key AND a.lead_key = k.lead_key
), stated AS (
  SELECT
    s.*,
    CASE
      WHEN NOT s.withdrawn_at IS NULL
      AND (
        s.event IS NULL OR s.event IN ('rejected', 'conflict', 'abandoned')
      )
      THEN 'withdrawn'
      WHEN NOT s.is_another AND s.is_there AND s.event IN ('claimed', 'accepted')
      THEN 'confirmed'
      WHEN s.event IN ('claimed', 'accepted') AND s.is_edited_since
      THEN CASE WHEN s.had_arrived THEN 'superseded' ELSE 'conflict' END
      WHEN s.event IN ('claimed', 'accepted')
      THEN s.event
      WHEN NOT s.is_wanted
      THEN 'superseded'
      WHEN s.event = 'rejected'
      THEN 'rejected'
      WHEN s.event = 'conflict'
      AND (
        s.extracted_at IS NULL OR s.extracted_at <= s.event_at
      )
      THEN 'conflict'
      ELSE 'pending'
    END AS state
  FROM said AS s
), to_review AS (
  /* Where a bulk job refuses a duplicate, Salesforce does not name the other lead */
  SELECT
    s.*,
    (
      s.operation = 'create'
      AND s.state = 'rejected'
      AND COALESCE(s.message LIKE 'DUPLICATES_DETECTED%', FALSE)
    ) AS is_to_review
  FROM stated AS s
), allowed AS (
  SELECT
    s.*,
    CASE
      WHEN NOT s.state IN ('pending', 'rejected', 'conflict', 'superseded')
      THEN NULL
      WHEN NOT s.forbidden IS NULL
      THEN s.forbidden
      WHEN s.is_another
      AND NOT s.is_there
      AND s.sent_event IN ('claimed', 'accepted')
      AND NOT s.is_edited_since
      AND NOT s.is_released_since
      THEN CONCAT(
        'an earlier value was sent on ',
        s.sent_at::DATE::TEXT,
        ', and no extract has shown yet what became of it'
      )
      WHEN s.state = 'conflict'
      THEN 'the lead was changed in Salesforce after the last extract: the next one will tell'
      WHEN s.is_to_review
      THEN CONCAT(
        'Salesforce takes it for a duplicate of ',
        COALESCE(s.resembles, 'a lead that it does not name'),
        ': a person has to look at both'
      )
      WHEN s.state = 'rejected' AND NOT s.is_retryable
      THEN CONCAT('Salesforce refused it: ', COALESCE(s.message, 'no reason was given'))
      WHEN s.state = 'rejected' AND s.attempts >= @outbox_max_attempts
      THEN CONCAT(
        'Salesforce refused it ',
        s.attempts::TEXT,
        ' times: ',
        COALESCE(s.message, 'no reason was given')
      )
    END AS blocked
  FROM to_review AS s
)
SELECT
  c.outbox_key::TEXT AS outbox_key, /* Hash of system, operation, lead, field, value, and how often the field was released: the same change always has the same; that of a new lead does not depend on its values */
  'salesforce'::TEXT AS target, /* System that is written to */
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
  c.blocked::TEXT AS blocked_reason, /* Why it may not be sent now, whatever else is sent; NULL where it may, or has been */
  (
    c.blocked IS NULL AND c.state IN ('pending', 'rejected') AND c.approved_at IS NULL
  )::BOOLEAN AS is_limited, /* Whether it counts for the limits, and waits where they are exceeded: it may be sent, and no person has let it pass */
  c.is_to_review::BOOLEAN AS is_to_review, /* Whether Salesforce refused the new lead as a duplicate, so that a person has to look at both */
  CASE WHEN c.is_to_review THEN c.resembles END::TEXT AS resembles_lead_key, /* Of such a one the lead that Salesforce takes it for; NULL where it names none, as in bulk jobs */
  COALESCE(c.is_retryable, FALSE)::BOOLEAN AS retryable, /* Of a rejection: whether the same change may succeed later */
  CASE WHEN c.state = 'withdrawn' THEN c.withdrawn_why ELSE c.message END::TEXT AS message, /* Answer of the system, in its own words; of a withdrawn change by whom and why */
  c.batch_id::TEXT AS batch_id, /* Batch that it was last sent in */
  COALESCE(c.attempts, 0)::INT AS attempts, /* How often it was claimed */
  CASE WHEN c.state = 'withdrawn' THEN c.withdrawn_at ELSE c.event_at END::TIMESTAMPTZ AS state_at /* When a sender or person last said something of it, UTC; NULL where none has */
FROM allowed AS c
