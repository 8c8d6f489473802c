MODEL (
  name ops.model_run,
  kind VIEW,
  grain (run_id, model_name),
  description 'What each model cost in each plan and run: time, rows, peak memory. One row per run and model.',
  audits (
    NOT_NULL(columns := (run_id, model_name, environment, status, started_at, seconds)),
    ACCEPTED_VALUES("column" := status, is_in := ('built', 'unchanged', 'failed'))
  )
);

SELECT
  r.run_id::TEXT AS run_id, /* Key of the plan or run */
  r.model_name::TEXT AS model_name, /* Model that was built, as schema.name */
  r.environment::TEXT AS environment, /* Environment that was built: prod, or the name given to sqlmesh plan */
  r.engine::TEXT AS engine, /* Engine that built it: duckdb or spark */
  r.status::TEXT AS status, /* built, unchanged (left as it is, since nothing that it reads has changed) or failed; a model whose audit does not hold has failed */
  r.run_by::TEXT AS run_by, /* User whose command it was */
  r.started_at::TIMESTAMPTZ AS started_at, /* When its first batch began, UTC */
  r.finished_at::TIMESTAMPTZ AS finished_at, /* When its last batch ended, UTC */
  r.seconds::DOUBLE AS seconds, /* Time of all its batches with their audits; without those that failed */
  r.batches::BIGINT AS batches, /* Steps in which it was built: one, or one a day for a type 2 model */
  r.interval_start::TIMESTAMPTZ AS interval_start, /* Begin of the time that was built, inclusive, UTC */
  r.interval_end::TIMESTAMPTZ AS interval_end, /* End of the time that was built, exclusive, UTC */
  r.row_count::BIGINT AS row_count, /* Rows of its table afterwards; NULL for a view and where it failed */
  r.peak_memory_bytes::BIGINT AS peak_memory_bytes /* Highest resident memory of the whole SQLMesh process, DuckDB in it, while it was built; NULL on other engines */
FROM bronze.model_run AS r
