"""What a lead states of each attribute of the golden record."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES, Joined
from macros.sql.join_text import join_present

# Plain values, since SQLMesh keeps with a model what its macros read.
GOLDEN_VALUES = tuple(
    (
        item.name,
        join_present(item.value.separator, list(item.value.parts)) if isinstance(item.value, Joined) else item.value,
    )
    for item in GOLDEN_ATTRIBUTES
)


def of_lead(evaluator: MacroEvaluator, sql: str, lead: exp.Expr) -> exp.Expr:
    """Return an expression over the columns of a lead as one over those of a relation."""
    expression: exp.Expr = evaluator.parse_one(sql)
    for column in list(expression.find_all(exp.Column)):
        column.set("table", exp.to_identifier(lead.name))
    return expression


def by_attribute(attribute: exp.Expr, branches: dict[str, exp.Expr], default: exp.Expr | None = None) -> exp.Expr:
    """Return a CASE over the name of an attribute; without branches, its default."""
    if not branches:
        return default or exp.null()
    case = exp.Case(this=attribute.copy(), default=default)
    for name, expression in branches.items():
        case = case.when(exp.Literal.string(name), expression)
    return case


def by_condition(
    evaluator: MacroEvaluator,
    attribute: exp.Expr,
    lead: exp.Expr,
    conditions: tuple[tuple[str, str], ...],
    default: exp.Expr,
) -> exp.Expr:
    """Return a CASE over the name of an attribute of conditions on a lead: pairs of an attribute's name and SQL."""
    return by_attribute(attribute, {name: of_lead(evaluator, sql, lead) for name, sql in conditions}, default)


@macro()
def golden_value(evaluator: MacroEvaluator, attribute: exp.Expr, lead: exp.Expr) -> exp.Expr:
    """Return the value that a lead has for an attribute, in one line.

    Args:
        attribute: Name of the attribute, as in seeds.survivorship.
        lead: Alias of a relation with the columns of a lead, or of the golden record, which has the same.
    """
    return by_attribute(attribute, {name: of_lead(evaluator, value, lead) for name, value in GOLDEN_VALUES})
