"""Delivered values that could not be read."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


def unparsed_text(triples: Iterable[tuple[str, str, str]]) -> str:
    """Return the SQL of `@unparsed` for column names, values read and raw values, each in SQL."""
    parts = ", ".join(
        f"CASE WHEN {value} IS NULL AND TRIM({raw}) <> '' THEN CONCAT('; ', {name}, '=', {raw}) ELSE '' END"
        for name, value, raw in triples
    )
    return f"NULLIF(SUBSTRING(CONCAT({parts}), 3), '')" if parts else "CAST(NULL AS TEXT)"


@macro()
def unparsed(evaluator: MacroEvaluator, *triples: exp.Tuple) -> str:
    """Return `column=value` for every delivered value that could not be read, separated by semicolons.

    Args:
        triples: Tuples of the column's name, the value read and the raw value behind it.

    Returns:
        NULL where every value could be read.
    """
    rendered = [[part.sql(dialect="duckdb") for part in triple.expressions] for triple in triples]
    return unparsed_text((name, value, raw) for name, value, raw in rendered)
