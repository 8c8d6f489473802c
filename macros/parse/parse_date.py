"""Dates in the forms that the sources use."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import trimmed

# No date of ours is of another century: 0001 and 9999 are what programs write for none.
US_DATE = r"^([0-9]{1,2})/([0-9]{1,2})/((?:19|20)[0-9]{2}|[0-9]{2})$"
ISO_DATE = r"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})"


@macro()
def parse_date(evaluator: MacroEvaluator, raw: exp.Expression, latest_year: exp.Expression | None = None) -> str:
    """Return the date in a text: 10/13/11, 10/13/2011, or the first 2011-10-13 in it; NULL where there is none.

    A year of two digits is of this century unless that is later than the date can be.

    Args:
        raw: The text.
        latest_year: The last year that the column can hold: that of the delivery for what has happened. Without it a
            year from 70 on is of the last century: licences are issued after 1970 and expire before 2070.
    """
    text = trimmed(raw.sql(dialect="duckdb"))

    def part(position: int) -> str:
        return f"SPLIT_PART({text}, '/', {position})"

    is_past = f"{part(3)} >= '70'"
    if latest_year is not None:
        is_past = f"2000 + TRY_CAST({part(3)} AS INT) > {latest_year.sql(dialect='duckdb')}"
    century = f"CASE WHEN LENGTH({part(3)}) = 4 THEN '' WHEN {is_past} THEN '19' ELSE '20' END"
    # Both engines read a month and a day of one digit.
    us_form = f"CONCAT({century}, {part(3)}, '-', {part(1)}, '-', {part(2)})"
    iso_form = f"REGEXP_EXTRACT({text}, '{ISO_DATE}', 1)"
    return f"TRY_CAST(CASE WHEN REGEXP_MATCHES({text}, '{US_DATE}') THEN {us_form} ELSE {iso_form} END AS DATE)"
