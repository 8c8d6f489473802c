"""Every metric, as rows."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.metrics import metric_row, metrics

# Read here, not in the macro, so that SQLMesh sees a changed metric as a change of the models that use it.
METRIC_COLUMNS = "metric, title, definition, owner, unit, table_name, numerator, denominator, dimensions, file"
METRIC_ROWS = tuple(metric_row(metric) for metric in metrics())


@macro()
def metric_list(evaluator: MacroEvaluator) -> str:
    """Return a query with one row per metric."""
    if METRIC_ROWS:
        return f"SELECT * FROM (VALUES {', '.join(METRIC_ROWS)}) AS m({METRIC_COLUMNS})"
    nothing = ", ".join(f"NULL AS {name}" for name in METRIC_COLUMNS.split(", "))
    return f"SELECT {nothing} FROM (SELECT 1 AS one) AS n WHERE FALSE"
