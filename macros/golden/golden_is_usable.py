"""Whether a lead states an attribute of the golden record so that it can be used."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES
from macros.golden.golden_value import by_condition

USABLE_CONDITIONS = tuple((item.name, item.usable) for item in GOLDEN_ATTRIBUTES if item.usable)


@macro()
def golden_is_usable(evaluator: MacroEvaluator, attribute: exp.Expr, lead: exp.Expr) -> exp.Expr:
    """Return whether a lead may be heard about an attribute: an e-mail address that mail came back from may not.

    Args:
        attribute: Name of the attribute, as in seeds.survivorship.
        lead: Alias of a relation with the columns of a lead.
    """
    return by_condition(evaluator, attribute, lead, USABLE_CONDITIONS, default=exp.true())
