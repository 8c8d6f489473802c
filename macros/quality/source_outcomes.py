"""The rules of the contracts over the rows of bronze."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import lead_contracts
from lead_enrichment.quality.compiled import INAPPLICABLE, of_level, query_of, source_width
from lead_enrichment.quality.rules import rules

# Read here, not in the macro, so that SQLMesh sees a changed rule as a change of the models that use it. Each source
# has the same number of letters, so that those of the next level begin at one place.
SOURCE_OUTCOMES = tuple(
    (
        query_of(of_level(rules(), "source", key), f"bronze.{key} AS d", ("file_id", "row_number", "received_on")),
        INAPPLICABLE * (source_width(rules()) - len(of_level(rules(), "source", key))),
    )
    for key in lead_contracts()
)


@macro()
def source_outcomes(evaluator: MacroEvaluator) -> str:
    """Return a query with the rows that the interval brings to bronze, judged by the rules of their contract.

    The query's columns are file_id, row_number, outcomes (a letter for each rule of the level source) and failures.
    """
    days = (evaluator.locals["start_date"], evaluator.locals["end_date"])
    start, end = (exp.convert(day).sql(dialect="duckdb") for day in days)
    return " UNION ALL ".join(
        f"SELECT s.file_id, s.row_number, CONCAT(s.outcomes, '{padding}') AS outcomes, s.failures "
        f"FROM ({query}) AS s WHERE s.received_on BETWEEN {start} AND {end}"
        for query, padding in SOURCE_OUTCOMES
    )
