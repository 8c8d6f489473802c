"""How two leads agree in each attribute."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro

from macros.match.match_values import MATCH_ATTRIBUTES


@macro()
def match_levels(evaluator, relation):  # type: ignore[no-untyped-def]
    """Give for each attribute the level at which both leads agree, cast and described."""
    projections = []
    for attribute, spoken, _ in MATCH_ATTRIBUTES:
        name = f"{attribute}_level"
        projection = exp.cast(exp.column(name, table=relation.name), "TEXT").as_(name)
        projection.add_comments([f"How the {spoken} agree; NULL where one of the two says nothing"])
        projections.append(projection)
    return projections
