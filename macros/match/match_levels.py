"""How two leads agree in each attribute."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.match.match_values import MATCH_ATTRIBUTES


@macro()
def match_levels(evaluator: MacroEvaluator, relation: exp.Column) -> list[exp.Expr]:
    """Return for each attribute the level at which the two leads agree, cast and described."""
    projections = []
    for attribute, spoken, _ in MATCH_ATTRIBUTES:
        name = f"{attribute}_level"
        projection = exp.cast(exp.column(name, table=relation.name), "TEXT").as_(name)
        projection.add_comments([f"How the {spoken} agree; NULL where one of the two says nothing"])
        projections.append(projection)
    return projections
