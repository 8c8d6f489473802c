"""Every delivered value of every column, one below the other."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import lead_contracts

# Read here, not in the macro, so that SQLMesh sees a changed contract as a change of the models that use it.
DELIVERED_COLUMNS = tuple(
    (contract.source_key, tuple(column.name for column in contract.columns)) for contract in lead_contracts().values()
)


@macro()
def delivered_values(evaluator: MacroEvaluator, first_rows: exp.Literal | None = None) -> str:
    """Return a query with the values that an interval brings: file_id, column_name, value; NULL where it is blank.

    Each row becomes a list of its columns, which is read once however many files bronze has: a branch for each column
    takes a third less of a million rows, and five times as long of a hundred small files.

    Args:
        first_rows: Only so many rows of each delivery, its first ones; all by default.
    """
    days = (evaluator.locals["start_date"], evaluator.locals["end_date"])
    start, end = (exp.convert(day).sql(dialect="duckdb") for day in days)
    limit = f" AND b.row_number <= {first_rows}" if first_rows else ""
    rows = " UNION ALL ".join(
        f"SELECT b.file_id, UNNEST([{', '.join(_pair(column) for column in columns)}]) AS cell "
        f"FROM bronze.{source} AS b WHERE b.received_on BETWEEN {start} AND {end}{limit}"
        for source, columns in DELIVERED_COLUMNS
    )
    return (
        "SELECT r.file_id, CAST(r.cell.name AS TEXT) AS column_name, NULLIF(TRIM(r.cell.value), '') AS value "
        f"FROM ({rows}) AS r"
    )


def _pair(column: str) -> str:
    return f"{{'name': '{column}', 'value': b.{column}}}"
