"""Ingests what has landed before a plan or a run, and registers bronze with the engine."""

from __future__ import annotations

from pathlib import Path

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.hooks.model_cache import renew_cached_models
from lead_enrichment.memory import tidy_rarely
from lead_enrichment.sqlmesh_internals import (
    allow_deep_sql,
    parse_test_files_once,
    plan_into_today,
    read_queries_once,
    render_queries_once,
    take_unnamed_inputs_as_empty,
)
from lead_enrichment.warehouse.waiting import let_sqlmesh_wait

# In every command that needs the project's files, SQLMesh reads this one before it opens the warehouse and before it
# takes models from its cache.
let_sqlmesh_wait()
plan_into_today()
render_queries_once()
read_queries_once()
allow_deep_sql()
parse_test_files_once()
take_unnamed_inputs_as_empty()
tidy_rarely()
renew_cached_models(Path(__file__))


@macro()
def ingest_landing(evaluator: MacroEvaluator) -> list[str]:
    """Ingest what has landed and return the statements that register bronze; do nothing outside of `before_all`."""
    if evaluator.locals["runtime_stage"] != "before_all":
        return []
    from lead_enrichment.hooks.registration import ingest_and_register

    return ingest_and_register(evaluator.engine_adapter)
