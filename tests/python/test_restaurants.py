"""The matching joins two guides' restaurants, which it was not made for, by the ordinary way of files.

The pairs of Fodor's and Zagat's guides are a common yardstick: 864 rows, of which 112 pairs are one restaurant. One
guide is written as a state's licensing file, the other as a Salesforce extract. Nothing tells ZIP, state or e-mail.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from conftest import SAMPLES, Run, needs_samples
from helpers import PLAN, query
from lead_enrichment.benchmark.accuracy import DAY, write_guides

pytestmark = needs_samples

Pair = frozenset[str]


def true_pairs(data: Path) -> set[Pair]:
    """Return the pairs of leads that the truth beside the deliveries has as one restaurant."""
    leads = defaultdict(list)
    with (data / "truth" / "record_facility.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            leads[row["facility_id"]].append(row["lead_key"])
    return {frozenset(pair) for keys in leads.values() for pair in combinations(keys, 2)}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Iterator[tuple[Path, set[Pair]]]:
    """The data directory of the restaurants, planned, and the pairs that are one restaurant."""
    data = tmp_path_factory.mktemp("restaurants")
    write_guides(SAMPLES, data)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEADS_START", DAY)
        run("leads", "ingest", "--backfill", data=data)
        run(*PLAN, data=data)
    yield data, true_pairs(data)


def pairs_where(data: Path, condition: str) -> set[Pair]:
    pairs = f"SELECT left_lead_key, right_lead_key FROM facts.fact_match_pair WHERE {condition}"
    return {frozenset(pair) for pair in query(data, pairs)}


def test_every_restaurant_becomes_a_lead(planned: tuple[Path, set[Pair]]) -> None:
    data, gold = planned
    counts = query(data, "SELECT source_key, COUNT(*) FROM facts.fact_lead_match GROUP BY ALL ORDER BY ALL")
    assert counts == [("salesforce", 331), ("texas", 533)]
    assert len(gold) == 112


@pytest.mark.parametrize(
    ("condition", "least_f1"),
    [
        pytest.param("band = 'auto' AND left_source_key <> right_source_key", 0.95, id="auto band"),
        pytest.param("is_match", 0.95, id="joined"),
    ],
)
def test_restaurants_are_joined_as_well_as_by_what_was_made_for_them(
    planned: tuple[Path, set[Pair]], condition: str, least_f1: float
) -> None:
    data, gold = planned
    said = pairs_where(data, condition)
    f1 = 2 * len(said & gold) / (len(said) + len(gold))
    assert f1 >= least_f1, f"wrong: {sorted(map(sorted, said - gold))}, missed: {sorted(map(sorted, gold - said))}"
