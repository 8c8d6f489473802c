"""Whether a lead states an attribute of the golden record only in part."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES
from macros.golden.golden_value import by_condition

PARTIAL_CONDITIONS = tuple((item.name, item.partial) for item in GOLDEN_ATTRIBUTES if item.partial)


@macro()
def golden_is_partial(evaluator: MacroEvaluator, attribute: exp.Expr, lead: exp.Expr) -> exp.Expr:
    """Return whether a lead's value of an attribute yields to a complete one, as a last name does to a full name.

    Args:
        attribute: Name of the attribute, as in seeds.survivorship.
        lead: Alias of a relation with the columns of a lead.
    """
    return by_condition(evaluator, attribute, lead, PARTIAL_CONDITIONS, default=exp.false())
