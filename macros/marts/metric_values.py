"""The values of every metric."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.metrics import metrics, value_query

# Read here, not in the macro, so that SQLMesh sees a changed metric as a change of the models that use it.
METRIC_QUERIES = tuple(value_query(metric) for metric in metrics())


@macro()
def metric_values(evaluator: MacroEvaluator) -> str:
    """Return a query with metric, month, dimension, member, numerator and denominator."""
    if METRIC_QUERIES:
        return " UNION ALL ".join(METRIC_QUERIES)
    names = ("metric", "month", "dimension", "member", "numerator", "denominator")
    nothing = ", ".join(f"NULL AS {name}" for name in names)
    return f"SELECT {nothing} FROM (SELECT 1 AS one) AS n WHERE FALSE"
