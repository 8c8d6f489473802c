"""Which delivered values could not be read."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


def unparsed_text(triples: Iterable[tuple[str, str, str]]) -> str:
    """Return the SQL of `@unparsed` for column names, values read and raw values, each in SQL."""
    parts = ", ".join(
        f"CASE WHEN {value} IS NULL AND TRIM({raw}) <> '' THEN CONCAT('; ', {name}, '=', {raw}) ELSE '' END"
        for name, value, raw in triples
    )
    return f"NULLIF(SUBSTRING(CONCAT({parts}), 3), '')"


@macro()
def unparsed(evaluator: MacroEvaluator, *triples: exp.Expression) -> str:
    """Return `column=value` for every delivered value that was there and gave nothing, separated by semicolons.

    Args:
        triples: Tuples of the column's name, the value read and the raw value behind it.

    Returns:
        NULL where every value could be read.
    """
    rendered = [tuple(part.sql(dialect="duckdb") for part in triple.expressions) for triple in triples]
    return unparsed_text((name, value, raw) for name, value, raw in rendered)
