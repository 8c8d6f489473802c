"""How often the search for anomalies is wrong, and how much it finds, in simulated deliveries.

    python -m lead_enrichment.quality.simulation

prints the tables of docs/quality-statistics.md. A delivery has twenty shares, six counts and two stocks, which are
judged together. They vary more than sampling alone would make them, as real ones do. Each delivery is judged as it is,
for false alarms, and again with something wrong in one metric, which is to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lead_enrichment.quality.anomaly import (
    MOST_PAST,
    AnomalyVerdict,
    Numbers,
    Points,
    Transform,
    benjamini_hochberg,
    effect,
    judge,
    restored,
    transformed,
    verdicts,
)

YEAR = 12
MINIMUM_EFFECT = {Transform.RATE: 0.03, Transform.COUNT: 0.5, Transform.STOCK: 0.05}
MONTHS = (3, 6, 9, 11, 12, 24)

# Events and totals of a family's metrics, metric by month, the newest last.
Family = tuple[Numbers, Numbers]
History = Mapping[Transform, Family]


@dataclass(frozen=True)
class Fault:
    """Something that may be wrong with the newest value of one metric.

    Args:
        name: In words.
        transform: What kind of metric.
        shifted: Returns its events, given the right ones and their total.
    """

    name: str
    transform: Transform
    shifted: Callable[[float, float], float]


FAULTS = (
    Fault("share, ten points off", Transform.RATE, lambda events, total: _off(events, total, 0.1)),
    Fault("share, five points off", Transform.RATE, lambda events, total: _off(events, total, 0.05)),
    Fault("share, three points off", Transform.RATE, lambda events, total: _off(events, total, 0.03)),
    Fault("count, three times as many", Transform.COUNT, lambda events, _: 3 * events),
    Fault("count, none at all", Transform.COUNT, lambda events, _: 0.0),
    Fault("stock, a tenth lost", Transform.STOCK, lambda level, _: 0.9 * level),
)  # fmt: skip


@dataclass(frozen=True)
class Simulated:
    """What was found after a number of months.

    Args:
        months: Months of history before the one that is judged.
        false_alarms: Alarms on metrics with which nothing is wrong, per 100 metrics and months.
        false_alarms_of: The same by kind of metric.
        found: The share of each fault that is found, by its name.
    """

    months: int
    false_alarms: float
    false_alarms_of: dict[Transform, float]
    found: dict[str, float]


def drawn(random: np.random.Generator, months: int, rows: int, season: float) -> dict[Transform, Family]:
    """Draw the history of one source.

    Args:
        random: What draws.
        months: Months, that of the newest delivery included.
        rows: About how many rows a delivery has.
        season: Amplitude of a yearly wave, with a phase for each metric: a share of 1 moves shares by up to ten points,
            doubles counts and empties them, and lets stocks grow or shrink by two percent a month.

    Returns:
        Shares that wander by one point beside what sampling does, counts of 5 to 200 that vary by a tenth beside chance
        (negative binomial), and stocks that grow by half a percent a month, give or take half a percent.
    """
    totals = np.broadcast_to(random.normal(rows, 0.01 * rows, size=(1, months)).round(), (20, months))
    angle = np.arcsin(np.sqrt(random.uniform(0.01, 0.95, size=(20, 1)))) + random.normal(0, 0.01, size=(20, months))
    angle = angle + 0.1 * season * _wave(random, 20, months)
    shares = random.binomial(totals.astype(int), np.sin(np.clip(angle, 0, np.pi / 2)) ** 2)
    level = np.exp(random.uniform(np.log(5), np.log(200), size=(6, 1))) * random.gamma(100, 1 / 100, size=(6, months))
    counts = random.poisson(level * (1 + season * _wave(random, 6, months)))
    growth = random.normal(0.005, 0.005, size=(2, months + 1)) + 0.02 * season * _wave(random, 2, months + 1)
    stocks = (rows * np.exp(np.cumsum(growth, axis=1))).round()
    return {
        Transform.RATE: (shares.astype(float), totals.astype(float)),
        Transform.COUNT: (counts.astype(float), np.zeros((6, months))),
        Transform.STOCK: (stocks[:, 1:], stocks[:, :-1]),
    }


def _wave(random: np.random.Generator, metrics: int, months: int) -> Numbers:
    phase = random.uniform(0, 2 * np.pi, size=(metrics, 1))
    wave: Numbers = np.sin(phase + 2 * np.pi * np.arange(months) / YEAR)
    return wave


def _off(events: float, total: float, points: float) -> float:
    """Return the events of a share that is some points off, towards the middle."""
    return events + (points if events / total < 0.5 else -points) * total


def found_in(history: History) -> dict[Transform, Numbers]:
    """Return the AnomalyVerdict on the newest value of every metric of a delivery."""
    judged, effects, least = [], [], []
    for transform, (events, totals) in history.items():
        points = transformed(transform, events, totals)
        months = events.shape[1] - 1
        past = slice(max(0, months - MOST_PAST), months)
        of_year = months - YEAR
        year = Points(points.y[:, of_year], points.variance[:, of_year]) if of_year >= 0 else None
        now = Points(points.y[:, -1], points.variance[:, -1])
        found = judge(now, Points(points.y[:, past], points.variance[:, past]), year)
        value = events[:, -1] / totals[:, -1] if transform is Transform.RATE else events[:, -1]
        judged.append(found)
        effects.append(effect(transform, value, restored(transform, found.expected, totals[:, -1])))
        least.append(np.full(len(value), MINIMUM_EFFECT[transform]))
    q = benjamini_hochberg(np.concatenate([found.p for found in judged]))
    all_verdicts = verdicts(
        np.concatenate([found.past for found in judged]), q, np.concatenate(effects), np.concatenate(least)
    )
    ends = np.cumsum([len(found.p) for found in judged])
    return dict(zip(history, np.split(all_verdicts, ends[:-1]), strict=True))


def simulate(months: int, worlds: int, rows: int = 3000, season: float = 0.0, seed: int = 1) -> Simulated:
    """Return how often alarms are false, and what share of each fault is found.

    Args:
        months: Months of history before the one that is judged.
        worlds: How many histories.
        rows: About how many rows a delivery has.
        season: See `drawn`.
        seed: Same seed, same worlds.
    """
    random = np.random.default_rng(seed)
    false_alarms = dict.fromkeys(Transform, 0)
    found = dict.fromkeys((fault.name for fault in FAULTS), 0)
    sizes: dict[Transform, int] = {}
    for _ in range(worlds):
        history = drawn(random, months + 1, rows, season)
        for transform, said in found_in(history).items():
            false_alarms[transform] += int((said == AnomalyVerdict.ALARM).sum())
            sizes[transform] = len(said)
        for fault in FAULTS:
            events, totals = history[fault.transform]
            events = events.copy()
            events[0, -1] = fault.shifted(events[0, -1], totals[0, -1])
            said = found_in({**history, fault.transform: (events, totals)})[fault.transform]
            found[fault.name] += int(said[0] == AnomalyVerdict.ALARM)
    return Simulated(
        months,
        100 * sum(false_alarms.values()) / (worlds * sum(sizes.values())),
        {transform: 100 * false_alarms[transform] / (worlds * sizes[transform]) for transform in sizes},
        {name: times / worlds for name, times in found.items()},
    )


def main() -> None:
    """Print the table of docs/quality-statistics.md."""
    for rows, season in ((3000, 0.0), (300, 0.0), (13_000, 0.0), (3000, 0.25), (3000, 0.5)):
        print(f"\n{rows:,} rows, season {season}\n\n| |", " | ".join(f"{months}" for months in MONTHS), "|")
        print("| --- |", " | ".join("---" for _ in MONTHS), "|")
        done = [simulate(months, 500, rows, season) for months in MONTHS]
        print("| false alarms, per 100 |", " | ".join(f"{item.false_alarms:.2f}" for item in done), "|")
        for transform in Transform:
            of = " | ".join(f"{item.false_alarms_of[transform]:.2f}" for item in done)
            print(f"| of them {transform.name.lower()}s |", of, "|")
        for fault in FAULTS:
            print(f"| {fault.name} |", " | ".join(f"{item.found[fault.name]:.0%}" for item in done), "|")


if __name__ == "__main__":
    main()
