"""Work in a process of its own, so that the most memory that it held is its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from lead_enrichment.memory import tidy_rarely

T = TypeVar("T")


def alone(work: Callable[..., T], *arguments: Any) -> T:
    """Return what a function returns, called in a new process.

    The process collects its garbage rarely, as a run of the project does: to look through all that SQLMesh loaded takes
    a tenth of a second and more, in whatever part of the work it falls.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=tidy_rarely) as pool:
        return pool.submit(work, *arguments).result()
