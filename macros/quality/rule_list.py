"""Every quality rule, as rows."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.compiled import positions, rule_row
from lead_enrichment.quality.rules import rules

# Read here, not in the macro, so that SQLMesh sees a changed rule as a change of the models that use it.
RULE_COLUMNS = (
    "rule, level, table_name, source_key, dimension, severity, owner, description, remedy, applies_when, expression, "
    "columns_read, file, rule_hash, weight, minimum_effect, minimum_rows, position"
)
RULE_ROWS = tuple(rule_row(rule, positions(rules())[rule.rule]) for rule in rules())


@macro()
def rule_list(evaluator: MacroEvaluator) -> str:
    """Return a query with one row per rule, and where its letter stands in the outcomes of a lead."""
    if RULE_ROWS:
        return f"SELECT * FROM (VALUES {', '.join(RULE_ROWS)}) AS r({RULE_COLUMNS})"
    # A project without rules
    nothing = ", ".join(f"NULL AS {name}" for name in RULE_COLUMNS.split(", "))
    return f"SELECT {nothing} FROM (SELECT 1 AS one) AS n WHERE FALSE"
