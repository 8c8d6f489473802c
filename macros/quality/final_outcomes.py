"""The rules of the final level over live leads."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.compiled import of_level, query_of
from lead_enrichment.quality.rules import rules

FINAL_ROW = ("lead_key", "source_key", "as_of", "file_id", "row_number", "row_outcomes", "row_failures")
# Read here, not in the macro, so that SQLMesh sees a changed rule as a change of the models that use it.
FINAL_OUTCOMES = query_of(of_level(rules(), "final"), "RELATION AS d", FINAL_ROW)


@macro()
def final_outcomes(evaluator: MacroEvaluator, relation: exp.Column) -> str:
    """Return a query with the rows of a relation, judged by the rules of the level final.

    The query's columns are lead_key, source_key, as_of, file_id, row_number, row_outcomes, row_failures,
    outcomes (a letter for each rule of the level) and failures.

    Args:
        relation: Name of a relation with live leads, as @leads_on returns them.
    """
    return FINAL_OUTCOMES.replace("RELATION", relation.name, 1)
