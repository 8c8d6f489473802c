"""The columns of `@crm_columns` as rows, one a field."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.outbox.fields import SHOWN_FIELDS

FIELD_NAMES = tuple(item.name for item in SHOWN_FIELDS)


@macro()
def crm_rows(evaluator: MacroEvaluator, relation: exp.Expr, has_wanted: exp.Expr, *kept: exp.Expr) -> str:
    """Return a query with a row for each row of a relation and field: the kept columns, field, shown, and wanted.

    A scan a field: of a million leads that takes a third of the time of one scan with a CASE over the fields.

    Args:
        relation: Name of a relation with the columns of `@crm_columns`.
        has_wanted: Whether it has those of the golden record; then a row without a value to send, or where both are
            written alike, is left out unless the relation's column is_sent is true.
        kept: Columns of the relation that are passed on.
    """
    names = ", ".join(f"r.{column.name}" for column in kept)
    queries = []
    for field in FIELD_NAMES:
        shown, wanted = f"r.shown_{field.lower()}", f"r.wanted_{field.lower()}"
        query = f"SELECT {names}, '{field}' AS field, {shown} AS shown"
        if has_wanted.this:
            query += (
                f", {wanted} AS wanted FROM {relation.name} AS r WHERE r.is_sent OR {wanted} <> COALESCE({shown}, '')"
            )
        else:
            query += f" FROM {relation.name} AS r"
        queries.append(query)
    return " UNION ALL ".join(queries)
