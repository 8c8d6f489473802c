MODEL (
  name seeds.anomaly_review,
  kind SEED (
    path '../../seeds/anomaly_review.csv'
  ),
  columns (
    source_key TEXT,
    file_date DATE,
    verdict TEXT,
    reason TEXT
  ),
  column_descriptions (
    source_key = 'Source that delivered it',
    file_date = 'Date that the delivery claims',
    verdict = 'wrong: later deliveries are not held against it; new_normal: they are held against it and what follows only',
    reason = 'What was found out'
  ),
  grain (source_key, file_date),
  ignored_rules ['nomissingunittest'],
  description 'What people found out about deliveries with anomalies. One row per source and file date.',
  audits (
    NOT_NULL(columns := (source_key, file_date, verdict)),
    UNIQUE_COMBINATION_OF_COLUMNS(columns := (source_key, file_date)),
    ACCEPTED_VALUES("column" := verdict, is_in := ('wrong', 'new_normal'))
  )
)
