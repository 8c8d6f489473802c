"""Waiting for the lock on the warehouse: DuckDB lets one process write to it; the next waits, and names the holder.

What keeps SQLMesh from opening the warehouse is told in a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths, private_by_default
from lead_enrichment.patience import HeldError, command_of, wait_for
from lead_enrichment.terminal import Console

# DuckDB's message where another process holds the lock on a file. It names the process by its number alone where DuckDB
# cannot see it, and by 0 where the process ended before DuckDB asked for its number.
HELD = re.compile(r'Could not set lock on file "([^"]+)".*?PID (\d+)', re.DOTALL)

T = TypeVar("T")


def connect_when_unlocked(connect: Callable[[], T]) -> T:
    """Connect to the warehouse; wait for another process that holds it, at most LEADS_WAIT seconds.

    Args:
        connect: Opens the connection; it may be called again and again.

    Raises:
        SystemExit: It is still held.
    """

    def attempt() -> T:
        try:
            return connect()
        except duckdb.IOException as error:
            if not (found := HELD.search(str(error))):
                raise
            raise HeldError("the warehouse", found[1], command_of(int(found[2]))) from error

    try:
        return wait_for(attempt)
    except UsageError as error:
        _leave(error)


def let_sqlmesh_wait() -> None:
    """Let SQLMesh wait for the lock wherever it opens a DuckDB file in this process, and find the folder of the file.

    A data directory in which nothing has been built yet gets its folders; where it cannot have them, the process ends
    with a sentence, as where the file is still held: SQLMesh would show a traceback.
    """
    from lead_enrichment.sqlmesh_internals import connect_duckdb_by

    private_by_default()

    def connect(**settings: Any) -> duckdb.DuckDBPyConnection:
        if not Path(settings.get("database") or ":memory:").parent.is_dir():
            try:
                data_paths()
            except UsageError as error:
                _leave(error)
        return connect_when_unlocked(lambda: duckdb.connect(**settings))

    connect_duckdb_by(connect)


def _leave(error: UsageError) -> NoReturn:
    """End the process with a sentence. SQLMesh would take another error for an empty warehouse, and build a new one."""
    Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(error.exit_code)
