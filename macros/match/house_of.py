"""The house of a lead, in one text."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def house_of(evaluator: MacroEvaluator, relation: exp.Column) -> str:
    """Return house number and street of a lead in one text; NULL where one is not known.

    Args:
        relation: Alias of the relation that holds the lead, as intermediate.int_match_lead does.
    """
    alias = relation.name
    return (
        f"COALESCE(CAST({alias}.house_low AS TEXT) || ' ' || {alias}.street_core, "
        f"{alias}.house_number || ' ' || {alias}.street)"
    )
