"""Takes in what has landed before a plan or a run, and shows bronze to the engine."""

from __future__ import annotations

from sqlmesh import macro

from lead_enrichment.memory import tidy_rarely
from lead_enrichment.warehouse.waiting import take_turns

# SQLMesh reads this file before it opens the warehouse, in every command that needs the project's files.
take_turns()
tidy_rarely()


@macro()
def ingest_landing(evaluator):  # type: ignore[no-untyped-def]
    """Ingest and give the statements that register bronze; do nothing outside of `before_all`."""
    if evaluator.runtime_stage != "before_all":
        return []
    from lead_enrichment.hooks.registration import ingest_and_register

    return ingest_and_register(evaluator.engine_adapter)
