"""What a version of a lead says of each attribute that its history shows."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import Joined
from lead_enrichment.lead_history import HISTORY_ATTRIBUTES
from macros.golden.golden_value import by_attribute, of_lead
from macros.sql.join_text import join_present

# Plain values, since SQLMesh keeps with a model what its macros read.
HISTORY_VALUES = tuple(
    (
        item.name,
        join_present(item.value.separator, list(item.value.parts)) if isinstance(item.value, Joined) else item.value,
    )
    for item in HISTORY_ATTRIBUTES
)


@macro()
def history_value(evaluator: MacroEvaluator, attribute: exp.Expr, lead: exp.Expr) -> exp.Expr:
    """Return the value that a version of a lead has for an attribute, in one line.

    Args:
        attribute: Name of the attribute, as @history_attributes lists it.
        lead: Alias of a relation with the columns of a version.
    """
    return by_attribute(attribute, {name: of_lead(evaluator, value, lead) for name, value in HISTORY_VALUES})
