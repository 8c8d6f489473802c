"""Delivered values of a source that their table of parsed values lacks."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.values.new_values import VALUE_COLUMNS, interval_days, kind_of, value_expressions, value_join


@macro()
def missing_values(evaluator: MacroEvaluator, source: exp.Column) -> str:
    """Return a query with the values that a source delivers in the interval and that no table of values holds.

    The query's columns are the kind of the value, the value as delivered, and received_on, the day of its delivery.

    Args:
        source: Key of the source, such as texas; its contract tells by tags which columns hold values.
    """
    start, end = interval_days(evaluator)
    queries = [
        f"SELECT '{kind_of(tag)}' AS kind, {value} AS value, b.received_on FROM bronze.{key} AS b "
        f"{value_join(tag, 'v', value)} WHERE b.received_on BETWEEN {start} AND {end} AND TRIM({value}) <> '' "
        f"AND v.{kind_of(tag)}_raw IS NULL"
        for key, tag, columns in VALUE_COLUMNS
        if key == source.name
        for value in value_expressions(tag, columns, "b")
    ]
    # A source of which no column is tagged
    nothing = f"SELECT NULL AS kind, NULL AS value, b.received_on FROM bronze.{source.name} AS b WHERE FALSE"
    return " UNION ALL ".join(queries or [nothing])
