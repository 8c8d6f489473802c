MODEL (
  name marts.facility_event,
  kind CUSTOM (
    materialization 'replaced_by_key'
  ),
  owner sales_operations,
  grain (lead_key, event, happened_at),
  references (entity_key, happened_on),
  description 'What happened to licensed facilities, as the states'' files tell it: licensed, capacity grown or cut, new owner or director, moved, renamed, no longer listed, listed again. For sales: what is new in my territory, and a reason to call. Example query: SELECT event, COUNT(*) AS events FROM marts.facility_event WHERE happened_on >= (SELECT MAX(happened_on) FROM marts.facility_event) - INTERVAL 30 DAY GROUP BY ALL ORDER BY events DESC. One row per lead of a state, event and moment.',
  audits (
    NOT_NULL(columns := (lead_key, entity_key, event, happened_at, happened_on, description)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (lead_key, event, happened_at)),
    ACCEPTED_VALUES(
      "column" := event,
      is_in := (
        'licensed',
        'capacity_grown',
        'capacity_cut',
        'new_owner',
        'moved',
        'renamed',
        'delisted',
        'listed_again'
      )
    )
  )
);

WITH touched AS (
  SELECT
    v.lead_key
  FROM intermediate.int_lead_version AS v
  UNION
  SELECT
    c.lead_key
  FROM intermediate.int_lead_current AS c
  UNION
  SELECT
    e.lead_key
  FROM intermediate.int_entity AS e
), changing AS (
  /* Most leads have one version, and nothing happened to them */
  SELECT
    v.lead_key
  FROM intermediate.int_lead_version AS v
  WHERE
    @is_touched(v.lead_key)
  GROUP BY
    v.lead_key
  HAVING
    COUNT(*) > 1
), version AS (
  SELECT
    v.lead_key,
    v.received_at,
    v.is_listed,
    v.capacity,
    v.name,
    v.name_normal,
    CASE WHEN v.legal_name <> v.name THEN v.legal_name END AS holder,
    v.contact_name,
    @join_text(' ', v.house_number, v.street, v.city) AS address
  FROM intermediate.int_lead_version AS v
  INNER JOIN changing AS c
    ON c.lead_key = v.lead_key
  INNER JOIN dims.dim_source AS s
    ON s.source_key = v.source_key
  WHERE
    NOT s.is_crm
), followed AS (
  SELECT
    v.*,
    LAG(v.is_listed) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS was_listed,
    LAG(v.capacity) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS capacity_before,
    LAG(v.name) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS name_before,
    LAG(v.name_normal) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS normal_before,
    LAG(v.holder) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS holder_before,
    LAG(v.contact_name) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS contact_before,
    LAG(v.address) OVER (PARTITION BY v.lead_key ORDER BY v.received_at) AS address_before
  FROM version AS v
), compared AS (
  /* Case and punctuation change nothing */
  SELECT
    f.lead_key,
    f.received_at,
    e.event,
    CASE e.event
      WHEN 'capacity_grown'
      THEN f.capacity > f.capacity_before
      WHEN 'capacity_cut'
      THEN f.capacity < f.capacity_before
      WHEN 'new_owner'
      THEN COALESCE(UPPER(f.holder) <> UPPER(f.holder_before), FALSE)
      OR COALESCE(UPPER(f.contact_name) <> UPPER(f.contact_before), FALSE)
      WHEN 'moved'
      THEN f.address <> f.address_before
      WHEN 'renamed'
      THEN f.name_normal <> f.normal_before
      WHEN 'delisted'
      THEN f.was_listed AND NOT f.is_listed
      WHEN 'listed_again'
      THEN f.is_listed AND NOT f.was_listed
    END AS is_so,
    CASE e.event
      WHEN 'capacity_grown'
      THEN f.capacity_before::TEXT
      WHEN 'capacity_cut'
      THEN f.capacity_before::TEXT
      WHEN 'new_owner'
      THEN COALESCE(f.contact_before, f.holder_before)
      WHEN 'moved'
      THEN f.address_before
      WHEN 'renamed'
      THEN f.name_before
    END AS old_value,
    CASE e.event
      WHEN 'capacity_grown'
      THEN f.capacity::TEXT
      WHEN 'capacity_cut'
      THEN f.capacity::TEXT
      WHEN 'new_owner'
      THEN COALESCE(f.contact_name, f.holder)
      WHEN 'moved'
      THEN f.address
      WHEN 'renamed'
      THEN f.name
    END AS new_value
  FROM followed AS f
  CROSS JOIN (VALUES
    ('capacity_grown'),
    ('capacity_cut'),
    ('new_owner'),
    ('moved'),
    ('renamed'),
    ('delisted'),
    ('listed_again')) AS e(event)
  WHERE
    NOT f.was_listed IS NULL
), happened AS (
  SELECT
    c.lead_key,
    c.event,
    c.received_at AS happened_at,
    c.old_value,
    c.new_value
  FROM compared AS c
  WHERE
    c.is_so
  UNION ALL
  SELECT
    l.lead_key,
    'licensed' AS event,
    l.license_issued_on::TIMESTAMPTZ AS happened_at,
    NULL AS old_value,
    l.license_type AS new_value
  FROM intermediate.int_lead_current AS l
  WHERE
    NOT l.is_crm AND NOT l.license_issued_on IS NULL AND @is_touched(l.lead_key)
)
SELECT
  h.lead_key::TEXT AS lead_key, /* Lead of the state */
  e.entity_key::TEXT AS entity_key, /* Facility */
  h.event::TEXT AS event, /* licensed, capacity_grown, capacity_cut, new_owner, moved, renamed, delisted or listed_again */
  h.old_value::TEXT AS old_value, /* What it was before; NULL where there is nothing to compare */
  h.new_value::TEXT AS new_value, /* What it is since */
  CASE h.event
    WHEN 'licensed'
    THEN 'licensed by the state'
    WHEN 'capacity_grown'
    THEN CONCAT('may take ', h.new_value, ' children, ', h.old_value, ' before')
    WHEN 'capacity_cut'
    THEN CONCAT('may take only ', h.new_value, ' children, ', h.old_value, ' before')
    WHEN 'new_owner'
    THEN CONCAT(
      'new owner or director: ',
      COALESCE(h.new_value, 'not named'),
      ', before ',
      COALESCE(h.old_value, 'not named')
    )
    WHEN 'moved'
    THEN CONCAT('moved from ', h.old_value, ' to ', h.new_value)
    WHEN 'renamed'
    THEN CONCAT('was called ', h.old_value)
    WHEN 'delisted'
    THEN 'the state lists it no longer'
    ELSE 'the state lists it again'
  END::TEXT AS description, /* The event in words */
  h.happened_at::TIMESTAMPTZ AS happened_at, /* Issue of the licence, else when the delivery that shows it was taken in; UTC */
  h.happened_at::DATE AS happened_on /* Date of happened_at */
FROM happened AS h
INNER JOIN intermediate.int_entity AS e
  ON e.lead_key = h.lead_key
