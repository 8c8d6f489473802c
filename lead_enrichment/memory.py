"""The memory that a process holds, and how often Python's garbage collector runs."""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

# On Linux getrusage may count the memory of the parent, from before the program began; this file does not.
STATUS = Path("/proc/self/status")


def resident_bytes() -> tuple[int, int]:
    """Return the memory of this process in bytes: now, and the most ever. Except on Linux both are the most ever."""
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
    """Return in bytes the ru_maxrss of getrusage, which macOS counts in bytes and others in kilobytes."""
    return most_resident * (1 if sys.platform == "darwin" else 1024)


def tidy_rarely() -> None:
    """Make the garbage collector run rarely: after 50,000 new objects, and through old ones a hundred times as rarely.

    SQLMesh keeps the parts of its queries, a million objects and more, for as long as it runs. To look through them
    again and again took a quarter of a refresh of a small warehouse (22 s of CPU, of which 17 are left), and found next
    to nothing.
    """
    gc.set_threshold(50_000, 20, 1000)
