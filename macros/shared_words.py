"""Words that two names share."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def shared_words(evaluator, left, right):  # type: ignore[no-untyped-def]
    """Give how many words two lists of words have in common."""
    return f"ARRAY_LENGTH(ARRAY_INTERSECT({left.sql(dialect='duckdb')}, {right.sql(dialect='duckdb')}))"
