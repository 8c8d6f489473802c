"""The conformed lead columns of a relation."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.lead_shape import LEAD_COLUMNS


def described(value: exp.Expr, column: tuple[str, str, str]) -> exp.Expr:
    """Return the projection of a value as a column of LEAD_COLUMNS: cast, named, and with its description."""
    name, data_type, description = column
    projection = exp.cast(value, data_type, dialect="duckdb").as_(name)
    projection.add_comments([description])
    return projection


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
    return [
        described(computed.get(column[0]) or exp.column(column[0], table=table), column)
        for column in LEAD_COLUMNS
        if column[0] not in left_out
    ]
