"""The attributes that a pair of leads is compared in, written once."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Each attribute with what it is called in descriptions, and whether a shared value weighs less the more leads share it.
MATCH_ATTRIBUTES: tuple[tuple[str, str, bool], ...] = (
    ("name", "name", True),
    ("phone", "phones", True),
    ("email", "e-mail address", True),
    ("address", "address", True),
    ("domain", "web domain", True),
    ("contact", "contact person", False),
    ("license", "licence number", False),
)


@macro()
def match_values(evaluator: MacroEvaluator, relation: exp.Column) -> list[exp.Expr]:
    """Return the values of both leads for each attribute, cast and described."""
    projections = []
    for attribute, spoken, _ in MATCH_ATTRIBUTES:
        for suffix, description in (
            ("left", f"The {spoken} of the first lead"),
            ("right", f"The {spoken} of the other lead"),
        ):
            name = f"{attribute}_{suffix}"
            projection = exp.cast(exp.column(name, table=relation.name), "TEXT").as_(name)
            projection.add_comments([description])
            projections.append(projection)
    return projections
