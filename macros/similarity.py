"""How alike two texts are."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def similarity(evaluator, left, right):  # type: ignore[no-untyped-def]
    """Give how alike two texts are, from 0 to 1: the share of letters that need no change (Levenshtein).

    Both engines know this distance and agree on it; Jaro-Winkler is DuckDB's alone. NULL where a text is.
    """
    a, b = left.sql(dialect="duckdb"), right.sql(dialect="duckdb")
    return f"(1 - CAST(LEVENSHTEIN({a}, {b}) AS DOUBLE) / GREATEST(LENGTH({a}), LENGTH({b}), 1))"
