"""Reading what the models say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.patience import command_of
from lead_enrichment.warehouse.connection import connect, literal
from lead_enrichment.warehouse.waiting import HELD


class Row(dict[str, Any]):
    """A row as a dictionary by column, of tables that may be older than the code that reads them.

    After an update of the project, the published copy and the warehouse hold the columns of the models as they were
    planned last.
    """

    def __missing__(self, column: str) -> Any:
        """Say that the tables lack a column.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            f"production lacks the column {column}: the models have changed since it was planned",
            "",
            "Run: sqlmesh plan",
        )


@contextmanager
def production(paths: DataPaths) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open production for reading: the published copy, which no run holds, or the warehouse before the first is there.

    Raises:
        UsageError: There is neither, another process holds the warehouse, or production lacks what is asked for.
    """
    with _reading(paths.published if paths.published.exists() else paths.warehouse) as connection:
        yield connection


def published_at(paths: DataPaths) -> datetime | None:
    """Return when the published copy was finished, UTC; None where there is none."""
    try:
        return datetime.fromtimestamp(paths.published.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


@contextmanager
def warehouse(paths: DataPaths) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse, with its other environments and steps between, for reading.

    Raises:
        UsageError: There is none yet, another process holds it, or it lacks what is asked for.
    """
    with _reading(paths.warehouse) as connection:
        yield connection


@contextmanager
def environment(paths: DataPaths, name: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an environment for reading, under production's schemas: what it does not change is production's.

    Args:
        paths: The data directory.
        name: As in `sqlmesh plan NAME`; None or prod for production.

    Raises:
        UsageError: There is no such environment, or the warehouse cannot be read.
    """
    if name in (None, "prod"):
        with production(paths) as connection:
            yield connection
        return
    with errors_of_reading(paths.warehouse), connect() as connection:
        catalog = paths.warehouse.stem
        connection.execute(f"ATTACH {literal(paths.warehouse)} AS {catalog} (READ_ONLY)")
        own = f"__{name.lower()}" if name else ""
        found = tables_with_environment(connection, catalog, str(name))
        connection.execute("ATTACH ':memory:' AS environment")
        # Production's tables first, then those that the environment changes take their place.
        for row in sorted(found, key=lambda row: row["table_schema"].endswith(own)):
            schema = row["table_schema"].removesuffix(own)
            if "__" not in schema:
                source = f'{catalog}."{row["table_schema"]}"."{row["table_name"]}"'
                connection.execute(f'CREATE SCHEMA IF NOT EXISTS environment."{schema}"')
                view = f'environment."{schema}"."{row["table_name"]}"'
                connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {source}")
        connection.execute("USE environment")
        yield connection


# The tables of production and of all environments; SQLMesh's physical ones and its state are left out.
TABLES = """
    SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_catalog = ? AND NOT STARTS_WITH(table_schema, 'sqlmesh')
"""


def tables_with_environment(connection: duckdb.DuckDBPyConnection, catalog: str, name: str) -> list[Row]:
    """Return the schemas and names of the tables of production and of all environments.

    Args:
        connection: The warehouse.
        catalog: Name of the warehouse's catalog.
        name: An environment that must be among them.

    Raises:
        UsageError: It is not; those that are there are named.
    """
    found = rows(connection, TABLES, catalog)
    environments = {row["table_schema"].rpartition("__")[2] for row in found if "__" in row["table_schema"]}
    if name.lower() not in environments:
        hint = f"There is {', '.join(sorted(environments))}." if environments else f"Plan it first: sqlmesh plan {name}"
        raise UsageError(f"there is no environment {name}", "", hint)
    return found


def schemas_in(
    connection: duckdb.DuckDBPyConnection, catalog: str, environment: str, schema: str, models: Collection[str]
) -> dict[str, str]:
    """Return by model the schema in which an environment shows it.

    SQLMesh makes views of what an environment changes; the rest is production's.

    Args:
        connection: The warehouse.
        catalog: Name of the warehouse's catalog.
        environment: Name of the environment; prod is one too.
        schema: The schema of the models in production.
        models: Their names in it.

    Raises:
        UsageError: There is no such environment.
    """
    if environment == "prod":
        return dict.fromkeys(models, schema)
    own = f"{schema}__{environment.lower()}"
    tables = tables_with_environment(connection, catalog, environment)
    changed = {row["table_name"] for row in tables if row["table_schema"] == own}
    return {model: own if model in changed else schema for model in models}


def check_is_other(environment: str) -> None:
    """Check that a name may be that of an environment beside production.

    Raises:
        UsageError: It may not.
    """
    if environment == "prod" or not re.fullmatch(r"[A-Za-z0-9_]+", environment):
        raise UsageError(f"{environment!r} is no other environment", "", "Name one that you planned: sqlmesh plan dev")


@contextmanager
def _reading(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with errors_of_reading(file), connect(str(file), read_only=True) as connection:
        yield connection


@contextmanager
def errors_of_reading(file: Path) -> Iterator[None]:
    """Turn the errors of DuckDB into a sentence on why a warehouse cannot be read.

    Raises:
        UsageError: It is not there, another process holds it, or it lacks what is asked for.
    """
    where = str(file)
    if not file.exists():
        raise UsageError("there is no warehouse yet", where, "Run: make run")
    try:
        yield
    except duckdb.IOException as error:
        if not (held := HELD.search(str(error))):
            raise _damaged(file, error) from error
        raise UsageError(
            f"{command_of(int(held[2]))} holds the warehouse", where, "Let it end, or stop it; then try again."
        ) from error
    except (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException) as error:
        raise _damaged(file, error) from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise UsageError(
            "production has not been planned yet, or lacks what is new", where, "Run: sqlmesh plan"
        ) from error


def _damaged(file: Path, error: duckdb.Error) -> DataError:
    """Return the error of a file that DuckDB cannot read, with what brings it back."""
    words = " ".join(str(error).split())[:200]
    if file.parent.name == "published":
        remedy = "Remove it; the next run writes it again: sqlmesh run --ignore-cron"
    else:
        remedy = "Move it away; the models build it again from bronze: make run"
    return DataError(f"the file cannot be read ({words})", str(file), remedy)


def rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object, **named: object) -> list[Row]:
    """Return the rows of a query, whose parameters are given in order (`?`) or by name (`$name`)."""
    return [Row(row) for row in connection.execute(query, named or parameters).to_arrow_table().to_pylist()]


def columns_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, set[str]]:
    """Return the columns of the tables and views of a catalog, by schema and name."""
    found: dict[str, set[str]] = {}
    query = "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE database_name = ?"
    for table, column in connection.execute(query, [catalog]).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def one_of(name: str, values: Collection[object]) -> tuple[str, dict[str, object]]:
    """Return the marks and parameters of some values, for `IN (…)` in a query with named parameters.

    An index finds values that stand in a list, and not those of a subquery.

    Args:
        name: What the parameters are called, with a number behind.
        values: The values; `IN` holds for no row where there are none.
    """
    named = {f"{name}_{number}": value for number, value in enumerate(values)}
    return ", ".join(f"${name}" for name in named) or "NULL", named


def one_row(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> tuple[Any, ...]:
    """Return the first row of a query that has one, such as a count."""
    row: tuple[Any, ...] | None = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row


def find_by_key(found: Collection[Row], column: str, wanted: str, noun: str, plural: str, see: str) -> Row:
    """Return the row of a key, or of the beginning of one.

    Args:
        found: The rows.
        column: Which of their columns holds the key, in small letters.
        wanted: What somebody typed.
        noun: What a row is, in the message.
        plural: What several are.
        see: The command that lists them all.

    Raises:
        UsageError: None has it, or several have.
    """
    key = wanted.strip().lower()
    hits = [row for row in found if key and row[column].startswith(key)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        names = ", ".join(row[column] for row in hits[:3])
        raise UsageError(f"{len(hits):,} {plural} begin with {wanted}", "", f"Give more of the key: {names}.")
    near = get_close_matches(key, [row[column] for row in found], n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"See: {see}"
    raise UsageError(f"there is no {noun} {wanted}", "", hint)
