"""Countries by code or name."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.state_code import PROVINCES


@macro()
def country_code(evaluator: MacroEvaluator, raw: exp.Expression, state: exp.Expression) -> str:
    """Return US or CA for the spellings that occur, any other country as written; a blank follows from the state.

    Args:
        raw: The country as delivered.
        state: The state's or province's code; a blank country with neither is NULL.
    """
    text, code = f"UPPER(TRIM({raw.sql(dialect='duckdb')}))", state.sql(dialect="duckdb")
    provinces = ", ".join(f"'{province}'" for province in sorted(set(PROVINCES.values())))
    return (
        f"CASE WHEN {text} IN ('US', 'USA', 'U.S.', 'UNITED STATES', 'UNITED STATES OF AMERICA') THEN 'US' "
        f"WHEN {text} IN ('CA', 'CANADA') THEN 'CA' WHEN {text} <> '' THEN {text} "
        f"WHEN {code} IN ({provinces}) THEN 'CA' WHEN {code} IS NOT NULL THEN 'US' END"
    )
