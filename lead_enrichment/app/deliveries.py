"""What people say on a page becomes a delivery: a file in landing, written as the commands write it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# Whoever looks at what others said and then says something holds it, so that nobody says the same in between. The app
# is one process; a command that writes meanwhile is seen by the next run, as two people with commands are.
_TURN = threading.Lock()
# What is kept for somebody who opens no page any more.
MOST_NOTICES = 20


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one request look at landing and write to it before the next one looks."""
    with _TURN:
        yield


class Notices:
    """What others did that concerns somebody: the next page that they open tells it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[tuple[str, str]]] = {}

    def tell(self, name: str, kind: str, text: str) -> None:
        """Keep a message for somebody; `kind` is good, warn or bad."""
        with self._lock:
            self._waiting.setdefault(name, deque(maxlen=MOST_NOTICES)).append((kind, text))

    def take(self, name: str) -> list[tuple[str, str]]:
        """Return what waits for somebody; it is told once."""
        with self._lock:
            return [*self._waiting.pop(name, ())]
