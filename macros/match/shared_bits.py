"""What the words that two names share tell."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def shared_bits(evaluator: MacroEvaluator, left: exp.Expression, right: exp.Expression) -> str:
    """Return the bits of the words that two names share, as intermediate.int_match_name numbers the words.

    The last five binary digits of a word's number are its bits. They are summed up as the length of a text, since no
    spelling of a list's sum is read and written alike for both engines. NULL where a name is missing, 0 where nothing
    is shared.
    """
    a, b = left.sql(dialect="duckdb"), right.sql(dialect="duckdb")
    shared = f"ARRAY_INTERSECT({a}, {b})"
    return f"LENGTH(ARRAY_TO_STRING(LIST_TRANSFORM({shared}, w -> REPEAT('+', CAST(w % 32 AS INT))), ''))"
