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
# What a run may hold of a warehouse, in bytes and as a share of its file.
LEAST_HELD = 2_000_000_000
MOST_HELD_SHARE = 0.5


def connect(database: str = ":memory:", read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database in UTC, without DuckDB's own progress bar, which would break into what a command prints."""
    connection = duckdb.connect(database, read_only=read_only)
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = FALSE")
    return connection


def hold_less(cursor: Any) -> None:
    """Let DuckDB hold half of the warehouse in memory, or 2 GB of a small one, unless it is told to hold even less.

    Left alone, DuckDB keeps what it has read until four fifths of the machine's memory are full. A run reads most
    tables once, and is as quick without: of a million leads the process holds 2.8 GB where it held 4.9. What needs more
    is spilled to the disk.

    Args:
        cursor: Of a connection whose current database is the warehouse.
    """
    # DuckDB cannot read the limit that it tells where there is none.
    (held,) = cursor.execute(
        "SELECT LEAST(TRY(PARSE_FORMATTED_BYTES(CURRENT_SETTING('memory_limit'))), "
        f"GREATEST({LEAST_HELD}, CAST(total_blocks * block_size * {MOST_HELD_SHARE} AS BIGINT))) "
        "FROM PRAGMA_DATABASE_SIZE() WHERE database_name = CURRENT_DATABASE()"
    ).fetchone()
    cursor.execute(f"SET memory_limit = '{held} B'")


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
