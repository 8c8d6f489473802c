"""Opening hours of a week in one line."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.join_text import join_present

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@macro()
def schedule_line(evaluator: MacroEvaluator, *days: exp.Expression) -> str:
    """Return the hours of seven days as `Mon 7:30AM - 5:30PM; …`, without the days that have none; NULL where all do.

    Args:
        days: The hours of Monday to Sunday.
    """
    if len(days) != len(WEEKDAYS):
        raise ValueError(f"@schedule_line takes the hours of {len(WEEKDAYS)} days, not of {len(days)}.")
    parts = []
    for name, hours in zip(WEEKDAYS, days, strict=True):
        text = hours.sql(dialect="duckdb")
        parts.append(f"CASE WHEN TRIM({text}) <> '' THEN CONCAT('{name} ', TRIM({text})) END")
    return join_present("; ", parts)
