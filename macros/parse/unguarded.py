"""Texts of CSV files that were guarded against spreadsheets."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def unguarded(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return a text without the apostrophe that keeps a spreadsheet from taking it for a formula.

    It undoes what lead_enrichment.spreadsheet.guarded does to a text of one line.
    """
    text = raw.sql(dialect="duckdb")
    return f"CASE WHEN REGEXP_MATCHES({text}, '^''[=+@-]') THEN SUBSTRING({text}, 2) ELSE {text} END"
