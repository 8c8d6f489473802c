"""Counts such as capacities."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import trimmed


@macro()
def parse_integer(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the whole number in a text of up to six digits, thousands separators and zero fraction aside, or NULL."""
    text = f"REGEXP_REPLACE(REPLACE({trimmed(raw.sql(dialect='duckdb'))}, ',', ''), '\\.0+$', '', 'g')"
    return f"CASE WHEN REGEXP_MATCHES({text}, '^[0-9]{{1,6}}$') THEN TRY_CAST({text} AS INT) END"
