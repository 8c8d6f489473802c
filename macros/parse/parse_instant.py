"""Points in time as people and programs write them."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# A day first; SQL would also take words such as infinity.
ISO_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]|$)"


@macro()
def parse_instant(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the time in a text such as 2026-11-23 14:05, 2026-11-23T14:05:00Z or 2026-11-23T09:05:00-05:00.

    Without a zone it is UTC, without an hour the day's first moment; NULL where the text is none of these.
    """
    text = f"TRIM({raw.sql(dialect='duckdb')})"
    return f"CASE WHEN REGEXP_MATCHES({text}, '{ISO_TIME}') THEN TRY_CAST({text} AS TIMESTAMPTZ) END"
