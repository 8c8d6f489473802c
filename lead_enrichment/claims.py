"""Sending so that nothing is lost: what became of each message stands in a ledger that is only ever appended to.

A claim is written before a message is sent, and its end after. One process at a time sends, by a lock that the
operating system frees when its holder dies: whoever has it knows that a claim without an end is that of a dead process,
whose message is due again. It may have gone out: then it goes out a second time under the same key, by which a reader
or a service tells the two as one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lead_enrichment.errors import UsageError

NOTICED, CLAIMED, SENT, FAILED, REVIVED = "noticed", "claimed", "sent", "failed", "revived"


@contextmanager
def only_sender_by(lock: Path, command: str, remedy: str) -> Iterator[None]:
    """Be the only process that sends by a lock; another one is not waited for.

    Args:
        lock: Its file, which stays.
        command: The command that holds it, for the message.
        remedy: What to do meanwhile.

    Raises:
        UsageError: Another one sends.
    """
    with lock.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"another `{command}` is at work", str(lock), remedy) from error
        yield
