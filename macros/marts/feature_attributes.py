"""What the features of the priority are read from."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.priority_terms import ATTRIBUTES


@macro()
def feature_attributes(evaluator: MacroEvaluator, lead: exp.Column) -> list[str]:
    """Return the attributes of a lead that the features of the priority are read from.

    Args:
        lead: Alias of a relation with the lead shape.
    """
    return [f"{lead.name}.{name}" for name in ATTRIBUTES]
