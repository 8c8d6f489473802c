"""Delivered rows in the conformed lead shape."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.lead_shape import LEAD_COLUMNS
from macros.address.country_code import country_code
from macros.address.state_code import state_code
from macros.name.clean_text import clean_text
from macros.parse.unparsed import unparsed_text
from macros.sql.join_text import join_present
from macros.values.new_values import VALUE_COLUMNS, interval_days, kind_of, value_expressions, value_join


def same(*columns: str) -> dict[str, str]:
    """Return columns that a lead and the table of values name alike, each by its name."""
    return {column: column for column in columns}


# What every row of bronze has, and the lead shape with it.
DELIVERY_COLUMNS = ("rescued", "file_id", "row_number", "file_date", "received_at", "received_on")
# By the tag of a contract's column: the lead's raw column, and what else a lead takes of the value.
OF_STREET = same("house_number", "street", "unit", "address_reason")
OF_PERSON = same("contact_name", "contact_names_other")
TAKEN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "name": ("name_raw", same("name", "legal_name", "name_normal")),
    "contact": ("contact_name_raw", OF_PERSON),
    "contact_lines": ("contact_name_raw", OF_PERSON),
    "phone": ("phone_raw", same("phone_e164", "phone_type", "phone_reason", "phones_other")),
    "mobile": (
        "mobile_raw",
        {"mobile_e164": "phone_e164", "mobile_reason": "phone_reason", "mobiles_other": "phones_other"},
    ),
    "email": ("email_raw", same("email", "email_reason", "emails_other")),
    "address": ("address_raw", OF_STREET),
    "one_line_address": ("address_raw", {**OF_STREET, **same("city", "postal_code_raw", "postal_code")}),
}


def parsed_values(tagged: Mapping[str, tuple[str, ...]], row: str) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Return what the rows of a source take from the tables of values.

    Args:
        tagged: Columns of the source by their tag.
        row: Alias of the relation that holds its rows.

    Returns:
        The SQL of each column of the lead shape, the joins that it needs, and the delivered text behind those columns
        that may not be readable.
    """
    taken: dict[str, str] = {}
    joins: list[str] = []
    unread: dict[str, str] = {}
    for tag in [tag for tag in TAKEN if tag in tagged]:
        columns = tagged[tag]
        kind, (raw, names) = kind_of(tag), TAKEN[tag]
        # The shape has a place for one value of each tag.
        value = value_expressions(tag, columns, row)[0]
        whole = value if len(columns) > 1 else f"{row}.{columns[0]}"
        is_as_delivered = kind == "name" or (kind == "contact" and len(columns) == 1)
        taken[raw] = whole if is_as_delivered else f"NULLIF(TRIM({whole}), '')"
        taken.update({name: f"{tag}.{column}" for name, column in names.items()})
        joins.append(value_join(tag, tag, value))
        if kind == "name":
            taken["name_type"] = "COALESCE(name.name_type, 'business')"
        if kind == "contact":
            is_theirs = f"name.name_if_person = UPPER({tag}.contact_whole)"
            taken["name_type"] = f"CASE WHEN {is_theirs} THEN 'person' ELSE COALESCE(name.name_type, 'business') END"
        if tag == "one_line_address":
            unread = {"city": whole, "postal_code": f"{tag}.postal_code_raw"}
    return taken, joins, unread


def with_place_of_street(given: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a lead whose street field may end in a city, state and ZIP of its own.

    They are left out of the street where they agree with the lead's own, or the lead has none: then it takes them. Of
    another place they stay in the street, which has a reason then.

    Args:
        given: The SQL of the lead's columns by name; those of the street come from the relation `address`.
    """
    city, state, postal_code = (given.get(name, "NULL") for name in ("city", "state", "postal_code"))
    # What stands at the end has no full stops: ST LOUIS.
    same_city = f"REPLACE({city}, '.', '') = address.city"
    agrees = (
        f"(COALESCE({postal_code} = address.postal_code, TRUE) AND COALESCE({state} = address.state, TRUE) "
        f"AND (COALESCE({postal_code} = address.postal_code, FALSE) "
        f"OR COALESCE({same_city}, address.state IS NOT NULL)))"
    )
    is_other = f"address.street_whole IS NOT NULL AND NOT {agrees}"
    place = join_present(" ", ["address.city", "address.state", "address.postal_code"])
    return {
        **given,
        "street": f"CASE WHEN {is_other} THEN address.street_whole ELSE address.street END",
        "unit": f"CASE WHEN NOT ({is_other}) THEN address.unit END",
        "address_reason": f"CASE WHEN {is_other} THEN CONCAT('names another place: ', {place}) "
        "ELSE address.address_reason END",
        "city": f"COALESCE({city}, CASE WHEN {agrees} THEN address.city END)",
        "state": f"COALESCE({state}, CASE WHEN {agrees} THEN address.state END)",
        "postal_code": f"COALESCE({postal_code}, CASE WHEN {agrees} THEN address.postal_code END)",
    }


# What a column of a lead may take of a short text, by the name under which it does: `cleaned.city`, `state_in.state`.
OF_TEXT = {"cleaned": "text", "state_in": "state", "country_in": "country"}


def replace_texts(
    evaluator: MacroEvaluator, columns: tuple[exp.Alias, ...], tagged: tuple[str, ...], row: str
) -> list[str]:
    """Write what `cleaned.`, `state_in.` and `country_in.` stand for into columns, and return the joins that they need.

    Args:
        evaluator: SQLMesh's.
        columns: The columns of a lead.
        tagged: The delivered columns that the contract tags as text: the table of texts holds their values.
        row: Alias of the relation that holds the delivered rows.
    """
    # Where the contract does not tag a column, its texts are read row by row.
    readers = {"cleaned": clean_text, "state_in": state_code, "country_in": country_code}
    joins = []
    for found in [found for column in columns for found in column.find_all(exp.Column) if found.table in OF_TEXT]:
        name, text = found.name, exp.column(found.name, table=row)
        if name in tagged:
            joins.append(value_join("text", f"text_{name}", text.sql(dialect="duckdb")))
            found.replace(exp.column(OF_TEXT[found.table], table=f"text_{name}"))
        else:
            found.replace(exp.maybe_parse(readers[found.table](evaluator, text), dialect="duckdb"))
    return list(dict.fromkeys(joins))


@macro()
def lead_shape(evaluator: MacroEvaluator, delivered: exp.Alias, *columns: exp.Alias) -> str:
    """Return a query with the delivered rows of a source, in the interval, in the conformed lead shape.

    Only what the source alone has is written out, as `value AS column`:

    - `(value, text) AS column` where the value may not be readable. It is read in a step of its own, and other values
      may use it as `d.column_read`; the text becomes the column's raw one where the shape has such a column; and what
      was delivered and could not be read is told in unparsed. A name that the shape does not have tells a text that no
      column takes: `(NULL, text) AS labels`.
    - `cleaned.city` is `@clean_text(d.city)`, from the table of texts where the contract tags the column as text;
      `state_in.state` and `country_in.country` are the state and the country that such a text names.

    The rest follows. Names, contact persons, phones, e-mail and street addresses come from the columns that the
    source's contract tags so, through the tables in which their values are parsed once each. What the delivery says of
    itself is passed on. What the source does not deliver is NULL of the right type. Only content_hash is left, for the
    last SELECT.

    Args:
        delivered: The table that holds the source's rows, and its alias in the columns: `bronze.texas AS d`.
        columns: The columns that the source has; among them source_key, as a literal, and natural_id.
    """
    row = delivered.alias
    source = next(column.this.name for column in columns if column.alias == "source_key")
    tagged = {tag: names for key, tag, names in VALUE_COLUMNS if key == source}
    given, joins, unread = parsed_values(tagged, row)
    joins += replace_texts(evaluator, columns, tagged.get("text", ()), row)
    read: dict[str, str] = {}
    for name, value in ((column.alias, column.this) for column in columns):
        if isinstance(value, exp.Tuple):
            reading, text = (part.sql(dialect="duckdb") for part in value.expressions)
            if not isinstance(value.expressions[1], exp.Column):
                read[f"{name}_text"], text = text, f"{row}.{name}_text"
            unread[name] = text
            if isinstance(value.expressions[0], exp.Column):
                # A joined table has read it.
                given[name] = reading
            else:
                read[f"{name}_read"], given[name] = reading, f"{row}.{name}_read"
        elif name == "natural_id" and not isinstance(value, exp.Column):
            # The lead key holds it too.
            read["natural_id"], given["natural_id"] = value.sql(dialect="duckdb"), f"{row}.natural_id"
        else:
            given[name] = value.sql(dialect="duckdb")
    if "address" in tagged:
        given = with_place_of_street(given)
    types = {name: data_type for name, data_type, _ in LEAD_COLUMNS}
    misplaced = sorted(given.keys() - types.keys() - unread.keys())
    if misplaced:
        raise ValueError(f"{misplaced[0]} is no column of the lead shape: see LEAD_COLUMNS in lead_enrichment.")
    shaped = {
        **{name: f"CAST(NULL AS {data_type})" for name, data_type in types.items()},
        **{f"{name}_raw": text for name, text in unread.items() if f"{name}_raw" in types},
        **{name: value for name, value in given.items() if name in types},
        **{name: f"{row}.{name}" for name in DELIVERY_COLUMNS},
        "lead_key": f"CONCAT({given['source_key']}, ':', {given['natural_id']})",
        # Only Salesforce deletes.
        "is_deleted": f"COALESCE({given.get('is_deleted', 'NULL')}, FALSE)",
        "unparsed": unparsed_text((f"'{name}'", given[name], text) for name, text in unread.items()),
    }
    del shaped["content_hash"]
    projections = ", ".join(f"{value} AS {name}" for name, value in shaped.items())
    readings = "".join(f", {value} AS {name}" for name, value in read.items())
    start, end = interval_days(evaluator)
    rows = (
        f"SELECT {row}.*{readings} FROM {delivered.this.sql(dialect='duckdb')} AS {row} "
        f"WHERE {row}.received_on BETWEEN {start} AND {end}"
    )
    return f"SELECT {projections} FROM ({rows}) AS {row} {' '.join(joins)}"
