"""Every day of a range."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def date_spine_between(evaluator: MacroEvaluator, first: exp.Literal, last: exp.Literal) -> str:
    """Return a query with every day from one date to another as date_day; the engines spell it differently.

    Args:
        first: First day, as YYYY-MM-DD.
        last: Last day, as YYYY-MM-DD.
    """
    days = f"GENERATE_SERIES(DATE '{first.this}', DATE '{last.this}', INTERVAL '1' DAY)"
    # Spark takes no cast around what makes rows, so it stands a step later.
    return f"SELECT CAST(s.date_day AS DATE) AS date_day FROM (SELECT UNNEST({days}) AS date_day) AS s"
