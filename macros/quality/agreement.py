"""How far two conditions hold for the same rows."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def agreement(
    evaluator: MacroEvaluator,
    both: exp.Expression,
    first_only: exp.Expression,
    second_only: exp.Expression,
    neither: exp.Expression,
) -> str:
    """Return Cohen's kappa (1960) of two conditions: 1 where they hold for the same rows, 0 where chance explains it.

    Two that hold for all rows share these whatever their causes: so the rows that chance alone would give both do not
    count. NULL where both hold for all rows, or for none.

    Args:
        both: Rows for which both hold, a DOUBLE, as are the others.
        first_only: Rows for which the first holds alone.
        second_only: Rows for which the second holds alone.
        neither: Rows for which neither holds.
    """
    a, b, c, d = (f"({part.sql(dialect='duckdb')})" for part in (both, first_only, second_only, neither))
    by_chance = f"(({a} + {b}) * ({b} + {d}) + ({a} + {c}) * ({c} + {d}))"
    return f"2 * ({a} * {d} - {b} * {c}) / NULLIF({by_chance}, 0)"
