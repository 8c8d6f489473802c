"""Countries by code or name."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.state_code import PROVINCES
from macros.sql.plain_text import with_plain_signs

UNITED_STATES = (
    "US", "USA", "U S", "U S A", "UNITED STATES", "UNITED STATES OF AMERICA", "THE UNITED STATES", "AMERICA",
    "UNITED STATES (US)", "UNITED STATES (USA)", "UNITED STATES OF AMERICA (USA)", "ESTADOS UNIDOS",
)  # fmt: skip
CANADA = ("CA", "CAN", "CANADA", "CANADA (CA)", "CANADÁ")


@macro()
def country_code(evaluator: MacroEvaluator, raw: exp.Expression, state: exp.Expression) -> str:
    """Return US or CA for the spellings that occur, any other country as written; a blank follows from the state.

    Args:
        raw: The country as delivered.
        state: The state's or province's code; a blank country with neither is NULL.
    """
    text, code = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})", state.sql(dialect="duckdb")
    letters = f"TRIM(REPLACE(REPLACE({text}, '. ', ''), '.', ''))"
    provinces = ", ".join(f"'{province}'" for province in sorted(set(PROVINCES.values())))
    united_states, canada = (", ".join(f"'{name}'" for name in names) for names in (UNITED_STATES, CANADA))
    return (
        f"CASE WHEN {letters} IN ({united_states}) THEN 'US' WHEN {letters} IN ({canada}) THEN 'CA' "
        f"WHEN {text} <> '' THEN {text} "
        f"WHEN {code} IN ({provinces}) THEN 'CA' WHEN {code} IS NOT NULL THEN 'US' END"
    )
