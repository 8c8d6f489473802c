"""Countries by code or name."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import with_plain_signs

UNITED_STATES = (
    "US", "USA", "U S", "U S A", "UNITED STATES", "UNITED STATES OF AMERICA", "THE UNITED STATES", "AMERICA",
    "UNITED STATES (US)", "UNITED STATES (USA)", "UNITED STATES OF AMERICA (USA)", "ESTADOS UNIDOS",
)  # fmt: skip
CANADA = ("CA", "CAN", "CANADA", "CANADA (CA)", "CANADÁ")


@macro()
def country_code(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return US or CA for the spellings that occur, NULL for any other text."""
    text = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    letters = f"TRIM(REPLACE(REPLACE({text}, '. ', ''), '.', ''))"
    united_states, canada = (", ".join(f"'{name}'" for name in names) for names in (UNITED_STATES, CANADA))
    return f"CASE WHEN {letters} IN ({united_states}) THEN 'US' WHEN {letters} IN ({canada}) THEN 'CA' END"
