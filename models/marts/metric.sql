MODEL (
  name marts.metric,
  kind FULL,
  start '2000-01-01',
  end '2000-01-01',
  owner sales_operations,
  grain (
    metric
  ),
  ignored_rules ['nomissingunittest'],
  description 'The metrics that people report, as metrics/*.yaml defines them. For marketing and sales operations: what does this number mean, and who answers for it? Example query: SELECT title, definition, unit, owner FROM marts.metric ORDER BY title. One row per metric.',
  audits (
    UNIQUE_VALUES(columns := (
      metric
    )),
    NOT_NULL(columns := (metric, title, definition, owner, unit, table_name, numerator))
  )
);

WITH listed AS (
  @metric_list()
)
SELECT
  l.metric::TEXT AS metric, /* Name of the metric */
  l.title::TEXT AS title, /* What people call it */
  l.definition::TEXT AS definition, /* What the number says */
  l.owner::TEXT AS owner, /* Who answers for it */
  l.unit::TEXT AS unit, /* share, facilities, leads, duplicates, children, days or points */
  l.table_name::TEXT AS table_name, /* Table whose rows are added up */
  l.numerator::TEXT AS numerator, /* SQL over a row: what is added up */
  NULLIF(l.denominator, '')::TEXT AS denominator, /* SQL over a row: by what the sum is divided; NULL where the metric is the sum */
  NULLIF(l.dimensions, '')::TEXT AS dimensions, /* By what it is told beside the whole, separated by commas */
  l.file::TEXT AS file /* File in which it stands */
FROM listed AS l
