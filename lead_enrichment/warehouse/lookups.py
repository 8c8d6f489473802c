"""Finding the rows of one key by the lookups of the published copy; see lead_enrichment/hooks/lookups.py."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.reading import Row, rows

LOOKUP_SCHEMA = "lookups"
# Column of a lookup that says where a row lies; no model has it.
POSITION = "lookup_position"
# Keys with more rows are not looked up: each row is a question of its own.
MOST_ROWS = 20
# The compared pairs, by the number of the lead whose key sorts first.
PAIR_KEY = ("left_lead_number", "right_lead_number")
PAIR_LOOKUP = f"{LOOKUP_SCHEMA}.match_pair"
PAIRS = """
    SELECT v.left_lead_number, v.right_lead_number, v.is_match, s.match_weight
    FROM intermediate.int_match_verdict AS v
    JOIN intermediate.int_match_score AS s USING (left_lead_number, right_lead_number)
"""
# A lookup by it costs a third of one by MD5. Another version of DuckDB may hash otherwise: a lookup bears the version
# in its name, so that any other version finds none.
KEY_HASH = "HASH({})"


def lookup_name(table: str, column: str = "") -> str:
    """Return the name of a table's lookup by a column, or of the table with the positions of its rows."""
    by_column = f".{column} {duckdb.__version__}" if column else ""
    return f'{LOOKUP_SCHEMA}."{table}{by_column}"'


def positions_of(connection: duckdb.DuckDBPyConnection, table: str, column: str, key: str) -> list[int] | None:
    """Return where the rows of a key lie in a table; None where there is no such lookup."""
    query = f"SELECT {POSITION} FROM {lookup_name(table, column)} WHERE key_hash = {KEY_HASH.format('?')} ORDER BY ALL"
    try:
        return [position for (position,) in connection.execute(query, [key]).fetchall()]
    except duckdb.CatalogException:
        # The warehouse has none, nor has a copy that another version of the project or of DuckDB published.
        return None


def rows_of_key(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, key: str, columns: str = "*"
) -> list[Row]:
    """Return the rows of a key, without an order.

    Args:
        connection: An open connection.
        table: Name of a model, with its schema.
        column: Its column that holds keys.
        key: The key.
        columns: What is told of them.
    """
    found = positions_of(connection, table, column, key)
    if found is None or len(found) > MOST_ROWS:
        return rows(connection, f"SELECT {columns} FROM {table} WHERE {column} = $key", key=key)
    if not found:
        return []
    shown = f"* EXCLUDE ({POSITION})" if columns == "*" else columns
    # One question for each: DuckDB goes straight to one position, and reads the table for one of several. Two keys may
    # have one hash.
    question = f"SELECT {shown} FROM {lookup_name(table)} WHERE {column} = $key AND {POSITION} = "
    return rows(connection, " UNION ALL ".join(f"{question}{position}" for position in found), key=key)


def rows_of_keys(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, keys: Iterable[str], columns: str = "*"
) -> list[Row]:
    """Return the rows of several keys, in the order of the keys; see rows_of_key."""
    return [row for key in keys for row in rows_of_key(connection, table, column, key, columns)]


def numbers_of(connection: duckdb.DuckDBPyConnection, lead_keys: Iterable[str]) -> list[int]:
    """Return the numbers of leads: among millions of pairs a number is found at once, and a key by reading them all."""
    found = rows_of_keys(connection, "intermediate.int_match_lead", "lead_key", lead_keys, "lead_number")
    return [row["lead_number"] for row in found]


def kept_rows_of_key(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, key: str, columns: str
) -> list[Row]:
    """Return the rows of a key of a table whose lookup holds the rows themselves; see rows_of_key."""
    where = f"{lookup_name(table, column)} WHERE key_hash = {KEY_HASH.format('$key')} AND {column} = $key"
    try:
        return rows(connection, f"SELECT {columns} FROM {where}", key=key)
    except duckdb.CatalogException:
        return rows(connection, f"SELECT {columns} FROM {table} WHERE {column} = $key", key=key)


def pairs_among(connection: duckdb.DuckDBPyConnection, lead_numbers: set[int]) -> list[Row]:
    """Return both numbers, `is_match` and `match_weight` of each compared pair among some leads."""
    question = "SELECT * FROM ({}) WHERE left_lead_number = $number"
    found = []
    for number in sorted(lead_numbers):
        try:
            found += rows(connection, question.format(f"FROM {PAIR_LOOKUP}"), number=number)
        except duckdb.CatalogException:
            found += rows(connection, question.format(PAIRS), number=number)
    return [row for row in found if row["right_lead_number"] in lead_numbers]


def find_lead(connection: duckdb.DuckDBPyConnection, lead_key: str) -> Row:
    """Return the current state of a lead.

    Raises:
        UsageError: No such lead ever came; near keys are named.
    """
    found = rows_of_key(connection, "intermediate.int_lead_current", "lead_key", lead_key)
    if found:
        return found[0]
    known = [row["lead_key"] for row in rows(connection, NEAR_KEYS, lead_key)]
    near = get_close_matches(lead_key, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "A key is a source and its id, such as texas:1234567."
    raise UsageError(f"no lead {lead_key} ever came", "", hint)


# The keys that are nearest by the letters that differ; Python picks from few.
NEAR_KEYS = "SELECT lead_key FROM intermediate.int_lead_current ORDER BY LEVENSHTEIN(lead_key, ?), lead_key LIMIT 20"
