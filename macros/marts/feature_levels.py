"""The features of the priority, a row each."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.priority_terms import unpivoted


@macro()
def feature_levels(evaluator: MacroEvaluator, observed: exp.Column, *passed_on: exp.Column) -> str:
    """Return a query with a row per observation and feature: the columns passed on, feature and level.

    Args:
        observed: Name of a relation with a column for each feature.
        passed_on: Columns to return beside.
    """
    return unpivoted(observed.name, ", ".join(f"o.{column.name}" for column in passed_on))
