"""Texts joined, NULLs left out."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


def join_present(separator: str, parts: list[str]) -> str:
    """Return the SQL that joins the parts that are not NULL; NULL where nothing is left.

    CONCAT_WS would be shorter, but SQLMesh's optimizer renders it so that one NULL makes the whole NULL.
    """
    pieces = ", ".join(f"CASE WHEN {part} IS NULL THEN '' ELSE CONCAT('{separator}', {part}) END" for part in parts)
    return f"NULLIF(SUBSTRING(CONCAT({pieces}), {len(separator) + 1}), '')"


@macro()
def join_text(evaluator: MacroEvaluator, separator: exp.Literal, *parts: exp.Expression) -> str:
    """Return texts joined by a separator, NULLs left out; NULL where all are NULL."""
    return join_present(separator.this, [part.sql(dialect="duckdb") for part in parts])
