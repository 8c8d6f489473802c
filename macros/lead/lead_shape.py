"""Delivered rows in the conformed lead shape."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

from lead_enrichment.lead_shape import LEAD_COLUMNS
from macros.name.is_person import is_person
from macros.parse.unparsed import unparsed_text
from macros.values.new_values import VALUE_COLUMNS, value_expressions

# What every row of bronze has, and the lead shape with it.
DELIVERY_COLUMNS = ("rescued", "file_id", "row_number", "file_date", "received_at", "received_on")
# What the shape itself adds to the columns of a source.
DERIVED_COLUMNS = ("lead_key", "content_hash", "unparsed")
# For each tag of a contract's column the kind of value that it holds, and what a lead takes from the table of values.
TAKEN = {
    "name": ("name", ("name", "legal_name", "name_normal")),
    "contact": ("contact", ("contact_name", "contact_names_other")),
    "contact_lines": ("contact", ("contact_name", "contact_names_other")),
    "phone": ("phone", ("phone_e164", "phone_type", "phone_reason")),
    "mobile": ("phone", ("phone_e164 AS mobile_e164", "phone_reason AS mobile_reason")),
    "email": ("email", ("email", "email_reason")),
    "address": ("address", ("house_number", "street", "unit", "address_reason")),
    "one_line_address": (
        "address",
        ("house_number", "street", "unit", "address_reason", "city", "postal_code_raw", "postal_code"),
    ),
}


@macro()
def lead_shape(evaluator: MacroEvaluator, delivered: exp.Alias, *columns: exp.Expression) -> str:
    """Return a query with the delivered rows of a source in the conformed lead shape.

    Only what the source has is written out, as `value AS column`. Where a value may not be readable, it is written
    with the delivered text, as `(value, text) AS column`: the text is the column's raw one where the shape has such a
    column, and what was delivered and could not be read is told in unparsed. A name that the shape does not have tells
    a text that no column takes, as `(NULL, text) AS labels`.

    The rest follows: names, contact persons, phones, e-mail and street addresses from the columns that the source's
    contract tags so and the tables in which their values are parsed once each; the key; what the delivery says of
    itself; NULL of the right type for what the source does not deliver; the hash.

    Args:
        delivered: The relation that holds the delivered rows, and its alias in the columns: `delivered AS d`.
        columns: The columns that the source has; among them source_key, as a literal, and natural_id.
    """
    row = delivered.alias
    given: dict[str, str] = {}
    unread: dict[str, str] = {}
    for column in columns:
        if isinstance(column.unalias(), exp.Tuple):
            value, text = (part.sql(dialect="duckdb") for part in column.unalias().expressions)
            given[column.alias], unread[column.alias] = value, text
        else:
            given[column.alias] = column.unalias().sql(dialect="duckdb")
    source = next(column.unalias().name for column in columns if column.alias == "source_key")
    parsed, joins, pairs = parsed_values(evaluator, source, row)
    given = {**parsed, **given}
    unread = {**pairs, **unread}
    shape = [name for name, _, _ in LEAD_COLUMNS]
    misplaced = [
        name for name in given if name in DERIVED_COLUMNS or (name not in shape and given[name].upper() != "NULL")
    ]
    if misplaced:
        raise ValueError(f"The lead shape takes no column {', '.join(misplaced)}; see LEAD_COLUMNS for what it has.")
    raw_names = {name: f"{name}_raw" if f"{name}_raw" in shape else f"{name}_delivered" for name in unread}
    given.update({raw_names[name]: text for name, text in unread.items() if raw_names[name] not in given})
    given.update({name: f"{row}.{name}" for name in DELIVERY_COLUMNS})
    read = ", ".join(f"{value} AS {name}" for name, value in given.items())
    told = unparsed_text(
        (f"'{name}'", f"s.{name}" if name in shape else "NULL", f"s.{raw_names[name]}") for name in unread
    )
    filled = {
        name: f"s.{name}" if name in given else f"CAST(NULL AS {data_type})" for name, data_type, _ in LEAD_COLUMNS
    }
    filled["lead_key"] = "CONCAT(s.source_key, ':', s.natural_id)"
    # Only Salesforce deletes.
    filled["is_deleted"] = f"COALESCE({filled['is_deleted']}, FALSE)"
    filled["unparsed"] = told if unread else filled["unparsed"]
    del filled["content_hash"]
    shaped = ", ".join(f"{value} AS {name}" for name, value in filled.items())
    return f"SELECT {shaped} FROM (SELECT {read} FROM {delivered.this.sql(dialect='duckdb')} AS {row} {' '.join(joins)}) AS s"


def parsed_values(
    evaluator: MacroEvaluator, source: str, row: str
) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Return what a source's rows take from the tables of values.

    Args:
        evaluator: SQLMesh's.
        source: The source's key.
        row: Alias of the relation that holds its rows.

    Returns:
        The SQL of each column of the lead shape, the joins that it needs, and the delivered text behind those columns
        that may not be readable.
    """
    taken: dict[str, str] = {}
    joins: list[str] = []
    unread: dict[str, str] = {}
    tags = {tag: columns for key, tag, columns in VALUE_COLUMNS if key == source}
    for tag, columns in tags.items():
        kind, names = TAKEN[tag]
        raw = f"{'contact_name' if kind == 'contact' else tag.removeprefix('one_line_')}_raw"
        # Only the first of several phones finds its place in the shape.
        value = value_expressions(tag, columns, row)[0]
        whole = f"{row}.{columns[0]}" if len(columns) == 1 else value
        is_as_delivered = kind == "name" or (kind == "contact" and len(columns) == 1)
        taken[raw] = whole if is_as_delivered else f"NULLIF(TRIM({whole}), '')"
        for name in names:
            inside, _, outside = name.partition(" AS ")
            taken[outside or inside] = f"parsed_{tag}.{inside}"
        of_layout = f" AND parsed_{tag}.is_one_line = {tag == 'one_line_address'}" if kind == "address" else ""
        joins.append(f"LEFT JOIN staging.stg_{kind} AS parsed_{tag} ON parsed_{tag}.{kind}_raw = {value}{of_layout}"
        )
        if tag == "one_line_address":
            unread = {"city": whole, "postal_code": f"parsed_{tag}.postal_code_raw"}
    if "name" in taken:
        by_form = "COALESCE(parsed_name.name_type, 'business')"
        contact = next((f"parsed_{tag}.contact_whole" for tag in ("contact", "contact_lines") if tag in tags), None)
        if contact is None:
            taken["name_type"] = by_form
        else:
            person = is_person(evaluator, exp.column("trade_name", table="parsed_name"), exp.maybe_parse(contact))
            # A name that is not the contact's is judged by its form, once; the comparison spares the expressions.
            taken["name_type"] = (
                f"CASE WHEN UPPER(parsed_name.trade_name) = UPPER({contact}) AND {person} THEN 'person' "
                f"ELSE {by_form} END"
            )
    return taken, joins, unread
