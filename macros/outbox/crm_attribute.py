"""Which attribute of the golden record a field of Salesforce belongs to."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.outbox.fields import SHOWN_FIELDS

ATTRIBUTES = tuple((item.name, item.attribute) for item in SHOWN_FIELDS)


@macro()
def crm_attribute(evaluator: MacroEvaluator, field: exp.Expr) -> exp.Expr:
    """Return the attribute of the golden record of a field, as in seeds.survivorship."""
    case = exp.Case(this=field.copy())
    for name, attribute in ATTRIBUTES:
        case = case.when(exp.Literal.string(name), exp.Literal.string(attribute))
    return case
