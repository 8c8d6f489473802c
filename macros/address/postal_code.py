"""ZIPs and Canadian postcodes."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import with_plain_signs

# Five digits, perhaps with four more, of which a program or a person may have left the hyphen; a spreadsheet adds .0
# behind it and an apostrophe in front.
ZIP = r"^\x27?([0-9]{5})(?:[0-9]{4}| ?- ?[0-9]{4}| [0-9]{4})?(?:\.0*| ?-)?,?$"


@macro()
def postal_code(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the ZIP's five digits, or a Canadian postcode as A1A 1A1; NULL for any other text.

    A ZIP of four digits is not padded: whether a leading zero was lost or a digit was not typed cannot be known.
    """
    text = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    canadian = f"REPLACE(REPLACE({text}, ' ', ''), '-', '')"
    return (
        f"CASE WHEN REGEXP_MATCHES({text}, '{ZIP}') THEN REGEXP_EXTRACT({text}, '{ZIP}', 1) "
        f"WHEN REGEXP_MATCHES({canadian}, '^[A-Z][0-9][A-Z][0-9][A-Z][0-9]$') "
        f"THEN CONCAT(LEFT({canadian}, 3), ' ', RIGHT({canadian}, 3)) END"
    )
