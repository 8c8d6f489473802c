"""The macro that narrows a query to the keys that changes touch."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def is_touched(evaluator: MacroEvaluator, column: exp.Column, key: exp.Column | None = None) -> exp.In:
    """Return the condition that a key is one of the CTE `touched` of a model of the kind replaced_by_key.

    Args:
        evaluator: SQLMesh's.
        column: The key.
        key: The column of `touched` that holds it, where it is named otherwise.
    """
    touched = exp.select(exp.column(key.name if key else column.name, "t")).from_("touched AS t")
    return exp.In(this=column.copy(), query=exp.Subquery(this=touched))
