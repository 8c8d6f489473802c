"""Flags in the spellings that the sources use."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import trimmed


@macro()
def parse_boolean(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return TRUE for TRUE, Y, YES or 1, FALSE for their opposites, otherwise NULL."""
    text = f"UPPER({trimmed(raw.sql(dialect='duckdb'))})"
    true, false = "('TRUE', 'Y', 'YES', '1')", "('FALSE', 'N', 'NO', '0')"
    return f"CASE WHEN {text} IN {true} THEN TRUE WHEN {text} IN {false} THEN FALSE END"
