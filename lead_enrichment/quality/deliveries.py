"""The anomalies of deliveries: which metrics of each are out of the ordinary, and which one tells why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lead_enrichment.quality.anomaly import (
    MOST_PAST,
    Judged,
    Numbers,
    Points,
    Transform,
    benjamini_hochberg,
    effect,
    expected_range,
    judge,
    restored,
    transformed,
    verdicts,
)

FULL_SNAPSHOT = "full_snapshot"
# A column is one of categories where it has at least so many rows to a value, and its values are words: dates move on
# by themselves, and numbers have a median.
ROWS_A_VALUE = 3
WORD = "[A-Za-z]"
VERDICT_NAMES = ("no_history", "normal", "warning", "alarm")


@dataclass(frozen=True)
class Family:
    """Metrics that vary alike.

    Args:
        transform: What kind of number they are.
        minimum_effect: What is less is told to nobody: points of a share, or a part of what was expected.
        words: A sentence on one of them, with its value and range.
    """

    transform: Transform
    minimum_effect: float
    words: str


# In the order in which one explains the others: a county that is gone also takes rows and leads away, and rows of which
# a column is empty match nothing.
FAMILIES = {
    "rejected": Family(Transform.RATE, 0.02, "{value} of the rows were rejected; expected {range}"),
    "repeated": Family(Transform.RATE, 0.02, "{value} of the rows repeat a key; expected {range}"),
    "null_rate": Family(Transform.RATE, 0.03, "{metric} is missing in {value} of the rows; expected {range}"),
    "typical_value": Family(Transform.STOCK, 0.2, "the median of {metric} is {value}; expected {range}"),
    "category_mix": Family(Transform.RATE, 0.02, "{metric} in {value} of the rows; expected {range}"),
    "volume": Family(Transform.STOCK, 0.1, "{value} rows; expected {range}"),
    "delisted": Family(Transform.COUNT, 1.0, "{value} leads are no longer listed; expected {range}"),
    "new": Family(Transform.COUNT, 1.0, "{value} new leads; expected {range}"),
    "match_rate": Family(Transform.RATE, 0.15, "{metric}: {value}; expected {range}"),
}
ORDER = {name: place for place, name in enumerate(FAMILIES)}

COLUMNS = (
    "file_id", "source_key", "family", "metric", "value", "expected", "expected_least", "expected_greatest", "effect",
    "p", "q", "past_count", "verdict", "is_leading", "explained_by", "description", "received_at", "received_on",
)  # fmt: skip


def judge_deliveries(
    metrics: pd.DataFrame, values: pd.DataFrame, reviews: pd.DataFrame, wanted: Collection[str]
) -> pd.DataFrame:
    """Return the judgement on every metric of the wanted deliveries, each by what was known when it came.

    Args:
        metrics: Rows of quality.delivery_metric, of the wanted deliveries and those before.
        values: Rows of quality.column_value, of the columns whose values are all there.
        reviews: Rows of seeds.anomaly_review: which deliveries are wrong, and which begin a new normal.
        wanted: The file_id of the deliveries that are judged.

    Returns:
        A frame of COLUMNS.
    """
    found = [
        _Source(own, values[values["source_key"] == source_key], reviews[reviews["source_key"] == source_key])
        for source_key, own in metrics.groupby("source_key", sort=True)
        if own["file_id"].isin(wanted).any()
    ]
    rows = [row for source in found for file_id in source.order if file_id in wanted for row in source.judged(file_id)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class _Source:
    """The metrics of one source by delivery, oldest first."""

    def __init__(self, metrics: pd.DataFrame, values: pd.DataFrame, reviews: pd.DataFrame) -> None:
        metrics = metrics.sort_values(["received_at", "file_id"], kind="stable")
        deliveries = metrics.drop_duplicates("file_id")
        self._key = str(deliveries["source_key"].iloc[0])
        self._is_full = deliveries["delivery_mode"].iloc[0] == FULL_SNAPSHOT
        self.order = list(deliveries["file_id"])
        self._dates = [pd.Timestamp(day) for day in deliveries["file_date"]]
        self._received = list(zip(deliveries["received_at"], deliveries["received_on"], strict=True))
        at = {file_id: place for place, file_id in enumerate(self.order)}
        shape = len(self.order)
        self._events: dict[tuple[str, str], Numbers] = {}
        self._totals: dict[tuple[str, str], Numbers] = {}
        for (family, metric), rows in metrics.groupby(["family", "metric"], sort=True):
            places = [at[file_id] for file_id in rows["file_id"]]
            events, totals = np.full(shape, np.nan), np.full(shape, np.nan)
            events[places], totals[places] = rows["events"], rows["total"].astype(float)
            key = (str(family), str(metric))
            self._events[key], self._totals[key] = events, totals
        self._add_categories(values[values["file_id"].isin(at)], at)
        self._wrong, self._begin = _reviewed(reviews, self._dates)

    def _add_categories(self, values: pd.DataFrame, at: dict[str, int]) -> None:
        """Add the share of each value; one that a delivery does not have is none of its rows, and no gap."""
        for name, rows in values.groupby("column_name", sort=True):
            column = str(name)
            words = rows["row_count"][rows["value"].str.contains(WORD)].sum()
            if ("null_rate", column) not in self._totals or 2 * words < rows["row_count"].sum():
                continue
            total = self._totals["null_rate", column]
            distinct = np.full(len(total), np.nan)
            distinct[[at[file_id] for file_id in rows["file_id"]]] = rows["distinct_count"]
            is_category = distinct * ROWS_A_VALUE <= total
            for value, own in rows.groupby("value", sort=True):
                events = np.where(is_category, 0.0, np.nan)
                events[[at[file_id] for file_id in own["file_id"]]] = own["row_count"]
                key = ("category_mix", f"{column} = {value}")
                self._events[key] = np.where(is_category, events, np.nan)
                self._totals[key] = np.where(is_category, total, np.nan)

    def _past(self, place: int) -> list[int]:
        """Return what one is held against: not the first delivery of a feed, which is complete, nor wrong ones."""
        begin = max([first for first in self._begin if first <= place], default=0)
        first = begin if self._is_full else max(begin, 1)
        kept = [
            other
            for other in range(first, place)
            # A file that was sent again for the same date was not right.
            if other not in self._wrong and self._dates[other] not in self._dates[other + 1 : place]
        ]
        return kept[-MOST_PAST:]

    def _year_before(self, place: int) -> int | None:
        """Return the delivery of the same month a year before; a feed has too many, and too few rows in each."""
        if not self._is_full:
            return None
        day = self._dates[place] - pd.DateOffset(years=1)
        same = [
            other
            for other in range(place)
            if (self._dates[other].year, self._dates[other].month) == (day.year, day.month)
        ]
        return next((other for other in reversed(same) if other not in self._wrong), None)

    def judged(self, file_id: str) -> list[dict[str, Any]]:
        """Return the rows of COLUMNS of one delivery."""
        place = self.order.index(file_id)
        past, year = self._past(place), self._year_before(place)
        rows: list[dict[str, Any]] = []
        for family, kind in FAMILIES.items():
            names = [key for key in self._events if key[0] == family and not np.isnan(self._events[key][place])]
            if family == "category_mix":
                names = [key for key in names if self._is_large(key, place, past, kind.minimum_effect)]
            if names:
                rows += self._judged_family(family, [metric for _, metric in names], place, past, year)
        self._conclude(rows)
        received_at, received_on = self._received[place]
        shared = {
            "file_id": file_id, "source_key": self._key, "received_at": received_at, "received_on": received_on
        }  # fmt: skip
        return [{**row, **shared} for row in rows]

    def _is_large(self, key: tuple[str, str], place: int, past: list[int], least: float) -> bool:
        """Whether a value has, or usually had, a share that can change by the least effect."""
        shares = self._events[key] / self._totals[key]
        usual = shares[past][~np.isnan(shares[past])]
        return bool(shares[place] >= least or (usual.size and usual.mean() >= least))

    def _judged_family(
        self, family: str, metrics: list[str], place: int, past: list[int], year: int | None
    ) -> list[dict[str, Any]]:
        kind = FAMILIES[family]
        # The rows of a feed come and go; those of a snapshot are a stock.
        transform = Transform.COUNT if family == "volume" and not self._is_full else kind.transform
        least = 1.0 if transform is Transform.COUNT else kind.minimum_effect
        events = np.array([self._events[family, metric] for metric in metrics])
        totals = np.array([self._totals[family, metric] for metric in metrics])
        if transform is Transform.STOCK:
            totals = np.full(events.shape, np.nan)
            order = [*past, place]
            totals[:, order[1:]] = events[:, order[:-1]]
        points = transformed(transform, events, totals)
        at_year = Points(points.y[:, year], points.variance[:, year]) if year is not None else None
        found = judge(
            Points(points.y[:, place], points.variance[:, place]), Points(points.y[:, past], points.variance[:, past]),
            at_year,
        )  # fmt: skip
        value = events[:, place] / totals[:, place] if transform is Transform.RATE else events[:, place]
        return _rows(family, metrics, transform, least, value, found, totals[:, place])

    def _conclude(self, rows: list[dict[str, Any]]) -> None:
        """Adjust the p-values of a delivery together, and name the metric that explains the others."""
        if not rows:
            return
        q = benjamini_hochberg(np.array([row["p"] for row in rows], dtype=float))
        said = verdicts(
            np.array([row["past_count"] for row in rows]), q, np.array([row["effect"] for row in rows], dtype=float),
            np.array([row.pop("minimum_effect") for row in rows]),
        )  # fmt: skip
        for row, adjusted, verdict in zip(rows, q, said, strict=True):
            row.update(q=adjusted, verdict=VERDICT_NAMES[verdict], is_leading=False, explained_by=None)
        found = [row for row in rows if row["verdict"] in ("warning", "alarm")]
        if not found:
            for row in rows:
                row["description"] = None
            return
        # One that is sure comes before one that is not.
        leading = min(found, key=lambda row: (row["verdict"] == "warning", ORDER[row["family"]], -abs(row["effect"])))
        for row in rows:
            if row not in found:
                row["description"] = None
            elif row is leading:
                row["is_leading"] = True
            else:
                row["explained_by"] = f"{leading['family']}: {leading['metric']}"


def _rows(
    family: str, metrics: list[str], transform: Transform, least: float, value: Numbers, found: Judged, total: Numbers
) -> list[dict[str, Any]]:
    low, high = expected_range(found)
    expected, low, high = (restored(transform, y, total) for y in (found.expected, low, high))
    effects = effect(transform, value, expected)
    rows = []
    for at, metric in enumerate(metrics):
        span = f"{_shown(transform, low[at])} to {_shown(transform, high[at])}"
        words = FAMILIES[family].words.format(metric=metric, value=_shown(transform, value[at]), range=span)
        rows.append(
            {
                "family": family, "metric": metric, "value": value[at], "expected": expected[at],
                "expected_least": low[at], "expected_greatest": high[at], "effect": effects[at], "p": found.p[at],
                "past_count": int(found.past[at]), "minimum_effect": least, "description": words,
            }
        )  # fmt: skip
    return rows


def _shown(transform: Transform, number: float) -> str:
    return f"{number:.1%}" if transform is Transform.RATE else f"{number:,.4g}" if number < 100 else f"{number:,.0f}"


def _reviewed(reviews: pd.DataFrame, dates: list[pd.Timestamp]) -> tuple[set[int], list[int]]:
    """Return which deliveries are wrong, and with which ones a new normal begins, by their places."""
    said = {pd.Timestamp(day): verdict for day, verdict in zip(reviews["file_date"], reviews["verdict"], strict=True)}
    wrong = {place for place, day in enumerate(dates) if said.get(day) == "wrong"}
    return wrong, [place for place, day in enumerate(dates) if said.get(day) == "new_normal"]
