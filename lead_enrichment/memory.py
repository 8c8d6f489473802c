"""The memory that a process holds, as the operating system tells it, and how often Python tidies it."""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

# Linux tells it of the running program here. What getrusage tells there may be its parent's, from before it began.
STATUS = Path("/proc/self/status")


def resident_bytes() -> tuple[int, int]:
    """Return the memory that this process holds in bytes: now, and the most ever. Only Linux tells how much it is now."""
    try:
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return (int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024)
    except (OSError, KeyError):
        highest = in_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return highest, highest


def peak_bytes() -> int:
    """Return the most memory that this process has held, in bytes."""
    return resident_bytes()[1]


def in_bytes(most_resident: int) -> int:
    """Return in bytes what getrusage tells as ru_maxrss: macOS tells bytes, others kilobytes."""
    return most_resident * (1 if sys.platform == "darwin" else 1024)


def tidy_rarely() -> None:
    """Let Python look through all its objects for cycles a hundred times as rarely; through young ones as ever.

    SQLMesh keeps the parts of its queries, a million objects and more, for as long as it runs. To look through them
    again and again took a third of a run of a small warehouse (25 s of which 18 are left), and found next to nothing.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 1000)
