"""The columns of the golden record."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES
from lead_enrichment.lead_shape import LEAD_COLUMNS
from macros.lead.lead_columns import described

GOLDEN_RECORD = tuple(
    next(described for described in LEAD_COLUMNS if described[0] == column)
    for item in GOLDEN_ATTRIBUTES
    for column in item.columns
)


@macro()
def golden_record(evaluator: MacroEvaluator, relation: exp.Expr) -> list[exp.Expr]:
    """Return every column that an attribute of the golden record fills, cast and described as it is on a lead."""
    return [described(exp.column(column[0], table=relation.name), column) for column in GOLDEN_RECORD]
