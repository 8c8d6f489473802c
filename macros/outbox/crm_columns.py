"""The fields of Salesforce as columns."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.outbox.fields import SHOWN_FIELDS
from macros.golden.golden_value import of_lead

# Plain values, since SQLMesh keeps with a model what its macros read.
SHOWN = tuple((item.name, item.shown) for item in SHOWN_FIELDS)
WANTED = tuple((item.name, item.value, item.length) for item in SHOWN_FIELDS)


@macro()
def crm_columns(evaluator: MacroEvaluator, lead: exp.Expr, golden: exp.Expr | None = None) -> list[exp.Expr]:
    """Return for each field a column with what a lead shows, as shown_<field>.

    Args:
        lead: Alias of a relation with the columns of a lead.
        golden: Alias of the golden record; then wanted_<field> is what it puts there, as long as Salesforce takes.
    """
    columns = [of_lead(evaluator, sql, lead).as_(f"shown_{name.lower()}") for name, sql in SHOWN]
    if golden is None:
        return columns
    wanted = [
        exp.Left(this=of_lead(evaluator, sql, golden), expression=exp.Literal.number(length)).as_(
            f"wanted_{name.lower()}"
        )
        for name, sql, length in WANTED
    ]
    return [*columns, *wanted]
