"""The memory that a process has held, as the operating system tells it."""

from __future__ import annotations

import resource
import sys


def peak_bytes() -> int:
    """Give the most memory that this process has held, in bytes."""
    return in_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_bytes(most_resident: int) -> int:
    """Give in bytes what getrusage tells as ru_maxrss: macOS tells bytes, others kilobytes."""
    return most_resident * (1 if sys.platform == "darwin" else 1024)
