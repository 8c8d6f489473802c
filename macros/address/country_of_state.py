"""The country of a state or province."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.state_code import PROVINCES


@macro()
def country_of_state(evaluator: MacroEvaluator, state: exp.Expression) -> str:
    """Return CA for the code of a Canadian province, US for that of any other state, NULL where there is none."""
    code = state.sql(dialect="duckdb")
    provinces = ", ".join(f"'{province}'" for province in sorted(set(PROVINCES.values())))
    return f"CASE WHEN {code} IN ({provinces}) THEN 'CA' WHEN {code} IS NOT NULL THEN 'US' END"
