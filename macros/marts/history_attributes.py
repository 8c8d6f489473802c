"""The attributes that the history of a lead shows."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.lead_history import HISTORY_ATTRIBUTES

HISTORY_NAMES = tuple(item.name for item in HISTORY_ATTRIBUTES)


@macro()
def history_attributes(evaluator: MacroEvaluator) -> str:
    """Return a query with a row per attribute, in the order in which a page shows them."""
    rows = ", ".join(f"('{name}', {place})" for place, name in enumerate(HISTORY_NAMES, 1))
    return f"SELECT a.attribute, a.place FROM (VALUES {rows}) AS a(attribute, place)"
