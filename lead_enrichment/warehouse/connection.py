"""DuckDB as the project's Python uses it beside the models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

# Signs that DuckDB takes for a pattern in the path of a file to read.
PATTERN_SIGNS = re.compile(r"[\[*?]")


def connect(database: str = ":memory:", read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database in UTC, without DuckDB's own progress bar, which would break into what a command prints."""
    connection = duckdb.connect(database, read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = FALSE")
    return connection


@contextmanager
def transaction(cursor: Any) -> Iterator[None]:
    """Do all of something, or nothing. SQLMesh begins no transaction on DuckDB."""
    cursor.execute("BEGIN")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


def literal(value: str | Path) -> str:
    """Return a text or path as a literal of SQL, in quotes.

    For where DuckDB takes neither a parameter nor a relation: ATTACH, COPY TO, table functions with options. What
    reads files takes a path for a pattern, and gets it by way of `exactly`.
    """
    return "'" + str(value).replace("'", "''") + "'"


def exactly(path: Path, *below: str) -> str:
    """Return a path as READ_CSV and READ_PARQUET take it: no sign in it is a pattern, however the file is named.

    Args:
        path: The file, or the folder of the files.
        below: What follows in the folder; these are patterns, such as `*`.
    """
    return "/".join([PATTERN_SIGNS.sub(r"[\g<0>]", str(path)), *below])
