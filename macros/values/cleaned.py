"""Short texts of a delivered row, cleaned once each."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def cleaned(evaluator: MacroEvaluator, text: exp.Column) -> exp.Column:
    """Return what `@clean_text` makes of a delivered text, from the table of texts, inside of `@lead_shape`.

    Args:
        text: A delivered column, which the contract tags as text.
    """
    return exp.column("text", table=f"text_{text.name}")
