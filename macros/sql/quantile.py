"""Quantiles as values that are there."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def quantile(evaluator: MacroEvaluator, number: exp.Expression, percent: exp.Literal) -> str:
    """Return the least of the numbers of a group that at least so many percent of them do not exceed.

    Taken from the sorted list, as the engines' own quantiles differ: one fills in between two numbers, one is near it
    above 10,000 numbers, and PERCENTILE_DISC is not translated for Spark.

    Args:
        number: The numbers; missing ones do not count. A group without any has no quantile.
        percent: A whole number from 1 to 100.
    """
    numbers = number.sql(dialect="duckdb")
    # Spark takes a place that an empty list does not have for an error.
    return (
        f"CASE WHEN COUNT({numbers}) > 0 THEN LIST_SORT(ARRAY_AGG({numbers}) FILTER (WHERE NOT {numbers} IS NULL))"
        f"[(COUNT({numbers}) * {percent.this} + 99) // 100] END"
    )
