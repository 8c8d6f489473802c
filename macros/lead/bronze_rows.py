"""The delivered rows of every source as they lie in bronze."""

from __future__ import annotations

from sqlmesh import macro

from lead_enrichment.contracts import contracts

# Read here, not in the macro, so that SQLMesh sees a new contract as a change of the models that use it.
BRONZE_TABLES = tuple(contracts())


@macro()
def bronze_rows(evaluator):  # type: ignore[no-untyped-def]
    """Give a query with the file_id of every row in bronze."""
    return " UNION ALL ".join(f"SELECT file_id FROM bronze.{name}" for name in BRONZE_TABLES)
