"""The rules of the level staging over delivered rows."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.compiled import of_level, query_of
from lead_enrichment.quality.rules import rules

STAGING_ROW = ("file_id", "row_number", "lead_key", "source_key", "received_on")
# Read here, not in the macro, so that SQLMesh sees a changed rule as a change of the models that use it.
STAGING_OUTCOMES = query_of(of_level(rules(), "staging"), "RELATION AS d", STAGING_ROW)


@macro()
def staging_outcomes(evaluator: MacroEvaluator, relation: exp.Column) -> str:
    """Return a query with the rows of a relation, judged by the rules of the level staging.

    The query's columns are file_id, row_number, lead_key, source_key, received_on,
    outcomes (a letter for each rule of the level) and failures.

    Args:
        relation: Name of a relation with delivered rows in the lead shape.
    """
    return STAGING_OUTCOMES.replace("RELATION", relation.name, 1)
