"""The delivered rows of every source in bronze."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import contracts

# Read here, not in the macro, so that SQLMesh sees a new contract as a change of the models that use it.
BRONZE_TABLES = tuple(contracts())


@macro()
def bronze_rows(evaluator: MacroEvaluator) -> str:
    """Return a query with the file_id of every row in bronze."""
    return " UNION ALL ".join(f"SELECT file_id FROM bronze.{name}" for name in BRONZE_TABLES)
