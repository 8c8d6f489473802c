"""Delivered values that no table of parsed values holds yet."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import VALUE_TAGS, lead_contracts
from macros.sql.join_text import join_present

# The kinds of values, each with the tags of the columns that hold them.
VALUE_KINDS = {
    "name": ("name",),
    "contact": ("contact", "contact_lines"),
    "phone": ("phone", "mobile"),
    "email": ("email",),
    "address": ("address", "one_line_address"),
    "text": ("text",),
}
# Of these the columns of a source with one tag make up one value; of the others each column is a value of its own.
JOINED_TAGS = ("contact", "address")
# Read here, not in the macro, so that SQLMesh sees a new contract as a change of the models that use it.
VALUE_COLUMNS = tuple(
    (contract.source_key, tag, contract.tagged(tag))
    for contract in lead_contracts().values()
    for tag in VALUE_TAGS
    if contract.tagged(tag)
)


def interval_days(evaluator: MacroEvaluator) -> tuple[str, str]:
    """Return the first and the last day of the interval in SQL."""
    first, last = (exp.convert(evaluator.locals["start_date"]), exp.convert(evaluator.locals["end_date"]))
    return first.sql(dialect="duckdb"), last.sql(dialect="duckdb")


def value_expressions(tag: str, columns: tuple[str, ...], alias: str) -> list[str]:
    """Return the SQL of the values that the columns with a tag hold: the keys of the table of values."""
    qualified = [f"{alias}.{column}" for column in columns]
    if tag in JOINED_TAGS and len(qualified) > 1:
        return [join_present(" ", qualified)]
    if tag == "contact_lines":
        return [f"SPLIT_PART({column}, CHR(10), 1)" for column in qualified]
    return qualified


def kind_of(tag: str) -> str:
    """Return the kind of the values in columns with a tag."""
    return next(kind for kind, tags in VALUE_KINDS.items() if tag in tags)


def value_join(tag: str, alias: str, value: str) -> str:
    """Return the join that finds a delivered value in the table of its kind; a missing or blank one finds nothing.

    Args:
        tag: The tag of the columns that hold the value.
        alias: Alias of the table of values.
        value: The value as delivered, in SQL.
    """
    kind = kind_of(tag)
    layout = f" AND {alias}.is_one_line = {tag == 'one_line_address'}" if kind == "address" else ""
    return f"LEFT JOIN staging.stg_{kind} AS {alias} ON {alias}.{kind}_raw = {value}{layout}"


def new_values_query(
    kind: str,
    start: str,
    end: str,
    known: str | None,
    only: str = "TRUE",
    resolve: Callable[[str], str] | None = None,
) -> str:
    """Return a query with the values of a kind that an interval brings and that are not known from another one.

    Args:
        kind: The kind of the values.
        start: The interval's first day, in SQL.
        end: Its last day, in SQL.
        known: The table with the values that are known, or None where there is none yet.
        only: What must hold for a value, in SQL; its relation is v.
        resolve: What gives the name of a table by that of its model; a SQL model needs none.
    """
    column = f"{kind}_raw"
    # The same text may be a street in one source and a whole address in another.
    key = [column, "is_one_line"] if kind == "address" else [column]
    delivered = " UNION ALL ".join(
        f"SELECT {expression} AS {column}, {'TRUE' if tag == 'one_line_address' else 'FALSE'} AS is_one_line, "
        f"b.received_on FROM {bronze} AS b WHERE b.received_on BETWEEN {start} AND {end}"
        for source, tag, columns in VALUE_COLUMNS
        if tag in VALUE_KINDS[kind]
        for bronze in [resolve(f"bronze.{source}") if resolve else f"bronze.{source}"]
        for expression in value_expressions(tag, columns, "b")
    )
    of_delivered, of_new = (", ".join(f"{alias}.{name}" for name in key) for alias in ("v", "n"))
    new = (
        f"SELECT {of_delivered}, MIN(v.received_on) AS received_on FROM ({delivered}) AS v "
        f"WHERE TRIM(v.{column}) <> '' AND {only} GROUP BY {of_delivered}"
    )
    if known is None:
        return new
    # A known value keeps its row and its day, whatever the order in which days are loaded. The rows of the interval
    # itself are written anew: on DuckDB they are gone already, on Spark they are still there.
    return (
        f"SELECT {of_new}, COALESCE(k.received_on, n.received_on) AS received_on FROM ({new}) AS n "
        f"LEFT JOIN {known} AS k ON {' AND '.join(f'k.{name} = n.{name}' for name in key)} "
        f"WHERE k.{column} IS NULL OR k.received_on BETWEEN {start} AND {end}"
    )


@macro()
def new_values(evaluator: MacroEvaluator, kind: exp.Column) -> str:
    """Return a query with the values of a kind that the interval brings and no other one has brought.

    Which columns hold them the contracts tell, by their tags. The query's columns are the value as delivered, named as
    the kind and `_raw`; for addresses is_one_line; and received_on, the day of the value's first delivery.

    The model's own table is read only while the model is evaluated. SQLMesh is not told: it would take the model for
    one that depends on its own past, and restate all that came after a restated day.

    Args:
        kind: name, contact, phone, email, address or text.
    """
    start, end = interval_days(evaluator)
    known = evaluator.this_model if evaluator.locals["runtime_stage"] == "evaluating" else None
    return new_values_query(kind.name, start, end, known)
