"""Quantiles as values that are there."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def quantile(evaluator: MacroEvaluator, number: exp.Expression, share: exp.Literal) -> str:
    """Return the least of the numbers of a group that a share of them does not exceed: a discrete quantile.

    Spark's PERCENTILE_APPROX is just that up to 10,000 numbers, and near it above. The engines' other quantiles fill in
    between two numbers, each in its own way.

    Args:
        number: The numbers; missing ones do not count.
        share: From 0 to 1.
    """
    return f"PERCENTILE_DISC({share.this}) WITHIN GROUP (ORDER BY {number.sql(dialect='duckdb')})"
