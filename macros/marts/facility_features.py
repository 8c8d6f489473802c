"""What the priority of a facility looks at, on any day."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.priority_terms import features_of


@macro()
def facility_features(evaluator: MacroEvaluator, subject: exp.Column, lead: exp.Column) -> str:
    """Return a query with the features of facilities on given days; see features_of.

    Args:
        subject: Name of a relation with entity_key, outcome and as_of.
        lead: Name of a relation with their leads on that day.
    """
    return features_of(subject.name, lead.name)
