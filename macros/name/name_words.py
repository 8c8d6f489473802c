"""The words of a name."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def name_words(evaluator: MacroEvaluator, name: exp.Expression) -> str:
    """Return the words of a match-normal name as a sorted list, each once."""
    text = name.sql(dialect="duckdb")
    return f"LIST_SORT(LIST_DISTINCT(STRING_SPLIT({text}, ' ')))"
