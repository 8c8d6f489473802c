"""Delivered values that could not be read."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.join_text import join_present


@macro()
def unparsed(evaluator: MacroEvaluator, *triples: exp.Tuple) -> str:
    """Return `column=value` for every delivered value that could not be read, separated by semicolons.

    Args:
        triples: Tuples of the column's name, the value read and the raw value behind it.

    Returns:
        NULL where every value could be read.
    """
    parts = []
    for triple in triples:
        name, value, raw = (part.sql(dialect="duckdb") for part in triple.expressions)
        parts.append(f"CASE WHEN {value} IS NULL AND TRIM({raw}) <> '' THEN CONCAT({name}, '=', {raw}) END")
    return join_present("; ", parts)
