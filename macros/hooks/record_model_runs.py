"""Records, for every plan and run, what each model cost."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def record_model_runs(evaluator: MacroEvaluator) -> list[str]:
    """Begin to record time, rows and peak memory of each model; do nothing outside of `before_all`."""
    if evaluator.locals["runtime_stage"] == "before_all":
        from lead_enrichment.hooks.registration import begin_recording

        begin_recording(evaluator.engine_adapter, evaluator.this_env)
    return []
