MODEL (
  name seeds.lead_status,
  kind SEED (
    path '../../seeds/lead_status.csv'
  ),
  columns (
    lead_status TEXT,
    category TEXT,
    funnel_order INT,
    is_open BOOLEAN,
    allowed_next TEXT
  ),
  column_descriptions (
    lead_status = 'Status as Salesforce writes it',
    category = 'open, won, paused or lost',
    funnel_order = 'Place in the funnel',
    is_open = 'Whether sales still works on the lead',
    allowed_next = 'Statuses that may follow, separated by bars'
  ),
  grain (
    lead_status
  ),
  ignored_rules ['nomissingunittest'],
  description 'Sales statuses of Salesforce with their place in the funnel. One row per status.',
  audits (
    NOT_NULL(columns := (
      lead_status
    )),
    UNIQUE_VALUES(columns := (
      lead_status
    ))
  )
)
