"""Countries by code or name."""

from __future__ import annotations

from sqlmesh import macro

from macros.address.state_code import PROVINCES


@macro()
def country_code(evaluator, raw, state):  # type: ignore[no-untyped-def]
    """Give US or CA for the spellings seen, any other country as written; a blank is told by the state's code.

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
