"""The published copy: what production shows, in a file of its own that is only ever read.

DuckDB lets nobody read a file while another process may write to it. So after each successful plan or run of production
its tables are copied into a file beside the warehouse, which takes the place of the one before by a rename: a reader
opens the old copy or the new one, whole either way, and waits for nobody.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb

from lead_enrichment.delivery import quoted
from lead_enrichment.errors import DataError
from lead_enrichment.paths import DataPaths

# What people and other programs read.
SCHEMAS = ("dims", "facts", "marts", "ops")
# The steps between stay in the warehouse, but for those that `leads match` needs to explain, list and decide.
STEPS = ("intermediate.int_lead_current", "intermediate.int_match_key", "staging.stg_match_decision")


def publish(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> None:
    """Copy production's tables, with their descriptions, into a new published copy.

    Args:
        connection: SQLMesh's connection to the warehouse.
        paths: The data directory.

    Raises:
        DataError: The copy could not be written; the one before stays.
    """
    unfinished = paths.published.with_name(f".{paths.published.stem}.unfinished.duckdb")
    log = unfinished.with_name(f"{unfinished.name}.wal")
    try:
        # What a killed process left.
        for path in (unfinished, log):
            path.unlink(missing_ok=True)
        connection.execute(f"ATTACH '{quoted(str(unfinished))}' AS published")
        try:
            connection.execute("BEGIN")
            for statement in _statements(connection):
                connection.execute(statement)
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT published")
        finally:
            with contextlib.suppress(duckdb.TransactionException):
                connection.execute("ROLLBACK")
            connection.execute("DETACH published")
        unfinished.replace(paths.published)
    except (OSError, duckdb.Error) as error:
        raise DataError(
            f"the published copy could not be written ({error})",
            str(paths.published),
            "The one before stays. Make room or grant access, then: sqlmesh run --ignore-cron",
        ) from error


def _statements(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Give the SQL that copies production's tables into the database `published`."""
    here = "database_name = CURRENT_DATABASE() AND NOT internal"
    views = connection.execute(
        f"SELECT schema_name, view_name, comment FROM duckdb_views() WHERE {here} "
        "AND (LIST_CONTAINS(?, schema_name) OR LIST_CONTAINS(?, schema_name || '.' || view_name)) ORDER BY ALL",
        [list(SCHEMAS), list(STEPS)],
    ).fetchall()
    columns = connection.execute(
        f"SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() "
        f"WHERE {here} AND comment IS NOT NULL ORDER BY ALL"
    ).fetchall()
    for schema in dict.fromkeys(schema for schema, _, _ in views):
        yield f'CREATE SCHEMA published."{schema}"'
    for schema, name, comment in views:
        yield f'CREATE TABLE published."{schema}"."{name}" AS SELECT * FROM "{schema}"."{name}"'
        if comment:
            yield f'COMMENT ON TABLE published."{schema}"."{name}" IS {_literal(comment)}'
    published = {(schema, name) for schema, name, _ in views}
    for schema, name, column, comment in columns:
        if (schema, name) in published:
            yield f'COMMENT ON COLUMN published."{schema}"."{name}"."{column}" IS {_literal(comment)}'


def _literal(text: str) -> str:
    return f"'{quoted(text)}'"


def published_at(paths: DataPaths) -> datetime | None:
    """Give when the published copy was finished, UTC; None where there is none."""
    try:
        return datetime.fromtimestamp(paths.published.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def publish_after(adapter: Any, environment: str, is_complete: bool, paths: DataPaths) -> None:
    """Publish after a plan or run, where there is something new to read.

    Args:
        adapter: SQLMesh's engine adapter. On other engines readers hinder nobody, and need no copy.
        environment: The environment that was built; only production is published.
        is_complete: Whether all its models were built.
        paths: The data directory.
    """
    if adapter.dialect == "duckdb" and environment == "prod" and is_complete:
        publish(adapter.cursor, paths)
