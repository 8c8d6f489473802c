"""Words that two names share."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def shared_words(evaluator, left, right):  # type: ignore[no-untyped-def]
    """Give how many words two lists of words have in common."""
    a, b = left.sql(dialect="duckdb"), right.sql(dialect="duckdb")
    return f"CASE WHEN {a} = {b} THEN ARRAY_LENGTH({a}) ELSE ARRAY_LENGTH(ARRAY_INTERSECT({a}, {b})) END"
