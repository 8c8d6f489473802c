"""Waiting for the lock on the warehouse: DuckDB lets one process write to it; the next waits, and names the holder.

What keeps SQLMesh from opening the warehouse is told in a sentence.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import duckdb
from rich.console import Console

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths

# How long to wait, in seconds, where LEADS_WAIT does not say.
PATIENCE = 1800.0
PAUSE = 0.5
COMMAND_LENGTH = 100
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
    deadline, is_announced = time.monotonic() + patience(), False
    while True:
        try:
            return connect()
        except duckdb.IOException as error:
            found = HELD.search(str(error))
            if not found:
                raise
            file, holder = found[1], command_of(int(found[2]))
        if time.monotonic() >= deadline:
            _leave(UsageError(f"{holder} holds the warehouse", file, "Let it end, or stop it; then try again."))
        if not is_announced:
            _tell(f"{file}: {holder} holds the warehouse. Waiting for it, {patience():,.0f} seconds at most.")
            is_announced = True
        time.sleep(PAUSE)


def patience() -> float:
    """Return how many seconds to wait.

    Raises:
        UsageError: LEADS_WAIT is no number.
    """
    text = os.environ.get("LEADS_WAIT") or str(PATIENCE)
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no number of seconds", "LEADS_WAIT", "Write it like 600.") from error


def let_sqlmesh_wait() -> None:
    """Let SQLMesh wait for the lock wherever it opens a DuckDB file in this process, and find the folder of the file.

    A data directory in which nothing has been built yet gets its folders; where it cannot have them, the process ends
    with a sentence, as where the file is still held: SQLMesh would show a traceback.
    """
    from lead_enrichment.sqlmesh_internals import connect_duckdb_by

    def connect(**settings: Any) -> duckdb.DuckDBPyConnection:
        if not Path(settings.get("database") or ":memory:").parent.is_dir():
            try:
                data_paths()
            except UsageError as error:
                _leave(error)
        return connect_when_unlocked(lambda: duckdb.connect(**settings))

    connect_duckdb_by(connect)


def command_of(process: int) -> str:
    """Return the command that a process runs, and its number; the number alone where the command cannot be seen."""
    if not process:
        return "another process"
    try:
        words = Path(f"/proc/{process}/cmdline").read_text().strip("\0").split("\0")
    except OSError:
        words = [""]
    if not words[0]:
        return f"process {process}"
    if len(words) > 1 and Path(words[0]).name.startswith("python"):
        words = words[1:]
    command = " ".join(" ".join([Path(words[0]).name, *words[1:]]).split())
    if len(command) > COMMAND_LENGTH:
        command = f"{command[:COMMAND_LENGTH]}…"
    return f"`{command}` (process {process})"


def _leave(error: UsageError) -> NoReturn:
    """End the process with a sentence. SQLMesh would take another error for an empty warehouse, and build a new one."""
    _tell(str(error))
    raise SystemExit(error.exit_code)


def _tell(sentence: str) -> None:
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)
