"""The share of rows that fails at the least, as far as so few rows can tell."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Of 40 rules that are as they should be, one a delivery is held to be otherwise.
CONFIDENCE_Z = 1.96


@macro()
def least_share(evaluator: MacroEvaluator, failed: exp.Expression, tested: exp.Expression) -> str:
    """Return the lower end of the 95% interval of a share (Wilson 1927); above 0 wherever a row fails.

    1 of 3 rows may be 6% of all, 4 of 10 may be 17%, 300 of 1,000 at least 27%.

    Args:
        failed: How many rows fail.
        tested: Of how many; not 0.
    """
    x, n, z2 = (f"({failed.sql(dialect='duckdb')})", f"({tested.sql(dialect='duckdb')})", CONFIDENCE_Z**2)
    centre = f"({x} + {z2 / 2:.6f})"
    spread = f"{CONFIDENCE_Z} * SQRT({x} * ({n} - {x}) / {n}::DOUBLE + {z2 / 4:.6f})"
    return f"CASE WHEN {x} > 0 THEN ({centre} - {spread}) / ({n} + {z2:.6f}) ELSE 0 END"
