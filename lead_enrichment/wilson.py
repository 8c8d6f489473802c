"""Wilson's interval of a share; in SQL it is the macro @wilson_bound."""

from __future__ import annotations

import math

# Of a normal distribution 95 of 100 lie within so many standard deviations.
WILSON_Z = 1.959964


def wilson_interval(hits: int, tried: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927): of a sum of rows, whose own intervals do not add up.

    Args:
        hits: How many had it.
        tried: Of how many; at least 1.
    """
    rate, square = hits / tried, WILSON_Z * WILSON_Z
    middle = (rate + square / (2 * tried)) / (1 + square / tried)
    half = WILSON_Z * math.sqrt(rate * (1 - rate) / tried + square / (4 * tried * tried)) / (1 + square / tried)
    return max(middle - half, 0.0), min(middle + half, 1.0)
