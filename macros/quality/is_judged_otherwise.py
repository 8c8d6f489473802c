"""Whether the day alone changes what the rules find of a lead."""

from __future__ import annotations

from sqlglot import exp, parse_one
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.compiled import day_outcomes, of_level
from lead_enrichment.quality.rules import DAY, rules

# Read here, not in the macro, so that SQLMesh sees a changed rule as a change of the models that use it.
DAY_OUTCOMES = day_outcomes(of_level(rules(), "final"))


@macro()
def is_judged_otherwise(evaluator: MacroEvaluator, lead: exp.Column, day: exp.Column) -> exp.Expr:
    """Return the condition that a rule of the level final may find something else on a day than on the day before.

    It is true of all leads where a rule reads the day and what a lead does not hold, such as match_status.

    Args:
        lead: Name of a relation with the columns of intermediate.int_lead_current.
        day: The day.
    """
    before = exp.cast(exp.Sub(this=day.copy(), expression=parse_one("INTERVAL '1' DAY", dialect="duckdb")), "DATE")

    def outcome(sql: str, on: exp.Expr) -> exp.Expr:
        def placed(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column):
                return node
            return on.copy() if node.name == DAY else exp.column(node.name, lead.name)

        return parse_one(sql, dialect="duckdb").transform(placed)

    return exp.paren(
        exp.or_(
            exp.false(),
            *(
                exp.NEQ(this=outcome(sql, day), expression=outcome(sql, before)) if is_of_lead else exp.true()
                for sql, is_of_lead in DAY_OUTCOMES
            ),
        )
    )
