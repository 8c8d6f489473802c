"""Contact persons, separated where one field holds two."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

AND = r"(?:,? +(?:&|AND),? +|, *)"
# `TANIA & NICOLE PINEDA & POBLETE` is Tania Pineda and Nicole Poblete; commas may stand for the ampersands.
CROSSED = rf"(?i)^([^ ,&]+){AND}([^ ,&]+),? +([^,&]+?){AND}([^,&]+)$"
# `NANCY & DANIELLE RENTERIA` is Nancy Renteria and Danielle Renteria.
SHARED = r"(?i)^([^ ,&]+) +(?:&|AND) +([^ ,&]+) +([^ ,&]+)$"
# `JANE DOE & JOHN ROE` are two whole names.
WHOLE = r"(?i)^([^ ,&]+ [^,&]+?) *(?: & | AND |;) *([^ ,&]+ [^,&]+)$"


@macro()
def contact_columns(evaluator: MacroEvaluator, raw: exp.Expression) -> list[str]:
    """Return contact_name and contact_names_other of a cleaned field that names one person or two."""
    text = raw.sql(dialect="duckdb")

    def part(pattern: str, group: int) -> str:
        return f"REGEXP_EXTRACT({text}, '{pattern}', {group})"

    def either(crossed: str, shared: str, whole: str, otherwise: str) -> str:
        return (
            f"CASE WHEN REGEXP_MATCHES({text}, '{CROSSED}') THEN {crossed} "
            f"WHEN REGEXP_MATCHES({text}, '{SHARED}') THEN {shared} "
            f"WHEN REGEXP_MATCHES({text}, '{WHOLE}') THEN {whole} ELSE {otherwise} END"
        )

    first = either(
        f"CONCAT({part(CROSSED, 1)}, ' ', {part(CROSSED, 3)})",
        f"CONCAT({part(SHARED, 1)}, ' ', {part(SHARED, 3)})",
        part(WHOLE, 1),
        text,
    )
    other = either(
        f"CONCAT({part(CROSSED, 2)}, ' ', {part(CROSSED, 4)})",
        f"CONCAT({part(SHARED, 2)}, ' ', {part(SHARED, 3)})",
        part(WHOLE, 2),
        "NULL",
    )
    return [f"{first} AS contact_name", f"{other} AS contact_names_other"]
