"""A number in place of a text, by which joins are quick."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def text_number(evaluator: MacroEvaluator, text: exp.Expression, digits: exp.Literal) -> str:
    """Return a number of so many decimal digits, made from a text alone: it never changes, whatever texts there are.

    It is the beginning of the text's MD5, its letters a to f read as 0 to 5: the engines have no number of a text in
    common, nor a way to read a hexadecimal one that SQLMesh would translate. Two texts have one number by chance with a
    probability of (7/64)^digits: of a million texts with 18 digits any two with 0.000 003.

    Args:
        text: The text; a missing one has no number.
        digits: A whole number from 1 to 18, which a BIGINT holds.
    """
    md5 = f"LEFT(MD5({text.sql(dialect='duckdb')}), {digits.this})"
    return f"CAST(TRANSLATE({md5}, 'abcdef', '012345') AS BIGINT)"
