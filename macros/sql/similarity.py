"""How similar two texts are."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


def as_ascii(text: str) -> str:
    """Return a text with ? for each letter outside ASCII: DuckDB counts such a letter by its bytes, Spark does not."""
    other = f"REGEXP_REPLACE({text}, '[^ -~]', '?', 'g')"
    return f"CASE WHEN BIT_LENGTH({text}) = 8 * LENGTH({text}) THEN {text} ELSE {other} END"


@macro()
def similarity(evaluator: MacroEvaluator, left: exp.Expression, right: exp.Expression, least: exp.Expression) -> str:
    """Return how similar two texts are, from 0 to 1: the share of letters that need no change (Levenshtein).

    Both engines have this distance and agree on it; Jaro-Winkler is DuckDB's alone. It is expensive to compute, so it
    is skipped where the lengths already decide.

    Args:
        left: One text.
        right: The other.
        least: The lowest similarity of interest; below it, 0 may be returned.

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
