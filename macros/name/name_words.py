"""The words of a name."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def name_words(evaluator, name):  # type: ignore[no-untyped-def]
    """Give the words of a match-normal name as a sorted list, each once."""
    text = name.sql(dialect="duckdb")
    return f"LIST_SORT(LIST_DISTINCT(STRING_SPLIT({text}, ' ')))"
