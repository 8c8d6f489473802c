"""The lock that keeps apart what changes the data directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.patience import HeldError, command_of, wait_for

# The locks that this process holds: it would wait for itself without end.
_OWN: set[Path] = set()
# Held until this process ends; see hold_files.
_READING: dict[Path, IO[str]] = {}


@contextmanager
def only_writer(paths: DataPaths) -> Iterator[None]:
    """Hold the lock of a data directory; the operating system frees it when its holder dies.

    Another ingest or prune that holds it is waited for, as the warehouse is.

    Raises:
        UsageError: It is still held after LEADS_WAIT, or the lock cannot be opened.
    """
    with only_holder(paths.root / ".ingest.lock", "ingest or prune"):
        yield


@contextmanager
def only_holder(lock: Path, what: str) -> Iterator[None]:
    """Hold a lock, which the operating system frees when its holder dies; another process that holds it is waited for.

    Args:
        lock: Its file, which stays.
        what: The work that it keeps apart, for messages.

    Raises:
        UsageError: It is still held after LEADS_WAIT, or the lock cannot be opened.
    """
    if lock in _OWN:
        raise UsageError(f"another {what} is at work", str(lock), "Wait until it has ended.")
    try:
        # Not emptied: it names its holder to those who wait.
        stream = lock.open("a+")
    except OSError as error:
        raise UsageError(
            f"the lock cannot be opened ({error.strerror})", str(lock),
            "It belongs to another user: give it to the one who runs this (chown), or remove it while nothing runs.",
        ) from error  # fmt: skip
    with stream:
        wait_for(lambda: _take(stream, lock, what))
        _OWN.add(lock)
        try:
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
            yield
        finally:
            _OWN.discard(lock)


def hold_files(paths: DataPaths) -> None:
    """Keep the files of bronze from being removed until this process ends: its engine lists them and opens them later.

    Any number of processes may do so at once.
    """
    lock = _readers_lock(paths)
    if lock not in _READING:
        _READING[lock] = lock.open("a")
        # Who has it alone removes files, which is a matter of seconds.
        fcntl.flock(_READING[lock], fcntl.LOCK_SH)


@contextmanager
def no_files_held(paths: DataPaths) -> Iterator[bool]:
    """Return whether no process holds the files of bronze, and let none begin to meanwhile."""
    with _readers_lock(paths).open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _readers_lock(paths: DataPaths) -> Path:
    return paths.root / ".readers.lock"


def _take(stream: IO[str], lock: Path, what: str) -> None:
    """Take the lock.

    Raises:
        HeldError: Another process has it.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.seek(0)
        text = stream.read(20)
        holder = command_of(int(text) if text.isdecimal() else 0)
        raise HeldError(f"the lock of {what}", str(lock), holder) from error
