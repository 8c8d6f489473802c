"""What the words that two names share tell."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def shared_bits(evaluator: MacroEvaluator, left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Return the bits of the words that two names share, as intermediate.int_match_name numbers the words.

    The last five binary digits of a word's number are its bits. NULL where a name is missing, 0 where nothing is
    shared.
    """
    shared = exp.func("ARRAY_INTERSECT", left, right, dialect="duckdb")
    bits = exp.Transform(
        this=shared,
        expression=exp.Lambda(
            this=exp.Mod(this=exp.column("w"), expression=exp.Literal.number(32)), expressions=[exp.to_identifier("w")]
        ),
    )
    both = exp.and_(*(exp.not_(exp.Is(this=side.copy(), expression=exp.Null())) for side in (left, right)))
    return exp.Case().when(both, exp.func("COALESCE", exp.ArraySum(this=bits), exp.Literal.number(0)))
