"""SQLMesh's web page on a copy of production, so that a page left open holds nobody up."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.preview.rehearsal import copy_production, copy_state, only_rehearsal, settings
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.waiting import connect_when_unlocked

CODE = (
    "from lead_enrichment.sqlmesh_internals import serve_from_threads; serve_from_threads();"
    "from sqlmesh.cli.main import cli; cli()"
)


def copy_of(paths: DataPaths) -> DataPaths:
    """Return where the copy for the page lies; production reads nothing there."""
    return DataPaths(paths.root / "ui")


@contextmanager
def production_copy(paths: DataPaths) -> Iterator[DataPaths]:
    """Copy warehouse, bronze and state for as long as the page is open; the copy is removed however that ends.

    What a page that was killed left is removed by the next one.

    Raises:
        UsageError: Another page is open, there is no warehouse, or a rehearsal is at work.
    """
    copy = copy_of(paths)
    lock = os.open(paths.warehouse.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("another page is open on this data", str(copy.root), "Use it, or stop it.") from error
        shutil.rmtree(copy.root, ignore_errors=True)
        with only_rehearsal(paths) as rehearsing:
            if paths.warehouse.exists():
                connect_when_unlocked(lambda: connect(str(paths.warehouse), read_only=True)).close()
            copy_production(paths, copy)
            copy_state(copy, rehearsing)
        yield copy
    finally:
        shutil.rmtree(copy.root, ignore_errors=True)
        os.close(lock)


def serve(paths: DataPaths, host: str, port: int, is_copy: bool) -> int:
    """Serve SQLMesh's page until it is stopped, and return its exit code.

    Args:
        paths: The data directory that it shows.
        host: Where it listens.
        port: Its port.
        is_copy: Whether the directory is a copy, whose state lies in its warehouse.
    """
    scratch = Path(tempfile.gettempdir()) / f"lead_enrichment_{os.getuid()}"
    words = ["--log-file-dir", str(scratch / "logs"), "--ignore-warnings", "ui", "--host", host, "--port", str(port)]
    environment = {**settings(), "LEADS_DATA_DIR": str(paths.root)}
    if is_copy:
        # An empty file in place of the project's .env, which would point at production again.
        nothing = paths.root / "no.env"
        nothing.touch()
        words = ["--dotenv", str(nothing), *words]
        environment["LEADS_STATE_HOST"] = ""
    server = subprocess.Popen([sys.executable, "-c", CODE, *words], env=environment)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
        if server.poll() is None:
            server.kill()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
