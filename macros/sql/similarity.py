"""How alike two texts are."""

from __future__ import annotations

from sqlmesh import macro


def as_ascii(text):  # type: ignore[no-untyped-def]
    """Give a text with ? for each letter out of ASCII, which DuckDB would count by its bytes and Spark would not."""
    other = f"REGEXP_REPLACE({text}, '[^ -~]', '?', 'g')"
    return f"CASE WHEN BIT_LENGTH({text}) = 8 * LENGTH({text}) THEN {text} ELSE {other} END"


@macro()
def similarity(evaluator, left, right, least):  # type: ignore[no-untyped-def]
    """Give how alike two texts are, from 0 to 1: the share of letters that need no change (Levenshtein).

    Both engines know this distance and agree on it; Jaro-Winkler is DuckDB's alone. It is dear, so it is spared where
    the lengths already tell.

    Args:
        left: One text.
        right: The other.
        least: What is below this is of no interest and may be given as 0.

    Returns:
        An expression that is NULL where one of the texts is.
    """
    a, b = left.sql(dialect="duckdb"), right.sql(dialect="duckdb")
    longest = f"GREATEST(LENGTH({a}), LENGTH({b}), 1)"
    distance = f"LEVENSHTEIN({as_ascii(a)}, {as_ascii(b)})"
    return (
        f"CASE WHEN {a} = {b} THEN 1 "
        f"WHEN ABS(LENGTH({a}) - LENGTH({b})) > (1 - {least}) * {longest} THEN 0 "
        f"ELSE 1 - CAST({distance} AS DOUBLE) / {longest} END"
    )
