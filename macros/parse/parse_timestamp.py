"""Timestamps in the forms that Salesforce uses."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import trimmed

# A time of our days (SQL would also take the words infinity and epoch, and the year 9999), with a zone or without. The
# years before 1980 are what programs write for none: 0001, 1900, 1970.
TIME_OF_DAY = r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
ZONE = r" *(Z|z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)"
TIMESTAMP_FORM = rf"^ *(19[89][0-9]|20[0-9]{{2}})-[0-9]{{2}}-[0-9]{{2}}({TIME_OF_DAY}({ZONE})?)? *$"
# A delivery is stamped with its own date where an archive of old files is loaded, and dates are local: a day each.
AHEAD = "INTERVAL '2' DAY"


@macro()
def parse_timestamp(evaluator: MacroEvaluator, raw: exp.Expression, received_at: exp.Expression | None = None) -> str:
    """Return the instant in a text such as 2024-03-02 2:56:37 or 2024-03-01T23:30:00.000-0800; otherwise NULL.

    The hour may have one digit; without a zone the time is UTC.

    Args:
        raw: The text.
        received_at: When the text arrived. What it says of a later time than two days after is no time of a change.
    """
    text = trimmed(raw.sql(dialect="duckdb"))
    padded = (
        f"CASE WHEN REGEXP_MATCHES({text}, '^[0-9-]{{10}}[T ][0-9]:') "
        f"THEN CONCAT(LEFT({text}, 10), ' 0', SUBSTRING({text}, 12)) ELSE {text} END"
    )
    # Engines know fewer names of zones than people use, and no blank before an offset.
    plain = f"REPLACE(REPLACE(REGEXP_REPLACE({padded}, ' *(UTC|GMT|z|Z)$', '', 'g'), ' +', '+'), ' -', '-')"
    instant = f"TRY_CAST({plain} AS TIMESTAMPTZ)"
    is_possible = f"REGEXP_MATCHES({text}, '{TIMESTAMP_FORM}')"
    if received_at is not None:
        is_possible += f" AND COALESCE({instant} <= {received_at.sql(dialect='duckdb')} + {AHEAD}, TRUE)"
    return f"CASE WHEN {is_possible} THEN {instant} END"
