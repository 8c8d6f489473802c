"""The app as a server of its own, and how long its answers take."""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lead_enrichment.errors import DataError
from lead_enrichment.memory import in_bytes
from lead_enrichment.paths import DataPaths

SERVE = """
import socket, sys
from pathlib import Path
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.app.server import serve
from lead_enrichment.paths import DataPaths
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
print(port, flush=True)
serve(AppSettings(DataPaths(Path(sys.argv[1])), port=port))
"""
# Seconds that the app may take to answer for the first time.
PATIENCE = 60


@dataclass
class Server:
    """The app while it runs.

    Args:
        port: Where it listens, on 127.0.0.1.
        peak_bytes: The most memory that it held; known when it has ended.
    """

    port: int
    peak_bytes: int = 0


@dataclass(frozen=True)
class AnswerTimes:
    """How long answers to a question took.

    Args:
        requests: How often it was asked.
        failed: How often the answer was not the one that was asked for.
    """

    requests: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    failed: int


@contextmanager
def running_app(paths: DataPaths, first: str) -> Iterator[Server]:
    """Run the app on a data directory, in a process of its own.

    Args:
        paths: The data directory.
        first: The path that is asked for until the app answers.

    Raises:
        DataError: The app does not answer.
    """
    words = [sys.executable, "-c", SERVE, str(paths.root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            server = Server(int((process.stdout.readline() if process.stdout else "") or 0))
            _wait_for(server.port, first, process)
            yield server
        finally:
            process.terminate()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    server.peak_bytes = in_bytes(usage.ru_maxrss)


def _wait_for(port: int, first: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    said = "no answer"
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", first)
            answer = connection.getresponse()
            if answer.status == 200:
                return
            said = f"{answer.status} {answer.reason}"
            break
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise DataError("the app does not answer", f"{first}: {said}", "Start it by hand and read what it says: leads app")


def answer_times(found: Sequence[tuple[float, bool]]) -> AnswerTimes:
    """Return what the answers took, of each its milliseconds and whether it was fine."""
    taken = [milliseconds for milliseconds, _ in found]
    cuts = statistics.quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else taken * 99
    failed = sum(not is_fine for _, is_fine in found)
    return AnswerTimes(len(found), round(cuts[49], 1), round(cuts[94], 1), round(cuts[98], 1), failed)
