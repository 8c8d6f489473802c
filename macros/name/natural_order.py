"""Names in the order in which they are spoken."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.name.is_person import BUSINESS_WORD, GENERATION_BETWEEN, GENERATION_LAST, person_form

# A generation: it stands behind the surname in whatever order the name is written.
SUFFIX_WORD = r"((?i:jr|sr|ii|iii|iv|v)\.?)"


@macro()
def natural_order(evaluator: MacroEvaluator, name: exp.Expression) -> str:
    """Return `First Last` for `Last, First`, a generation last; `The Neighborhood School` for `…, The`."""
    text = name.sql(dialect="duckdb")
    person = (
        f"({person_form(text)} AND NOT REGEXP_MATCHES({text}, '{BUSINESS_WORD}') "
        f"AND NOT REGEXP_MATCHES({text}, '{GENERATION_LAST}'))"
    )
    suffix = f"REGEXP_EXTRACT({text}, '^[^,]+, [^,]+?[ ,]+{SUFFIX_WORD}$', 1)"
    behind = f"TRIM(SPLIT_PART({text}, ',', 2))"
    first = (
        f"CASE WHEN {suffix} <> '' THEN TRIM(REGEXP_REPLACE({behind}, ' {SUFFIX_WORD}$', '', 'g')) ELSE {behind} END"
    )
    between = ", ' ', ".join(f"REGEXP_EXTRACT({text}, '{GENERATION_BETWEEN}', {part})" for part in (3, 1, 2))
    return (
        f"NULLIF(CASE WHEN {person} AND REGEXP_MATCHES({text}, '{GENERATION_BETWEEN}') THEN CONCAT({between}) "
        f"WHEN {person} THEN TRIM(CONCAT({first}, ' ', SPLIT_PART({text}, ',', 1), ' ', {suffix})) "
        f"WHEN REGEXP_MATCHES({text}, '(?i), the$') THEN CONCAT('The ', TRIM(LEFT({text}, LENGTH({text}) - 5))) "
        f"ELSE {text} END, '')"
    )
