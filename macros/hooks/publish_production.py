"""Publishes production for its readers after a successful plan or run."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def publish_production(evaluator: MacroEvaluator) -> list[str]:
    """Copy what production shows into the file that readers open; do nothing outside of `after_all`."""
    if evaluator.locals["runtime_stage"] == "after_all":
        from lead_enrichment.hooks.registration import publish_for_readers

        publish_for_readers(evaluator.engine_adapter, evaluator.this_env)
    return []
