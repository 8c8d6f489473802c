"""Tables beside the models that follow from them, and are brought up to date by the rows that changed.

Of those that only readers of the published copy need: writing a table of a million rows in their order takes ten
seconds, and finding the thousands that changed takes one. They lie in the warehouse, so that its copy has them.

Which rows changed is told by the change log where all that changed are models that it knows, and otherwise found by
comparing each row by its hash. A table is written whole where it is not known that it was made of the same models in
the same way: after a plan that gave one another table, or where it or its state was deleted. So deleting either only
costs that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from lead_enrichment.warehouse.build_log import TABLE as BUILDS
from lead_enrichment.warehouse.change_log import SCHEMA as STATE_SCHEMA
from lead_enrichment.warehouse.change_log import ChangeLog, short_name
from lead_enrichment.warehouse.connection import transaction
from lead_enrichment.warehouse.reading import columns_of, one_row

STATE = f"{STATE_SCHEMA}.kept_table"
# Changes with how the tables are written, so that one that was written otherwise is written anew.
FORM = "1"
# A table of which more rows than this share were replaced since it was written whole is written so again: those that
# came later lie at its end, where each reader has to look for them. Comparing more is no quicker than writing.
MOST = 0.3
# So many changes may lie one after the other at the end of a table, each sorted for itself; then they are sorted
# together. Each is one more place in which a reader has to look, and sorting them writes them all.
MOST_PIECES = 4
# Column that says of a row whether it came after the table was written whole.
IS_LATER = "is_later"
# How far apart the positions of several rows are that come in between two others. Those that come later at the same
# place, such as new ids at the end of a source, so find room behind them.
SMALL_GAP = 2**12
POSITION = "position"
# Rows of a part of the table, as it was written whole, in which a place for a new row is looked for.
PART_ROWS = 16
VIEWS = "SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE database_name = ? AND NOT internal"
TABLES = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = ?"
# What a query names that reads files, of whose content nothing is known.
FILES = "files"
TEMPORARY = ("touched_key", "renewed", "held", "place")


@dataclass(frozen=True)
class KeptTable:
    """A table that follows from models.

    Args:
        name: Its name with the schema, quoted where it needs to be.
        key: Columns by which changed rows are found; none is NULL.
        query: The query of its rows, of models as production shows them. `{is_touched}` in it stands for the condition
            on `key` by which it gives some rows alone.
        order: Columns by which it is sorted when it is written whole.
        gap: Where each row has a `position`, which sorts it by the key and lets no two have the same: what it is more
            than that of the row before, when the table is written whole. Far more than SMALL_GAP.
        touched: By model the query that makes keys of its changed rows, `{changes}`. A model whose changes are logged
            by the key needs none.
    """

    name: str
    key: tuple[str, ...]
    query: str
    order: tuple[str, ...]
    gap: int = 0
    touched: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> str:
        """The columns of the key, as SQL lists them."""
        return _listed(self.key)

    @property
    def has_positions(self) -> bool:
        """Whether each row has a position."""
        return self.gap > 0

    @property
    def whole(self) -> str:
        """The query of all rows."""
        return self.query.format(is_touched="TRUE")

    @property
    def narrowed(self) -> str:
        """The query of the rows of the touched keys."""
        return self.query.format(is_touched=f"({self.keys}) IN (SELECT {self.keys} FROM temp.touched_key)")


def keep_tables(connection: duckdb.DuckDBPyConnection, schema: str, tables: Iterable[KeptTable]) -> None:
    """Bring the tables of a schema up to date with the models; any other table in it goes.

    Args:
        connection: Open on the warehouse, as its current catalog.
        schema: A schema that holds nothing else.
        tables: Its tables. Their models are there, with the columns that they are asked for.
    """
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    warehouse = _Warehouse(connection)
    kept = set()
    for table in tables:
        kept.add(short_name(table.name))
        with transaction(connection):
            _keep(warehouse, table)
    for name in warehouse.tables - kept:
        if name.startswith(f"{schema}."):
            of_schema = exp.table_(name.removeprefix(f"{schema}."), schema, quoted=True).sql("duckdb")
            connection.execute(f"DROP TABLE {of_schema}")
            connection.execute(f"DELETE FROM {STATE} WHERE name = ?", [name])


class _Warehouse:
    """What the warehouse holds, and what is known of it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.log = connection, ChangeLog(connection)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {STATE} "
            "(name TEXT PRIMARY KEY, definition TEXT, read TEXT, replaced BIGINT, pieces BIGINT)"
        )
        (own,) = one_row(connection, "SELECT CURRENT_DATABASE()")
        self._views = dict(connection.execute(VIEWS, [own]).fetchall())
        self.tables = {name for (name,) in connection.execute(TABLES, [own]).fetchall()}
        self.columns = columns_of(connection, own)
        builds = f"SELECT physical_table, build_id FROM {BUILDS}"
        known = connection.execute(builds).fetchall() if BUILDS in self.tables else []
        self._builds = {short_name(table): build for table, build in known}

    def read_by(self, query: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a query reads: of the tables their identity, empty where it is not known, and of views the SQL.

        Tables are found behind views, however many stand between.
        """
        tables: dict[str, str] = {}
        views: dict[str, str] = {}
        waiting = [query]
        while waiting:
            try:
                named = [*parse_one(waiting.pop(), dialect="duckdb").find_all(exp.Table)]
            except SqlglotError:
                tables[FILES] = ""
                continue
            for table in named:
                name = short_name(table) if isinstance(table.this, exp.Identifier) else FILES
                if name in self._views and name not in views:
                    views[name] = self._views[name]
                    # The view itself is the first table that its statement names, and the second time it is known.
                    waiting.append(views[name])
                elif name in self.tables:
                    tables[name] = self._builds.get(name, "")
                elif name == FILES:
                    tables[name] = ""
        return tables, views

    def count(self, source: str) -> int:
        """Return the number of rows of a table."""
        (rows,) = one_row(self.connection, f"SELECT COUNT(*) FROM {source}")
        return int(rows)


def _keep(warehouse: _Warehouse, table: KeptTable) -> None:
    connection = warehouse.connection
    described = connection.execute(f"DESCRIBE {table.whole}").fetchall()
    columns = [str(name) for name, *_ in described]
    read, views = warehouse.read_by(table.whole)
    # Another version of DuckDB may hash and sort otherwise.
    made_of = [FORM, table.gap, duckdb.__version__, table.whole, [row[:2] for row in described], sorted(read), views]
    definition = json.dumps([*made_of, table.order], sort_keys=True)
    name = short_name(table.name)
    query = f"SELECT definition, read, replaced, pieces FROM {STATE} WHERE name = ?"
    found = connection.execute(query, [name]).fetchone()
    expected = {*columns, IS_LATER, POSITION} if table.has_positions else {*columns, IS_LATER}
    rows: int | None = None
    replaced, pieces, is_known = 0, 0, True
    if found and found[0] == definition and warehouse.columns.get(name) == expected:
        replaced, pieces = int(found[2]), int(found[3])
        before = {model: (identity, number) for model, (identity, number) in json.loads(found[1]).items()}
        changed = [model for model, identity in read.items() if not identity or identity != before[model][0]]
        if not changed:
            return
        numbers = {model: before[model][1] if read[model] else None for model in changed}
        rows = _renew(warehouse, table, columns, numbers, replaced)
        if rows:
            replaced, pieces = replaced + rows, pieces + 1
        if pieces > MOST_PIECES:
            _sort_later(connection, table)
            pieces = 1
    if rows is None:
        _write(connection, table)
        replaced, pieces, is_known = 0, 0, not table.has_positions or _has_unique_keys(connection, table)
    for temporary in TEMPORARY:
        connection.execute(f"DROP TABLE IF EXISTS temp.{temporary}")
    if is_known:
        state = json.dumps({model: (identity, warehouse.log.newest(model)) for model, identity in read.items()})
        values = [name, definition, state, replaced, pieces]
        connection.execute(f"INSERT OR REPLACE INTO {STATE} VALUES (?, ?, ?, ?, ?)", values)
    else:
        connection.execute(f"DELETE FROM {STATE} WHERE name = ?", [name])


def _write(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> None:
    """Write a table whole."""
    position = f", ROW_NUMBER() OVER () * {table.gap} AS {POSITION}" if table.has_positions else ""
    connection.execute(
        f"CREATE OR REPLACE TABLE {table.name} AS "
        f"SELECT *{position}, FALSE AS {IS_LATER} FROM (SELECT * FROM ({table.whole}) ORDER BY {_listed(table.order)})"
    )


def _sort_later(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> None:
    """Sort the rows that came after a table was written whole, as one piece at its end."""
    order = POSITION if table.has_positions else _listed(table.order)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE renewed AS FROM {table.name} WHERE {IS_LATER}")
    connection.execute(f"DELETE FROM {table.name} WHERE {IS_LATER}")
    connection.execute(f"INSERT INTO {table.name} BY NAME FROM temp.renewed ORDER BY {order}")


def _has_unique_keys(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> bool:
    """Whether no two rows have the same key, and none lacks a part of it."""
    any_null = " OR ".join(f'"{name}" IS NULL' for name in table.key)
    query = f"SELECT 1 FROM {table.name} GROUP BY {table.keys} HAVING COUNT(*) > 1 OR {any_null} LIMIT 1"
    return not connection.execute(query).fetchall()


def _renew(
    warehouse: _Warehouse, table: KeptTable, columns: Sequence[str], numbers: Mapping[str, int | None], replaced: int
) -> int | None:
    """Replace the rows that may have changed.

    Args:
        warehouse: The warehouse.
        table: The table.
        columns: Its columns without the position.
        numbers: Of each table that changed the last change that is in the table already; None where nothing is known.
        replaced: How many rows were replaced since it was written whole.

    Returns:
        How many rows were replaced; None where it has to be written whole, and is as it was.
    """
    connection = warehouse.connection
    most = MOST * warehouse.count(table.name)
    touched = _touched(warehouse, table, numbers)
    if touched is not None:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE touched_key AS SELECT DISTINCT * FROM ({touched})")
    if touched is None or warehouse.count("temp.touched_key") > most:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE touched_key AS {_different(table, columns)}")
    keys_touched = warehouse.count("temp.touched_key")
    if not keys_touched:
        return 0
    if keys_touched > most or _lacks_a_key(connection, table):
        return None
    connection.execute(f"CREATE OR REPLACE TEMP TABLE renewed AS {table.narrowed}")
    position = f", {POSITION}" if table.has_positions else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT rowid AS held_at, {table.keys}{position} FROM {table.name} "
        f"WHERE ({table.keys}) IN (SELECT {table.keys} FROM temp.touched_key)"
    )
    rows = max(warehouse.count("temp.renewed"), warehouse.count("temp.held"))
    if replaced + rows > most or (table.has_positions and not _find_places(connection, table)):
        return None
    connection.execute(f"DELETE FROM {table.name} WHERE rowid IN (SELECT held_at FROM temp.held)")
    if table.has_positions:
        placed = f"FROM temp.renewed AS r JOIN temp.place AS p USING ({table.keys}) ORDER BY p.{POSITION}"
        added = f"SELECT r.*, p.{POSITION}, TRUE AS {IS_LATER} {placed}"
        connection.execute(f"INSERT INTO {table.name} BY NAME {added}")
    else:
        added = f"SELECT *, TRUE AS {IS_LATER} FROM temp.renewed"
        connection.execute(f"INSERT INTO {table.name} BY NAME {added} ORDER BY {_listed(table.order)}")
    return rows


def _touched(warehouse: _Warehouse, table: KeptTable, numbers: Mapping[str, int | None]) -> str | None:
    """Return the query of the keys whose rows may have changed; None where the change log does not tell."""
    told = {}
    for model, query in table.touched.items():
        shown, _ = warehouse.read_by(f"FROM {model}")
        told.update(dict.fromkeys(shown, query))
    found = []
    for name, number in numbers.items():
        # What is another one without a change having been logged was not written by a run.
        if number is None or warehouse.log.newest(name) <= number:
            return None
        changes = warehouse.log.since(name, number)
        if changes is None:
            return None
        logged = {column for column, *_ in warehouse.connection.execute(f"DESCRIBE {changes}").fetchall()}
        if {*table.key} <= logged:
            found.append(f"SELECT {table.keys} FROM ({changes})")
        elif name in told:
            found.append(told[name].format(changes=f"({changes})"))
        else:
            return None
    return " UNION ALL ".join(found)


def _different(table: KeptTable, columns: Sequence[str]) -> str:
    """Return the query of the keys whose rows in the table are not those of the models."""
    row = f"HASH({_listed(columns)})"
    if table.has_positions:
        content = f"SELECT {table.keys}, {row} AS content FROM ({{}})"
    else:
        # However often a row is there.
        content = f"SELECT {table.keys}, (SUM({row}), COUNT(*)) AS content FROM ({{}}) GROUP BY ALL"
    # Two rows that differ are taken for the same once in 2 to the power of 64.
    return (
        f"SELECT {table.keys} FROM ({content.format(f'FROM {table.name}')}) AS h "
        f"FULL JOIN ({content.format(table.whole)}) AS n USING ({table.keys}) "
        "WHERE h.content IS DISTINCT FROM n.content"
    )


def _lacks_a_key(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> bool:
    """Whether a touched row has no key, so that it cannot be told from others."""
    any_null = " OR ".join(f'"{name}" IS NULL' for name in table.key)
    return bool(connection.execute(f"SELECT 1 FROM temp.touched_key WHERE {any_null} LIMIT 1").fetchall())


def _find_places(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> bool:
    """Give each renewed row a position: the one that its key had, or one between those of the keys beside it.

    Returns:
        False where there is no room, or two rows have the same key.
    """
    keys, name = table.keys, table.name
    part = f"{POSITION} // {table.gap * PART_ROWS}"
    # The first row of each part: the key before a new one lies in the part of the last of these that sorts before it.
    begins = f"SELECT MIN({POSITION}) FROM {name} GROUP BY {part}"
    first = f"SELECT {keys}, {POSITION} FROM {name} WHERE {POSITION} IN ({begins})"
    new = f"SELECT {keys}, NULL::BIGINT AS {POSITION} FROM temp.renewed ANTI JOIN temp.held USING ({keys})"
    # Positions rise with the keys, so that the highest of all before is that of the key before.
    before = f"MAX({POSITION}) OVER (ORDER BY {keys} ROWS UNBOUNDED PRECEDING)"
    after = f"MIN({POSITION}) OVER (ORDER BY {keys} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"
    beside = f"PARTITION BY key_before ORDER BY {keys}"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE place AS
        WITH first_of_part AS MATERIALIZED ({first}), new_key AS MATERIALIZED ({new}), fallen AS (
            SELECT {POSITION}, {before} AS {POSITION}_before FROM (FROM first_of_part UNION ALL FROM new_key)
        ), near AS (
            SELECT {keys}, {POSITION} FROM {name}
            WHERE {part} IN (SELECT {part.replace(POSITION, f"{POSITION}_before")} FROM fallen WHERE {POSITION} IS NULL)
            UNION
            FROM first_of_part
        ), between_keys AS (
            SELECT {keys}, {POSITION}, COALESCE({before}, 0) AS key_before, {after} AS key_after
            FROM (FROM near UNION ALL FROM new_key)
        ), counted AS (
            SELECT {keys}, key_before, key_after, ROW_NUMBER() OVER ({beside}) AS number,
                COUNT(*) OVER (PARTITION BY key_before) AS fellows
            FROM between_keys WHERE {POSITION} IS NULL
        )
        SELECT {keys}, key_before + number * gap AS {POSITION}, gap FROM (
            SELECT *, CASE WHEN key_after IS NULL THEN {table.gap}
                ELSE LEAST({SMALL_GAP}, (key_after - key_before) // (fellows + 1)) END AS gap
            FROM counted
        )
        UNION ALL
        SELECT {keys}, h.{POSITION}, {table.gap} FROM temp.held AS h SEMI JOIN temp.renewed USING ({keys})
        """
    )
    fits, places = one_row(connection, "SELECT COALESCE(MIN(gap), 1) > 0, COUNT(*) FROM temp.place")
    rows, different = one_row(
        connection, f"SELECT SUM(rows), COUNT(*) FROM (SELECT COUNT(*) AS rows FROM temp.renewed GROUP BY {keys})"
    )
    return bool(fits) and (rows or 0) == different == places


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
