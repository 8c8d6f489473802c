"""Every day of a range."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def date_spine_between(evaluator, first, last):  # type: ignore[no-untyped-def]
    """Give a query with every day from one date to another as date_day; the engines spell it differently.

    Args:
        first: First day, as YYYY-MM-DD.
        last: Last day, as YYYY-MM-DD.
    """
    return (
        f"SELECT UNNEST(GENERATE_SERIES(DATE '{first.this}', DATE '{last.this}', INTERVAL '1' DAY))::DATE AS date_day"
    )
