"""Dimensions without an input of their own, as the planned demo holds them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from helpers import query
from lead_enrichment.contracts import lead_contracts


def test_every_day_from_2000_to_2040_is_there_once(planned_demo: Path) -> None:
    found = query(planned_demo, "SELECT MIN(date_day), MAX(date_day), COUNT(DISTINCT date_day) FROM dims.dim_date")
    assert found == [(date(2000, 1, 1), date(2040, 12, 31), (date(2040, 12, 31) - date(2000, 1, 1)).days + 1)]


def test_day_of_week_is_that_of_the_calendar(planned_demo: Path) -> None:
    days = query(planned_demo, "SELECT date_day, day_of_week, is_weekend FROM dims.dim_date")
    assert all((day.isoweekday(), day.isoweekday() > 5) == (number, weekend) for day, number, weekend in days)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # The fiscal year begins in February and bears the year in which it ends
        ("2026-01-31", (2026, 4, 12)),
        ("2026-02-01", (2027, 1, 1)),
        ("2026-05-01", (2027, 2, 4)),
        ("2026-12-31", (2027, 4, 11)),
    ],
)
def test_fiscal_fields_turn_where_the_fiscal_year_does(
    planned_demo: Path, day: str, expected: tuple[int, int, int]
) -> None:
    fields = "SELECT fiscal_year, fiscal_quarter, fiscal_month FROM dims.dim_date"
    assert query(planned_demo, f"{fields} WHERE date_day = DATE '{day}'") == [expected]


def test_sources_are_those_of_the_contracts(planned_demo: Path) -> None:
    sources = query(planned_demo, "SELECT source_key, delivery_mode, cadence FROM dims.dim_source ORDER BY 1")
    assert sources == sorted((key, item.delivery_mode, item.cadence) for key, item in lead_contracts().items())
