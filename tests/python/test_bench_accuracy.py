"""The sets whose truth is known become deliveries like any other, and their figures a table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lead_enrichment.benchmark.accuracy import Accuracy, gold_sets, report, write_guides, write_sites
from lead_enrichment.errors import UsageError
from lead_enrichment.matching.quality import Reliability, Score


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_sites_become_leads_of_one_city_with_their_truth(tmp_path: Path) -> None:
    sample = tmp_path / "sites.csv"
    sample.write_text(
        "Id,Source,Site name,Address,Zip,Phone,True Id\n"
        "7,a.csv,Stars,1 N Elm,60601,5550100,A\n"
        "8,b.csv,Stars,1 Elm,,,A\n"
    )
    write_sites(sample, tmp_path / "data")
    (delivery,) = (tmp_path / "data" / "landing" / "salesforce").glob("*.csv")
    assert [(row["company"], row["phone"], row["state"]) for row in read(delivery)] == [
        ("Stars", "7735550100", "IL"),
        ("Stars", "", "IL"),
    ]
    assert read(tmp_path / "data" / "truth" / "record_facility.csv") == [
        {"lead_key": "salesforce:7", "facility_id": "A"},
        {"lead_key": "salesforce:8", "facility_id": "A"},
    ]


def test_guides_become_two_sources_whose_pairs_are_one_facility(tmp_path: Path) -> None:
    (tmp_path / "restaurant.csv").write_text(
        "name,addr,city,phone\nSpago,1 Sunset,la,213/555-0100\nSpago,1 Sunset Blvd,la,213-555-0100\nCafe,2 Elm,la,1-1\n"
    )
    (tmp_path / "restaurant_gold.csv").write_text("id_1, id_2\n1, 2\n")
    write_guides(tmp_path, tmp_path / "data")
    truth = {row["lead_key"]: row["facility_id"] for row in read(tmp_path / "data" / "truth" / "record_facility.csv")}
    assert truth["texas:1"] == truth["salesforce:2"] != truth["salesforce:3"]


def test_demo_is_always_at_hand_and_an_empty_folder_of_samples_is_refused(tmp_path: Path) -> None:
    assert [gold.name for gold in gold_sets(None)] == ["demo, seed 20261115", "demo, seed 7", "demo, seed 11"]
    with pytest.raises(UsageError, match="no sample with a truth"):
        gold_sets(tmp_path)


def test_calibration_error_is_what_is_said_less_what_is_true_on_average() -> None:
    bins = [
        {"tenth": 0, "pairs": 30, "said": 0.1, "true_share": 0.0},
        {"tenth": 9, "pairs": 10, "said": 0.9, "true_share": 0.7},
    ]
    assert Reliability(bins).error == pytest.approx(0.125)
    assert Reliability([]).error == 0.0


def test_report_has_a_row_a_set_and_leaves_out_what_was_not_measured() -> None:
    item = Accuracy("sites", 1000, Score(90, 100, 81), Reliability([]), None, None, Score(50, 100, 50))
    assert report([item]).splitlines()[-1] == "| sites | 1,000 | 0.900 | 0.810 | 0.853 | 0.000 |  |  | 0.667 |"
