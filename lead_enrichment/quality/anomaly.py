"""Whether a delivery's metrics are out of the ordinary, with three to twelve deliveries to judge by.

So few points say little about how much one metric varies, so the metrics of a family lend each other strength:

1. A transform gives every metric of a family about the same variance (Anscombe 1948, "The transformation of Poisson,
   binomial and negative-binomial data"; Freeman and Tukey 1950, "Transformations related to the angular and the square
   root", for the idea of doing so).
2. Each metric's own variance is drawn towards the family's (the moderated t of Smyth 2004, "Linear models and empirical
   Bayes methods for assessing differential expression in microarray experiments", as in limma), and is never below what
   sampling alone causes.
3. Many metrics are judged at once, so their p-values are adjusted (Benjamini and Hochberg 1995, "Controlling the false
   discovery rate").
4. From the second year on the same month a year before must agree: the greater of both p-values counts (the
   intersection-union test, Berger 1982), so that what returns every year is no anomaly.

How often it is wrong, and what it does not see: lead_enrichment/quality/simulation.py and docs/quality-statistics.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]

# How much the family's variance weighs, in deliveries (the prior's degrees of freedom).
PRIOR_DEGREES = 4
# The share of false discoveries that is accepted among what is found.
FALSE_DISCOVERY_RATE = 0.1
# Deliveries that are looked back on: a year of monthly ones.
MOST_PAST = 12
# With fewer, a metric's own variance is not known well enough for more than a warning.
FEWEST_FOR_ALARM = 3
# The range in which a value is expected holds this share of ordinary ones.
RANGE_SHARE = 0.99


class Transform(IntEnum):
    """What kind of number a metric is, and so how it is brought to a scale of even variance."""

    RATE = 1  # events of a total: a share
    COUNT = 2  # events in a delivery
    STOCK = 3  # a level, such as the rows of a full snapshot; the total is the level before


class AnomalyVerdict(IntEnum):
    """What is said of a metric of a delivery."""

    NO_HISTORY = 0
    NORMAL = 1
    WARNING = 2
    ALARM = 3


@dataclass(frozen=True)
class Points:
    """Values on the transformed scale, of metrics of one family; NaN where there is none.

    Args:
        y: Transformed values.
        variance: Their variance from sampling alone.
    """

    y: Numbers
    variance: Numbers


@dataclass(frozen=True)
class Judged:
    """What the past of each metric of a family says of its newest value; NaN where it says nothing.

    Args:
        past: Deliveries that it is held against.
        expected: The value expected, transformed.
        spread: Standard error of the difference from it, transformed.
        degrees: Degrees of freedom of its t distribution.
        p: How likely a difference as large is, in either direction, where nothing is wrong.
    """

    past: Numbers
    expected: Numbers
    spread: Numbers
    degrees: Numbers
    p: Numbers


def transformed(transform: Transform, events: Numbers, total: Numbers) -> Points:
    """Return values on a scale on which their variance hardly depends on their size.

    Args:
        transform: What they are.
        events: Events; of a stock its level.
        total: Of how many; of a stock the level before. A count has none.

    Returns:
        Points of the same shape. The variance of a stock is that of one row: how much of it comes and goes by chance
        only its past can tell.
    """
    events, total = np.asarray(events, dtype=float), np.asarray(total, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if transform is Transform.RATE:
            total = np.where(total > 0, total, np.nan)
            y = np.arcsin(np.sqrt(np.clip((events + 3 / 8) / (total + 3 / 4), 0, 1)))
            return Points(y, np.where(np.isnan(y), np.nan, 1 / (4 * total + 2)))
        if transform is Transform.COUNT:
            y = 2 * np.sqrt(events + 3 / 8)
            return Points(y, np.where(np.isnan(y), np.nan, 1.0))
        is_there = (events > 0) & (total > 0)
        y = np.where(is_there, np.log(np.where(is_there, events / total, 1.0)), np.nan)
        return Points(y, np.where(is_there, 1 / np.maximum(total, 1) ** 2, np.nan))


def restored(transform: Transform, y: Numbers, total: Numbers) -> Numbers:
    """Return transformed values in the metric's own unit: a share, a number of events, or a level.

    Args:
        transform: What they are.
        y: Transformed values.
        total: The total of the newest value; of a stock the level before.
    """
    y, total = np.asarray(y, dtype=float), np.asarray(total, dtype=float)
    if transform is Transform.RATE:
        share = np.sin(np.clip(y, 0, np.pi / 2)) ** 2
        restored_share: Numbers = np.clip((share * (total + 3 / 4) - 3 / 8) / np.maximum(total, 1), 0, 1)
        return restored_share
    if transform is Transform.COUNT:
        restored_count: Numbers = np.maximum((np.maximum(y, 0) / 2) ** 2 - 3 / 8, 0)
        return restored_count
    restored_level: Numbers = total * np.exp(y)
    return restored_level


def judge(now: Points, past: Points, year_before: Points | None = None) -> Judged:
    """Hold the newest value of each metric of a family against its past.

    Args:
        now: The newest values, one a metric.
        past: The values before, metric by delivery, without those that are known to be wrong.
        year_before: The values of the same month a year before, one a metric; NaN where there is none.

    Returns:
        One judgement a metric.
    """
    # Takes half a second to import, and few commands need it.
    from scipy.special import chdtri, stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        is_there = ~np.isnan(past.y)
        k = is_there.sum(axis=1)
        mean = np.where(k > 0, np.where(is_there, past.y, 0).sum(axis=1) / np.maximum(k, 1), np.nan)
        deviation = np.where(is_there, past.y - mean[:, None], 0)
        own_degrees = np.maximum(k - 1, 0)
        own = np.where(k > 1, (deviation**2).sum(axis=1) / np.maximum(own_degrees, 1), np.nan)
        # The median of s² is below σ² by the median of χ² for so few deliveries.
        comparable = own[k > 1] * own_degrees[k > 1] / chdtri(own_degrees[k > 1], 0.5)
        family = float(np.median(comparable)) if comparable.size else 0.0
        is_pooled_only = k < FEWEST_FOR_ALARM
        degrees = PRIOR_DEGREES + np.where(is_pooled_only, 0, own_degrees)
        moderated = np.where(
            is_pooled_only, family, (PRIOR_DEGREES * family + own_degrees * np.nan_to_num(own)) / degrees
        )
        mean_variance = np.where(is_there, past.variance, 0).sum(axis=1) / np.maximum(k, 1) ** 2
        # Deliveries of different sizes have different sampling variances; with equal ones this is s̃²(1 + 1/k).
        spread = np.sqrt(np.maximum(moderated * (1 + 1 / np.maximum(k, 1)), now.variance + mean_variance))
        difference = np.where(k > 0, now.y - mean, np.nan)
        p = 2 * stdtr(degrees, -np.abs(difference) / spread)
        if year_before is not None:
            since = now.y - year_before.y
            since_spread = np.sqrt(np.maximum(2 * moderated, now.variance + year_before.variance))
            p_year = 2 * stdtr(degrees, -np.abs(since) / since_spread)
            agreed = np.where(np.sign(since) == np.sign(difference), np.maximum(p, p_year), 1.0)
            p = np.where(np.isnan(since), p, agreed)
    return Judged(k, mean, spread, degrees, p)


def expected_range(judged: Judged) -> tuple[Numbers, Numbers]:
    """Return the least and the greatest transformed value that are ordinary; RANGE_SHARE of ordinary ones lie there."""
    from scipy.special import stdtrit

    reach = stdtrit(judged.degrees, 0.5 + RANGE_SHARE / 2) * judged.spread
    return judged.expected - reach, judged.expected + reach


def benjamini_hochberg(p: Numbers) -> Numbers:
    """Return adjusted p-values: an adjusted one of at most q is found where a share q of what is found may be false.

    Args:
        p: The p-values of all metrics of a delivery; NaN where a metric cannot be judged, which counts for nothing.
    """
    adjusted = np.full(len(p), np.nan)
    (judged,) = np.nonzero(~np.isnan(p))
    order = judged[np.argsort(-p[judged], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum.accumulate(np.minimum(p[order] * len(order) / np.maximum(ranks, 1), 1.0))
    return adjusted


def effect(transform: Transform, value: Numbers, expected: Numbers) -> Numbers:
    """Return how far values lie from the expected ones: rates in shares, counts and stocks as a share of expected.

    Args:
        transform: What they are.
        value: The values in their own unit.
        expected: The expected values in that unit. Of counts at least one event is expected.
    """
    if transform is Transform.RATE:
        difference: Numbers = value - expected
        return difference
    relative: Numbers = value / np.maximum(expected, 1.0 if transform is Transform.COUNT else 1e-9) - 1
    return relative


def verdicts(judged_past: Numbers, q: Numbers, effects: Numbers, minimum_effect: Numbers) -> Numbers:
    """Return the AnomalyVerdict on each metric.

    Args:
        judged_past: Deliveries that each was held against.
        q: Adjusted p-values.
        effects: How far each lies from what was expected.
        minimum_effect: What each must reach before anyone is told.
    """
    with np.errstate(invalid="ignore"):
        is_found = (q <= FALSE_DISCOVERY_RATE) & (np.abs(effects) >= minimum_effect)
    found = np.where(judged_past < FEWEST_FOR_ALARM, AnomalyVerdict.WARNING, AnomalyVerdict.ALARM)
    is_judged = ~np.isnan(q)
    return np.where(is_judged, np.where(is_found, found, AnomalyVerdict.NORMAL), AnomalyVerdict.NO_HISTORY).astype(int)
