"""Timestamps in the form that Salesforce uses."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def parse_timestamp(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the UTC time of a text such as 2024-03-02 2:56:37, whose hour may have one digit; otherwise NULL."""
    text = raw.sql(dialect="duckdb")
    padded = (
        f"CASE WHEN REGEXP_MATCHES({text}, '^[0-9-]{{10}} [0-9]:') "
        f"THEN CONCAT(LEFT({text}, 10), ' 0', SUBSTRING({text}, 12)) ELSE {text} END"
    )
    return f"TRY_CAST(TRY_CAST({padded} AS TIMESTAMP) AS TIMESTAMPTZ)"
