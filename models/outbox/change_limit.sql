MODEL (
  name outbox.change_limit,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  grain (target, operation),
  description 'Whether more would change at once than the variables outbox_max_creates, outbox_max_changed_share and outbox_min_changed_leads allow. The sentence names no numbers of the day: it would change with each of them, and with it every change that waits. One row per system and operation that is limited.',
  audits (
    NOT_NULL(columns := (target, operation)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (target, operation))
  )
);

WITH limited AS (
  SELECT
    COUNT(CASE WHEN c.operation = 'create' THEN 1 END) AS creates,
    COUNT(DISTINCT CASE WHEN c.operation = 'update' THEN c.lead_key END) AS changed_leads
  FROM outbox.proposed_change AS c
  WHERE
    c.is_limited
), live AS (
  SELECT
    COUNT(*) AS leads
  FROM intermediate.int_lead_current AS k
  WHERE
    k.source_key = 'salesforce' AND k.is_live
), judged AS (
  SELECT
    'create' AS operation,
    CASE
      WHEN t.creates > @outbox_max_creates::BIGINT
      THEN CONCAT(
        'more than ',
        @outbox_max_creates::TEXT,
        ' new leads at once have to be released by a person'
      )
    END AS blocked_reason
  FROM limited AS t
  UNION ALL
  SELECT
    'update' AS operation,
    CASE
      WHEN t.changed_leads > GREATEST(
        @outbox_min_changed_leads::BIGINT,
        @outbox_max_changed_share::DECIMAL(9, 6) * l.leads
      )
      THEN CONCAT(
        'more than ',
        @outbox_min_changed_leads::TEXT,
        ' leads and ',
        (
          100 * @outbox_max_changed_share::DECIMAL(9, 6)
        )::DOUBLE::TEXT,
        '% of all would change at once: a person has to release them'
      )
    END AS blocked_reason
  FROM limited AS t
  CROSS JOIN live AS l
)
SELECT
  'salesforce'::TEXT AS target, /* System that is written to */
  j.operation::TEXT AS operation, /* create or update */
  j.blocked_reason::TEXT AS blocked_reason /* Why a person has to release such changes first; NULL where they are few enough */
FROM judged AS j
