"""Texts joined, those that are missing passed over."""

from __future__ import annotations

from sqlmesh import macro


def join_present(separator, parts):  # type: ignore[no-untyped-def]
    """Give the SQL that joins the parts that are not NULL; NULL where nothing is left.

    CONCAT_WS would say it shorter, but SQLMesh's optimizer renders it so that one NULL makes the whole NULL.
    """
    pieces = ", ".join(f"CASE WHEN {part} IS NULL THEN '' ELSE CONCAT('{separator}', {part}) END" for part in parts)
    return f"NULLIF(SUBSTRING(CONCAT({pieces}), {len(separator) + 1}), '')"


@macro()
def join_text(evaluator, separator, *parts):  # type: ignore[no-untyped-def]
    """Join texts by a separator, those that are NULL passed over; NULL where all are."""
    return join_present(separator.this, [part.sql(dialect="duckdb") for part in parts])
