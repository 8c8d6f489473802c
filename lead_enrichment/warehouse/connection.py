"""DuckDB as the project's Python uses it beside the models."""

from __future__ import annotations

from pathlib import Path

import duckdb


def connect(database: str = ":memory:", read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database in UTC, without DuckDB's own progress bar, which would break into what a command prints."""
    connection = duckdb.connect(database, read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = FALSE")
    return connection


def literal(value: str | Path) -> str:
    """Return a text or path as a literal of SQL, in quotes.

    For where DuckDB takes neither a parameter nor a relation: ATTACH, COPY TO, table functions with options.
    """
    return "'" + str(value).replace("'", "''") + "'"
