"""A process is charged with its own memory and not with that of the one that started it."""

from __future__ import annotations

from lead_enrichment.benchmark.alone import alone
from lead_enrichment.memory import peak_bytes

MUCH = 400_000_000


def held_after(size: int) -> int:
    assert len(bytearray(size)) == size
    return peak_bytes()


def test_a_new_process_does_not_inherit_the_peak_of_its_parent() -> None:
    assert held_after(MUCH) > MUCH
    assert alone(held_after, 1) < MUCH < alone(held_after, MUCH)
