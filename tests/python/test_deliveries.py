"""Deliveries are held against those before them, and one finding says what is wrong with each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from lead_enrichment.quality.deliveries import FAMILIES, judge_deliveries

Rows = list[dict[str, Any]]


def month(number: int, mode: str = "full_snapshot") -> dict[str, Any]:
    day = pd.Timestamp(2025, 1, 6) + pd.DateOffset(months=number)
    return {
        "file_id": f"f{number:02}", "source_key": "texas", "delivery_mode": mode, "file_date": day,
        "received_at": day, "received_on": day.date(),
    }  # fmt: skip


def metric(
    family: str, name: str, events: list[float], total: float | None = 1000, mode: str = "full_snapshot"
) -> Rows:
    return [
        {**month(at, mode), "family": family, "metric": name, "events": number, "total": total}
        for at, number in enumerate(events)
    ]


def values(column: str, *shares: dict[str, int]) -> Rows:
    return [
        {**month(at), "column_name": column, "value": value, "row_count": rows, "distinct_count": len(share)}
        for at, share in enumerate(shares)
        for value, rows in share.items()
    ]


def judged(metrics: Rows, of_values: Rows | None = None, reviews: Rows | None = None) -> pd.DataFrame:
    """Return the judgement on the newest delivery, by family and metric."""
    columns = ["file_id", "source_key", "column_name", "value", "row_count", "distinct_count"]
    found = judge_deliveries(
        pd.DataFrame(metrics).astype({"total": float}),
        pd.DataFrame(of_values or [], columns=columns),
        pd.DataFrame(reviews or [], columns=["source_key", "file_date", "verdict"]),
        {max(row["file_id"] for row in metrics)},
    )
    return found.set_index(["family", "metric"])


PHONES = [10, 12, 11, 9, 10, 12]


def test_a_value_that_is_gone_is_found_although_no_row_holds_it() -> None:
    share = {"TRAVIS": 80, "BEXAR": 500, "HARRIS": 420}
    without = {"BEXAR": 540, "HARRIS": 460}
    found = judged(metric("null_rate", "county", [0] * 7), values("county", *[share] * 6, without))
    gone = found.loc["category_mix", "county = TRAVIS"]
    assert (gone["value"], gone["verdict"]) == (0, "alarm")
    assert gone["description"].startswith("county = TRAVIS in 0.0% of the rows; expected ")


def test_dates_and_rare_values_are_no_categories() -> None:
    shares = [{f"{at}/1/26": 900, "n/a": 100} for at in range(1, 8)]
    assert len(judged(metric("null_rate", "expires", [0] * 7), values("expires", *shares))) == 1
    # Two rows to a name
    names = {f"name {at}": 2 for at in range(15)}
    assert len(judged(metric("null_rate", "name", [0] * 7, 30), values("name", *[names] * 7))) == 1
    assert len(judged(metric("null_rate", "name", [0] * 7, 60), values("name", *[names] * 7))) == 16


def test_one_metric_leads_and_explains_the_others() -> None:
    found = judged(
        [
            *metric("null_rate", "phone", [*PHONES, 200]),
            *metric("delisted", "delisted leads", [5, 6, 4, 5, 6, 5, 90], None),
            *metric("null_rate", "email", [*PHONES, 11]),
        ]
    )
    assert found["is_leading"].sum() == 1
    assert found.loc["null_rate", "phone"]["is_leading"]
    assert found.loc["delisted", "delisted leads"]["explained_by"] == "null_rate: phone"
    assert found.loc["null_rate", "email"]["verdict"] == "normal"
    assert found.loc["null_rate", "email"]["description"] is None


def test_a_median_in_another_unit_is_found() -> None:
    found = judged(metric("typical_value", "capacity", [60, 61, 60, 62, 60, 61, 6.1], None))
    said = found.loc["typical_value", "capacity"]
    assert said["verdict"] == "alarm" and said["effect"] == pytest.approx(-0.9, abs=0.01)


def test_the_first_deliveries_are_not_judged_and_the_next_two_only_warn() -> None:
    verdicts = [judged(metric("null_rate", "phone", [10] * k + [400])).iloc[0]["verdict"] for k in range(4)]
    assert verdicts == ["no_history", "warning", "warning", "alarm"]


def test_the_complete_first_file_of_a_feed_is_no_past() -> None:
    rows = metric("volume", "rows", [5000, 20, 22, 19, 21], None, "change_feed")
    said = judged(rows).iloc[0]
    assert (said["past_count"], said["verdict"]) == (3, "normal")
    assert said["expected"] == pytest.approx(20.3, abs=0.2)


def test_a_delivery_that_is_known_to_be_wrong_is_no_past_and_a_new_normal_begins_another() -> None:
    rows = metric("null_rate", "phone", [10, 12, 11, 400, 10, 12, 11])
    plain = judged(rows).iloc[0]
    wrong = [{"source_key": "texas", "file_date": month(3)["file_date"], "verdict": "wrong"}]
    without = judged(rows, reviews=wrong).iloc[0]
    assert (plain["past_count"], without["past_count"]) == (6, 5)
    assert without["expected_greatest"] < 0.03 < plain["expected_greatest"]
    begun = judged(rows, reviews=[{**wrong[0], "file_date": month(4)["file_date"], "verdict": "new_normal"}]).iloc[0]
    assert begun["past_count"] == 2
    # What another source's file of that day was says nothing.
    other = judged(rows, reviews=[{**wrong[0], "source_key": "nevada"}]).iloc[0]
    assert other["past_count"] == 6


def test_a_file_that_was_sent_again_for_its_date_is_no_past() -> None:
    rows = metric("null_rate", "phone", [10, 12, 11, 400, 10, 12])
    rows[4]["file_date"] = rows[3]["file_date"]
    assert judged(rows).iloc[0]["past_count"] == 4


def test_what_comes_every_year_is_no_anomaly_in_the_second() -> None:
    summer = [0.0] * 6 + [300] + [0] * 5
    rows = metric("null_rate", "school", [10 + number for number in [*summer, *summer[:7]]])
    assert judged(rows).iloc[0]["verdict"] == "normal"
    rows[6]["events"] = 10
    assert judged(rows).iloc[0]["verdict"] == "alarm"


def test_every_family_has_its_words() -> None:
    for name, family in FAMILIES.items():
        assert "{range}" in family.words, name
