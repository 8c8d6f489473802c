"""Processes that are killed in the middle of sending, and the process of a test that starts them.

A sender (alert_sender.py, webhook_sender.py) reads numbers from its standard input, each of which seeds a process; the
answer is whether it was killed or came to its end. Imported once, then forked: importing takes longer than sending.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def deadly(send: Callable[P, T], seed: int) -> Callable[P, T]:
    """Return a sender that dies at one of the first messages: before it is sent, or after."""
    dice = random.Random(seed)
    left, is_before = dice.randrange(4), dice.random() < 0.6

    def send_or_die(*args: P.args, **named: P.kwargs) -> T:
        nonlocal left
        if left == 0 and is_before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = send(*args, **named)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return result

    return send_or_die


def answer_lines(work: Callable[[int], None]) -> None:
    """Fork a process for each line of standard input, and print how it ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            work(int(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


@contextmanager
def mortal_sender(script: str, *words: str) -> Iterator[Callable[[int], str]]:
    """Start a sender, and return the function that seeds one process of it and returns how that ended."""
    here = Path(__file__)
    command = (sys.executable, str(here.with_name(script)), *words)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parents[2]), *sys.path])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as sender:
        assert sender.stdin and sender.stdout

        def seed(number: int) -> str:
            assert sender.stdin and sender.stdout
            sender.stdin.write(f"{number}\n")
            sender.stdin.flush()
            return sender.stdout.readline().strip()

        yield seed
