"""The weight of each term of the priority, from what converted."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.priority_terms import weights_of


@macro()
def priority_weights(
    evaluator: MacroEvaluator, observed: exp.Column, terms: exp.Column, minimum: exp.Expr, prior: exp.Expr
) -> str:
    """Return a query with the weight of each term of the priority; see weights_of.

    Args:
        observed: Name of a relation with a column for each feature, `outcome` and `facilities`.
        terms: Name of a relation with the columns of seeds.priority_term.
        minimum: From how many conversions on weights are learned.
        prior: How many conversions the weights set by hand are worth.
    """
    return weights_of(observed.name, terms.sql(), minimum.sql(), prior.sql())
