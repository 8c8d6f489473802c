"""Names in the order in which they are spoken."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.name.is_person import BUSINESS_WORD, PERSON


@macro()
def natural_order(evaluator: MacroEvaluator, name: exp.Expression) -> str:
    """Return `First Last` for `Last, First`, and `The Neighborhood School` for `Neighborhood School, The`."""
    text = name.sql(dialect="duckdb")
    person = f"(REGEXP_MATCHES({text}, '{PERSON}') AND NOT REGEXP_MATCHES({text}, '{BUSINESS_WORD}'))"
    return (
        f"NULLIF(CASE WHEN {person} THEN TRIM(CONCAT(SPLIT_PART({text}, ',', 2), ' ', SPLIT_PART({text}, ',', 1))) "
        f"WHEN REGEXP_MATCHES({text}, '(?i), the$') THEN CONCAT('The ', LEFT({text}, LENGTH({text}) - 5)) "
        f"ELSE {text} END, '')"
    )
