"""Files that are wrong in a way that real ones are: each a variant of the newest file of a source."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.paths import whole

Rows = list[list[str]]

# What is lost stays below the limits of the contracts, which refuse what is worse.
LARGEST_COUNTY = 0.095
EMPTIED, DOUBLED = 5, 10  # every fifth row, every tenth
CHILDREN_OF_A_GROUP = 10


@dataclass(frozen=True)
class PlantedFault:
    """Something wrong with a file.

    Args:
        name: Its name, and that of the folder in which the file lies.
        source_key: The source whose newest file is changed.
        description: What is wrong.
        changed: Returns the rows with the fault, the header first, given the right ones.
    """

    name: str
    source_key: str
    description: str
    changed: Callable[[Rows], Rows]


def nulls_creeping_in(rows: Rows) -> Rows:
    """Return a roster without the phone in every fifth row."""
    at = rows[0].index("Phone")
    return [
        [*row[:at], "", *row[at + 1 :]] if number % EMPTIED == 0 and number else row for number, row in enumerate(rows)
    ]


def county_gone(rows: Rows) -> Rows:
    """Return a roster without its largest county that is small enough for the contract's limits."""
    at = rows[0].index("County")
    counties = Counter(row[at] for row in rows[1:])
    gone = next(name for name, count in counties.most_common() if count <= LARGEST_COUNTY * (len(rows) - 1))
    return [row for row in rows if row[at] != gone]


def doubled_rows(rows: Rows) -> Rows:
    """Return a roster that holds every tenth row twice."""
    return [again for number, row in enumerate(rows) for again in [row] * (1 + (number % DOUBLED == 0 and number > 0))]


def shifted_columns(rows: Rows) -> Rows:
    """Return a roster whose values stand one column too far to the right from the third on; the header stays."""
    return [rows[0], *([*row[:2], "", *row[2:-1]] for row in rows[1:])]


def price_list(rows: Rows) -> Rows:
    """Return a price list of as many rows."""
    priced = [
        [f"Playmat {number}", f"{number % 12 + 1}", f"{number * 7 % 90 + 9}.95"] for number in range(1, len(rows))
    ]
    return [["Item", "Pack", "Price"], *priced]


def capacity_in_groups(rows: Rows) -> Rows:
    """Return a roster whose capacity counts groups of ten children."""
    at = rows[0].index("Total Cap")

    def in_groups(children: str) -> str:
        return str(max(1, round(int(children) / CHILDREN_OF_A_GROUP))) if children.isdigit() else children

    return [rows[0], *([*row[:at], in_groups(row[at]), *row[at + 1 :]] for row in rows[1:])]


FAULTS = (
    PlantedFault("nulls_creeping_in", "texas", "every fifth row lacks its phone", nulls_creeping_in),
    PlantedFault("county_gone", "texas", "a county is missing", county_gone),
    PlantedFault("doubled_rows", "oklahoma", "every tenth row stands twice", doubled_rows),
    PlantedFault("shifted_columns", "texas", "values stand one column too far to the right", shifted_columns),
    PlantedFault("price_list", "nevada", "a price list in place of the roster", price_list),
    PlantedFault("capacity_in_groups", "oklahoma", "capacity counts groups of ten children", capacity_in_groups),
)


def write_faults(out: Path) -> list[tuple[PlantedFault, Path]]:
    """Write a variant of the newest landed file of a source for each fault, under `faults/<fault>/<source>/`.

    Args:
        out: The data directory, with the demo's files in `landing/`.

    Returns:
        The faults with their files; a source of which no file has landed has none.
    """
    written = []
    for fault in FAULTS:
        landed = sorted((out / "landing" / fault.source_key).glob("*.csv"))
        if not landed:
            continue
        with landed[-1].open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        target = out / "faults" / fault.name / fault.source_key / landed[-1].name
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(fault.changed(rows))
        written.append((fault, target))
    return written
