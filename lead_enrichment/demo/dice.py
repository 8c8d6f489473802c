"""Randomness without a state: every draw is a function of the seed, its purpose and whom it is about.

So a facility has the same fate whether one month is made or forty, and in chunks of whatever size.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Dice:
    """Draws of one world."""

    seed: int

    def bits(self, purpose: str, *keys: Numbers | int) -> Numbers:
        """Return 64 even bits for each element of the keys; equal keys get equal bits."""
        start = int.from_bytes(blake2b(f"{self.seed}:{purpose}".encode(), digest_size=8).digest(), "little")
        state: Numbers = np.asarray([start], dtype=np.uint64)
        for key in keys:
            state = _mixed(state + GOLDEN + np.asarray(key, dtype=np.int64).astype(np.uint64))
        return state

    def unit(self, purpose: str, *keys: Numbers | int) -> Numbers:
        """Return numbers from 0 up to, not including, 1."""
        share: Numbers = (self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
        return share

    def below(self, limit: Numbers | int, purpose: str, *keys: Numbers | int) -> Numbers:
        """Return whole numbers from 0 up to, not including, the limit."""
        drawn: Numbers = (self.unit(purpose, *keys) * np.asarray(limit)).astype(np.int64)
        return drawn

    def cycle(self, shortest: int, longest: int, purpose: str, owner: Numbers, months: Numbers | int) -> Numbers:
        """Return the number of times that something has come round to each owner by a month.

        Every owner has a period and a phase of its own, so the answer needs no history.

        Args:
            shortest: Months of the shortest period.
            longest: Months that no period reaches.
            purpose: What comes round.
            owner: Whom it comes to.
            months: Months since January 2000.
        """
        period, phase = self.period(shortest, longest, purpose, owner)
        rounds: Numbers = (months + phase) // period
        return rounds

    def period(self, shortest: int, longest: int, purpose: str, owner: Numbers) -> tuple[Numbers, Numbers]:
        """Return the period and the phase of a cycle, in months."""
        period = shortest + self.below(longest - shortest, f"{purpose} period", owner)
        return period, self.below(period, f"{purpose} phase", owner)


def _mixed(state: Numbers) -> Numbers:
    """Return the output function of splitmix64 (Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed: Numbers = state ^ (state >> np.uint64(31))
        return mixed
