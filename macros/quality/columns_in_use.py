"""The columns of a lead on which flags, marts and feeds rest."""

from __future__ import annotations

from pathlib import Path

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.lineage import columns_in_use as read_columns

# Read here, not in the macro, so that SQLMesh sees a changed reader as a change of the models that use it.
COLUMN_NAMES = read_columns(Path("models"))


@macro()
def columns_in_use(evaluator: MacroEvaluator) -> str:
    """Return a query with one row per column, such as phone for phone_raw and phone_e164.

    A problem in one of them weighs one step more: it decides who is called and what is sent.
    """
    rows = ", ".join(f"('{name}')" for name in COLUMN_NAMES)
    return f"SELECT c.column_name FROM (VALUES {rows}) AS c(column_name)"
