"""A refresh builds nothing only while production is known to show all that was delivered."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest

from lead_enrichment.hooks.registration import begin_recording
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.freshness import Freshness, freshness, is_built, note_built


def attempts(*rows: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"attempt_id": name, "status": status} for name, status in rows]


@pytest.fixture
def built(paths: DataPaths) -> Freshness:
    paths.published.parent.mkdir()
    paths.published.touch()
    wanted = freshness(attempts(("a", "loaded")))
    note_built(paths, wanted)
    return wanted


def test_what_was_built_is_built(paths: DataPaths, built: Freshness) -> None:
    assert is_built(paths, built)


def test_before_the_first_refresh_nothing_is_built(paths: DataPaths) -> None:
    assert not is_built(paths, freshness([]))


def test_bytes_that_are_loaded_already_bring_nothing(paths: DataPaths, built: Freshness) -> None:
    assert is_built(paths, freshness(attempts(("a", "loaded"), ("b", "duplicate"))))


@pytest.mark.parametrize("status", ["loaded", "quarantined"])
def test_a_new_file_is_built_for(paths: DataPaths, built: Freshness, status: str) -> None:
    assert not is_built(paths, freshness(attempts(("a", "loaded"), ("b", status))))


def test_the_day_after_production_is_built_again(
    paths: DataPaths, built: Freshness, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr("lead_enrichment.warehouse.freshness.datetime", Tomorrow)
    assert not is_built(paths, freshness(attempts(("a", "loaded"))))


def test_a_published_copy_that_is_gone_is_made_again(paths: DataPaths, built: Freshness) -> None:
    paths.published.unlink()
    assert not is_built(paths, built)


def test_a_damaged_note_is_no_note(paths: DataPaths, built: Freshness) -> None:
    paths.warehouse.with_name("refreshed.json").write_text("{")
    assert not is_built(paths, built)


@pytest.mark.parametrize(("environment", "stands"), [("prod", False), ("dev", True)])
def test_a_plan_or_run_of_production_takes_the_note_away(
    paths: DataPaths, built: Freshness, environment: str, stands: bool
) -> None:
    begin_recording(SimpleNamespace(dialect="duckdb"), environment)
    assert is_built(paths, built) is stands
