"""The lock that keeps apart what changes the data directory."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths


@contextmanager
def only_writer(paths: DataPaths) -> Iterator[None]:
    """Hold the lock of a data directory; the operating system frees it when its holder dies.

    Raises:
        UsageError: Another ingest or prune holds it.
    """
    lock = paths.root / ".ingest.lock"
    with lock.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("another ingest or prune is at work", str(lock), "Wait until it has ended.") from error
        yield
