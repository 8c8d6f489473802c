MODEL (
  name ops.audit_result,
  kind VIEW,
  grain (run_id, model_name, audit_name, arguments),
  description 'What each audit found in each plan and run, which SQLMesh itself forgets. One row per run, model, audit and its arguments.',
  audits (
    NOT_NULL(columns := (run_id, model_name, audit_name, status, failed_rows, seconds)),
    ACCEPTED_VALUES("column" := status, is_in := ('passed', 'warned', 'failed'))
  )
);

SELECT
  r.run_id::TEXT AS run_id, /* Key of the plan or run, as in ops.model_run */
  r.model_name::TEXT AS model_name, /* Model that was audited, as schema.name */
  r.audit_name::TEXT AS audit_name, /* Name of the audit */
  r.arguments::TEXT AS arguments, /* What the model gave it, such as the columns; empty where nothing */
  r.environment::TEXT AS environment, /* Environment that was built: prod, or the name given to sqlmesh plan */
  r.status::TEXT AS status, /* passed, warned (rows failed, the run went on) or failed (rows failed, the run stopped) */
  r.failed_rows::BIGINT AS failed_rows, /* Rows that failed, in all batches */
  r.seconds::DOUBLE AS seconds, /* Time of the audit in all batches */
  r.batches::BIGINT AS batches, /* How often it was asked: once for each batch of the model */
  r.run_by::TEXT AS run_by, /* User whose command it was */
  r.audited_at::TIMESTAMPTZ AS audited_at /* When it was last asked, UTC */
FROM bronze.audit_result AS r
