"""The evidence of each attribute in bits, and its sum."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.match.match_values import MATCH_ATTRIBUTES


@macro()
def match_weights(evaluator: MacroEvaluator, relation: exp.Column) -> list[exp.Expr]:
    """Return each attribute's weight, and its adjustment for a shared value where it has one; cast and described."""
    projections = []
    for attribute, spoken, is_adjusted in MATCH_ATTRIBUTES:
        parts = [("weight", f"What the level of the {spoken} tells, in bits; 0 where one of the two says nothing")]
        if is_adjusted:
            parts.append(("adjustment", f"What is taken off because others share the {spoken}, in bits"))
        for suffix, description in parts:
            name = f"{attribute}_{suffix}"
            projection = exp.cast(exp.column(name, table=relation.name), "DOUBLE").as_(name)
            projection.add_comments([description])
            projections.append(projection)
    return projections
