"""Work in a process of its own, so that the most memory that it held is its own."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")


def alone(work: Callable[..., T], *arguments: Any) -> T:
    """Give what a function returns, called in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_bytes() -> int:
    """Give the most memory that this process has held."""
    return in_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_bytes(most_resident: int) -> int:
    """Give what getrusage tells in bytes: Linux tells kilobytes, macOS bytes."""
    return most_resident * (1 if sys.platform == "darwin" else 1024)
