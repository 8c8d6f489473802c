"""The names of the attributes of the golden record."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES

ATTRIBUTE_NAMES = tuple(item.name for item in GOLDEN_ATTRIBUTES)


@macro()
def golden_attributes(evaluator: MacroEvaluator) -> exp.Tuple:
    """Return the names of all declared attributes, in brackets."""
    return exp.Tuple(expressions=[exp.Literal.string(name) for name in ATTRIBUTE_NAMES])
