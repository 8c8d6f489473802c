"""What people say on a page becomes a delivery: a file in landing, written as the commands write it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Whoever looks at what others said and then says something holds it, so that nobody says the same in between. The app
# is one process; a command that writes meanwhile is seen by the next run, as two people with commands are.
_TURN = threading.Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one request look at landing and write to it before the next one looks."""
    with _TURN:
        yield
