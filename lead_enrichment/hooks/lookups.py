"""What the published copy holds beside the models, so that the pages of one lead find its rows at once.

In the tables of the models the keys lie anywhere, and of a text DuckDB's own statistics know eight bytes, in which all
keys of a source are alike: each question of a page would read a column of a million keys. DuckDB's indexes would find
them too, but stay in memory once they were read. So each lookup is a table sorted by the hash of a key, of which a
reader reads one block; what is in it is either the position of a row, or the row. Those with rows are kept in the
warehouse by the change (lead_enrichment/hooks/kept_tables.py); what changed since one was sorted lies at its end.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from sqlglot import exp, parse_one

from lead_enrichment.hooks.kept_tables import TABLES, VIEWS, KeptTable, keep_tables
from lead_enrichment.warehouse.lookups import (
    KEY_HASH,
    LOOKUP_SCHEMA,
    PAIR_KEY,
    PAIR_LOOKUP,
    PAIRS,
    POSITION,
    lookup_name,
)
from lead_enrichment.warehouse.reading import columns_of, one_row

# Views of production that show one table, and the columns by which their rows are asked for.
POSITIONS = (
    ("dims.dim_lead_validity", "lead_key"),
    ("facts.fact_enriched_lead", "entity_key"),
    ("facts.fact_lead_match", "entity_key"),
    ("facts.fact_lead_match", "lead_key"),
    ("facts.fact_match_status_change", "lead_key"),
    ("intermediate.int_lead_current", "lead_key"),
    ("intermediate.int_lead_version", "lead_key"),
    ("intermediate.int_match_lead", "email"),
    ("intermediate.int_match_lead", "lead_key"),
    ("intermediate.int_match_lead", "mobile"),
    ("intermediate.int_match_lead", "phone"),
    ("quality.lead_score", "lead_key"),
)
# In the warehouse they are not where readers look for them: between two runs, and in other environments, they are not
# what the models hold.
KEPT_SCHEMA = "lookup_rows"
# Of what has many rows for a key, the rows themselves, which then lie beside each other.
ROWS = (
    ("facts.fact_enriched_attribute", "entity_key", "entity_key, attribute, reason"),
    ("quality.lead_failure", "lead_key", "lead_key, rule, points, reason, remedy"),
)
# A search asks for many rows at once, for which an index is best.
INDEXES = (("marts.sales_facility", "entity_key"), ("marts.search_lead", "lead_number"))


def keep_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the lookups that hold rows up to date with the models, before the warehouse is copied.

    Args:
        connection: Open on the warehouse, as its current catalog.
    """
    (own,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    columns = columns_of(connection, own)

    def tables() -> Iterator[KeptTable]:
        for view, column, held in ROWS:
            if {*held.split(", ")} <= columns.get(view, set()):
                query = _hashed(column, held, f"{view} WHERE {{is_touched}} AND NOT {column} IS NULL")
                yield KeptTable(_kept_name(view, column), (column,), query, ("key_hash",))

    keep_tables(connection, KEPT_SCHEMA, tables())


def _kept_name(view: str, column: str) -> str:
    """Return the name of a lookup that holds rows, where the warehouse and its copy keep it."""
    return lookup_name(view, column).replace(LOOKUP_SCHEMA, KEPT_SCHEMA, 1)


def make_lookups(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Make each lookup whose model is there, is a table, and has its columns; readers do without the others.

    All of the copy is then in its file, and nothing may be written to it any more: the rows could move.

    Args:
        connection: Open on the warehouse, as its current catalog.
        catalog: Attached copy of it that gets them.
    """
    copy = _Copy(connection, catalog)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{LOOKUP_SCHEMA}")
    for view, column, _ in ROWS:
        name = _kept_name(view, column)
        if copy.has(name.replace('"', "")):
            connection.execute(f"CREATE VIEW {catalog}.{lookup_name(view, column)} AS FROM {copy.read_as}.{name}")
    verdict, score = "intermediate.int_match_verdict", "intermediate.int_match_score"
    if copy.has(verdict, *PAIR_KEY, "is_match") and copy.has(score, *PAIR_KEY, "match_weight"):
        connection.execute(f"CREATE TABLE {catalog}.{PAIR_LOOKUP} AS {PAIRS} ORDER BY {', '.join(PAIR_KEY)}")
    for view, column in INDEXES:
        if copy.has_table(view, column):
            name = f"{view}_{column}".replace(".", "_")
            connection.execute(f"CREATE INDEX {name} ON {copy.table(view)} ({column})")
    _write_with_positions(connection, copy)


class _Copy:
    """What a copy of the warehouse holds."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
        self._connection, self.catalog = connection, catalog
        # A view names the catalog of what it shows, and a copy has that of the warehouse where it is read.
        (self.read_as,) = one_row(connection, "SELECT CURRENT_DATABASE()")
        self._views = dict(connection.execute(VIEWS, [catalog]).fetchall())
        self._columns = columns_of(connection, catalog)
        self._tables = {name for (name,) in connection.execute(TABLES, [catalog]).fetchall()}

    def has(self, view: str, *columns: str) -> bool:
        """Whether it has a model, or a table of another kind, with some columns."""
        return view in self._columns and {*columns} <= self._columns[view]

    def has_table(self, view: str, column: str) -> bool:
        """Whether it has a model with a column, which shows a table."""
        return self.has(view, column) and view in self._views and self._shown(view) in self._tables

    def table(self, view: str, catalog: str = "") -> str:
        """Return the table that a model shows, with the copy's catalog or another."""
        schema, _, name = self._shown(view).partition(".")
        return exp.table_(name, schema, catalog or self.catalog, quoted=True).sql("duckdb")

    def last_row(self, view: str) -> int:
        """Return the number of the last row of a model's table in the copy; -1 where it has none."""
        (last_row,) = one_row(self._connection, f"SELECT COALESCE(MAX(rowid), -1) FROM {self.table(view)}")
        return int(last_row)

    def _shown(self, view: str) -> str:
        shown = parse_one(self._views[view], dialect="duckdb").expression.find(exp.Table)
        return f"{shown.db}.{shown.name}"


def _write_with_positions(connection: duckdb.DuckDBPyConnection, copy: _Copy) -> None:
    """Make the lookups of POSITIONS, and write the copy to its file so that they hold there.

    Where rows were deleted, DuckDB may close the gaps as it writes the file, and then numbers the rows behind them
    anew. They keep their order, and none moves further than the last: where the last row has another number, the
    lookups of the table are made again. Each time fewer gaps are left, so that this ends.
    """
    columns: dict[str, list[str]] = {}
    for view, column in POSITIONS:
        if copy.has_table(view, column):
            columns.setdefault(view, []).append(column)
    last_rows: dict[str, int] = {}
    while True:
        for view in columns:
            last_row = copy.last_row(view)
            if last_rows.get(view) != last_row:
                last_rows[view] = last_row
                _make_positions(connection, copy, view, columns[view])
        connection.execute(f"CHECKPOINT {copy.catalog}")
        if all(copy.last_row(view) == last_row for view, last_row in last_rows.items()):
            return


def _make_positions(connection: duckdb.DuckDBPyConnection, copy: _Copy, view: str, columns: list[str]) -> None:
    """Say by some columns where the rows of a model's table lie."""
    position = f"rowid AS {POSITION}"
    shown = f"SELECT *, {position} FROM {copy.table(view, copy.read_as)}"
    connection.execute(f"CREATE OR REPLACE VIEW {copy.catalog}.{lookup_name(view)} AS {shown}")
    for column in columns:
        _sort(connection, f"{copy.catalog}.{lookup_name(view, column)}", column, position, copy.table(view))


def _sort(connection: duckdb.DuckDBPyConnection, lookup: str, column: str, held: str, source: str) -> None:
    """Write a lookup: what it holds of each row of a source, by the hash of a column."""
    rows = _hashed(column, held, f"{source} WHERE NOT {column} IS NULL")
    connection.execute(f"CREATE OR REPLACE TABLE {lookup} AS {rows} ORDER BY key_hash")


def _hashed(column: str, held: str, source: str) -> str:
    return f"SELECT {KEY_HASH.format(column)} AS key_hash, {held} FROM {source}"
