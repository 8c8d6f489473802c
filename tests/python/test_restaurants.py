"""The matching joins two guides' restaurants, which it was not made for, by the ordinary way of files.

The pairs of Fodor's and Zagat's guides are a common yardstick: 864 rows, of which 112 pairs are one restaurant. One
guide is written as a state's licensing file, the other as a Salesforce extract. Nothing tells ZIP, state or e-mail.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import SAMPLES, Run, needs_samples
from helpers import PLAN, csv_text, land, query

ROWS, GOLD = SAMPLES / "restaurant.csv", SAMPLES / "restaurant_gold.csv"
DELIVERED_ON = "2026-11-02"

pytestmark = needs_samples

Pair = frozenset[str]


def land_guides(data: Path) -> dict[int, str]:
    """Land Fodor's as a Texas file and Zagat's as a Salesforce extract.

    Fodor's has a slash in its phone numbers.

    Returns:
        For each row of the sample, counted from 1, the key of its lead.
    """
    keys: dict[int, str] = {}
    guides: dict[str, list[dict[str, str]]] = {"texas": [], "salesforce": []}
    with ROWS.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if "/" in row["phone"]:
                keys[number] = f"texas:{number}"
                guides["texas"].append(
                    {
                        "Operation": str(number),
                        "Operation Name": row["name"],
                        "Address": row["addr"],
                        "City": row["city"],
                        "Phone": row["phone"],
                        "Type": "Licensed Center",
                        "Status": "Full Permit",
                    }
                )
            else:
                keys[number] = f"salesforce:{number}"
                guides["salesforce"].append(
                    {
                        "id": str(number),
                        "is_deleted": "FALSE",
                        "company": row["name"],
                        "street": row["addr"],
                        "city": row["city"],
                        "phone": row["phone"],
                        "status": "Working",
                        "created_date": "2026-01-01 0:00:00",
                        "last_modified_date": "2026-01-01 0:00:00",
                    }
                )
    for source_key, sample in (("texas", "texas.csv"), ("salesforce", "salesforce_leads.csv")):
        with (SAMPLES / sample).open(newline="", encoding="utf-8") as file:
            header = next(csv.reader(file))
        land(data, f"{source_key}_{DELIVERED_ON}.csv", csv_text(guides[source_key], header), source_key)
    return keys


def read_gold(keys: dict[int, str]) -> set[Pair]:
    with GOLD.open(newline="", encoding="utf-8") as file:
        pairs = csv.DictReader(file, skipinitialspace=True)
        return {frozenset((keys[int(pair["id_1"])], keys[int(pair["id_2"])])) for pair in pairs}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Iterator[tuple[Path, set[Pair]]]:
    """The data directory of the restaurants, planned, and the pairs that are one restaurant."""
    data = tmp_path_factory.mktemp("restaurants")
    keys = land_guides(data)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEADS_START", DELIVERED_ON)
        run("leads", "ingest", "--backfill", data=data)
        run(*PLAN, data=data)
    yield data, read_gold(keys)


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
