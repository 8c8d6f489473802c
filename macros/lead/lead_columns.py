"""The conformed lead columns of a relation."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.lead_shape import LEAD_COLUMNS


@macro()
def lead_columns(
    evaluator: MacroEvaluator, relation: exp.Column, *without: exp.Column, **computed: exp.Expr
) -> list[exp.Expr]:
    """Return the conformed lead columns of a relation, cast and described, in their fixed order.

    Args:
        relation: Alias of the relation that holds them.
        without: Names of columns to leave out.
        computed: By its name, what a column is that the relation does not hold: `content_hash := @content_hash(s)`.

    Returns:
        One projection a column.
    """
    table = relation.name
    left_out = {column.name for column in without}
    projections: list[exp.Expr] = []
    for name, data_type, description in LEAD_COLUMNS:
        if name in left_out:
            continue
        value = computed.get(name) or exp.column(name, table=table)
        projection = exp.cast(value, data_type, dialect="duckdb").as_(name)
        projection.add_comments([description])
        projections.append(projection)
    return projections
