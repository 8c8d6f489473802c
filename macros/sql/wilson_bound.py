"""Wilson's interval of a share."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.wilson import WILSON_Z


@macro()
def wilson_bound(evaluator: MacroEvaluator, hits: exp.Expr, tried: exp.Expr, side: exp.Literal) -> str:
    """Return one bound of the 95% interval of a share (Wilson 1927); NULL where nothing was tried.

    It holds for few cases and for shares near 0 and 1, where the plain interval runs past them.

    Args:
        hits: How many had it.
        tried: Of how many.
        side: 'low' or 'high'.
    """
    x, n = hits.sql(dialect="duckdb"), tried.sql(dialect="duckdb")
    square = WILSON_Z * WILSON_Z
    share = f"(({x})::DOUBLE / NULLIF({n}, 0))"
    spread = f"{WILSON_Z} * SQRT({share} * (1 - {share}) / NULLIF({n}, 0) + {square / 4} / NULLIF({n}, 0) / {n})"
    middle = f"{share} + {square / 2} / NULLIF({n}, 0)"
    sign = "-" if side.name == "low" else "+"
    bound = f"({middle} {sign} {spread}) / (1 + {square} / NULLIF({n}, 0))"
    # Rounding must not leave the range of a share; of a NULL, LEAST would make 1.
    return f"CASE WHEN {n} > 0 THEN LEAST(GREATEST({bound}, 0), 1) END"
