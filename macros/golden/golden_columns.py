"""Each column of the golden record from the lead whose value of its attribute survived."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES
from lead_enrichment.lead_shape import LEAD_COLUMNS
from macros.golden.golden_value import of_lead

# Each column with its attribute, the condition on which a lead may be heard about that, and the column's type.
GOLDEN_COLUMNS = tuple(
    (column, item.name, item.usable, next(kind for name, kind, _ in LEAD_COLUMNS if name == column))
    for item in GOLDEN_ATTRIBUTES
    for column in item.columns
)


@macro()
def golden_columns(evaluator: MacroEvaluator, winner: exp.Expr, lead: exp.Expr) -> list[exp.Expr]:
    """Return the columns of the golden record as aggregates over the winning leads of an entity.

    Args:
        winner: Alias of a relation with the `attribute` that a lead won; `all` where it is the only lead.
        lead: Alias of a relation with the columns of that lead.
    """
    projections: list[exp.Expr] = []
    for column, attribute, usable, data_type in GOLDEN_COLUMNS:
        condition: exp.Expr = exp.column("attribute", table=winner.name).isin(attribute, "all")
        if usable:
            condition = exp.and_(condition, of_lead(evaluator, usable, lead))
        value: exp.Expr = exp.Case().when(condition, exp.column(column, table=lead.name))
        # Spark has no MAX of truth values
        survived = exp.LogicalOr(this=exp.cast(value, data_type)) if data_type == "BOOLEAN" else exp.Max(this=value)
        projections.append(survived.as_(column))
    return projections
