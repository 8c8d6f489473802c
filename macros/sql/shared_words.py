"""Words that two names share."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def shared_words(evaluator: MacroEvaluator, left: exp.Expression, right: exp.Expression) -> str:
    """Return how many words two lists of words have in common."""
    a, b = left.sql(dialect="duckdb"), right.sql(dialect="duckdb")
    return f"CASE WHEN {a} = {b} THEN ARRAY_LENGTH({a}) ELSE ARRAY_LENGTH(ARRAY_INTERSECT({a}, {b})) END"
