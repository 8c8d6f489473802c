"""The benchmark times what it says, and a ratio that became worse is said and fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import ROOT, Run
from lead_enrichment.benchmark import app, duplicates, pipeline, replay, suite
from lead_enrichment.benchmark.duplicates import time_duplicates
from lead_enrichment.benchmark.history import time_type_2
from lead_enrichment.benchmark.phones import time_phones
from lead_enrichment.benchmark.pipeline import Pipeline
from lead_enrichment.benchmark.result import Result
from lead_enrichment.errors import DataError
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect

PIPELINE = Pipeline(
    1000,
    60.0,
    10**9,
    20.0,
    10**9,
    0.5,
    {"history of a lead": 1.0},
    {"archive": 1, "bronze": 1, "warehouse": 1, "published": 0},
    {"a.b": 9.0},
)


def size_of(leads: int, **ratios: float) -> suite.Size:
    """A size at which each stage took so many times what the other way did."""
    results = [Result(stage.replace("_", " "), "the other", leads, ratio, 1.0) for stage, ratio in ratios.items()]
    return suite.Size(leads, results, PIPELINE)


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "held_ratios.json"
    monkeypatch.setattr(suite, "HELD", path)
    return path


def test_a_ratio_worse_by_more_than_the_margin_is_said(held: Path) -> None:
    suite.hold(size_of(1000, ingest=1.5, phones=0.1))
    assert json.loads(held.read_text()) == {"ingest": 1.5, "phones": 0.1}
    assert suite.worse_than_held(size_of(1000, ingest=1.5 * suite.MARGIN, phones=0.05)) == []
    (sentence,) = suite.worse_than_held(size_of(1000, ingest=1.0, phones=0.1 * suite.MARGIN + 0.01))
    assert sentence == "phones takes 0.310 of the time of the other; it took 0.100, and may take 3 times that."


@pytest.mark.parametrize("stage", suite.MARGINS)
def test_a_refresh_worse_by_more_than_half_is_said(stage: str, held: Path) -> None:
    suite.hold(size_of(1000, **{stage: 0.4}))
    assert suite.worse_than_held(size_of(1000, **{stage: 0.6})) == []
    (sentence,) = suite.worse_than_held(size_of(1000, **{stage: 0.61}))
    assert sentence == f"{stage} takes 0.610 of the time of the other; it took 0.400, and may take 1.5 times that."


def test_a_stage_that_is_held_against_nothing_is_refused(held: Path) -> None:
    suite.hold(size_of(1000, ingest=1.0))
    with pytest.raises(DataError, match=r"phones has no ratio.*leads bench --quick --hold"):
        suite.worse_than_held(size_of(1000, phones=0.1))


def test_every_stage_has_a_ratio_to_hold() -> None:
    assert {*json.loads(suite.HELD.read_text())} == {
        "ingest", "phones", "duplicates", "type 2 step", "matching", "refresh of 2%", "refresh of 0.1%",
        "refresh of 20%", "refresh with nothing new", "replay of five years"
    }  # fmt: skip


def test_what_a_part_adds_is_the_sum_of_its_models() -> None:
    models = [model for models in pipeline.PARTS.values() for model in models]
    assert all((ROOT / "models" / f"{model.replace('.', '/')}.sql").exists() for model in models)
    found = suite.part_results(replace(PIPELINE, part_seconds=dict.fromkeys(models, 1.5)))
    assert [(result.stage, result.seconds, result.ratio) for result in found] == [
        ("rules and scores", 12.0, 0.2), ("profiles", 3.0, 0.05), ("outbox", 7.5, 0.125), ("search", 4.5, 0.075)
    ]  # fmt: skip


@pytest.mark.parametrize(("rows", "is_there"), [(None, True), (2000, False)])
def test_parts_are_not_in_the_quick_run(rows: int | None, is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    some = Result("some", "the other", 1000, 1.0, 1.0)
    took = SimpleNamespace(ingest_seconds=1.0, copy_seconds=1.0)
    measured = replace(
        PIPELINE,
        part_seconds={model: 1.0 for models in pipeline.PARTS.values() for model in models},
    )
    way = SimpleNamespace(seconds=1.0, peak_bytes=1)
    monkeypatch.setattr(suite, "alone", lambda work, *_: took if work is suite.time_ingest else some)
    monkeypatch.setattr(suite, "run_pipeline", lambda *_: measured)
    monkeypatch.setattr(suite, "compare_with_splink", lambda *_: SimpleNamespace(matching=way, splink=way))
    for name in ("time_type_2", "time_replay"):
        monkeypatch.setattr(suite, name, lambda *_: some)
    stages = {result.stage for result in suite.measure(1000, ROOT, lambda _: None, rows).results}
    assert ({*pipeline.PARTS} <= stages) == is_there == bool({*pipeline.PARTS} & stages)


def test_growth_is_the_power_of_leads() -> None:
    small, large = size_of(1000, ingest=1.0), size_of(100_000, ingest=100.0**1.5)
    assert suite.growth([small, large], lambda size: size.results[0].seconds) == pytest.approx(1.5)
    assert suite.growth([small], lambda size: size.results[0].seconds) is None


def test_the_report_says_where_the_other_way_was_stopped() -> None:
    small = size_of(1000, duplicates=0.5)
    large = suite.Size(9000, [replace(small.results[0], leads=9000, instead_seconds=60.0, is_stopped=True)], PIPELINE)
    page = suite.report([small, large])
    assert "| duplicates | the other | 1,000 | 0.50 | 1.00 | 0.50 |" in page
    assert "| duplicates | the other | 9,000 | 0.50 | over 60.00 | under 0.01 |" in page
    assert "| `a.b` | 9.0 |" in page


def test_phones_by_the_rule_are_those_of_the_library() -> None:
    result = time_phones(2000, ROOT)
    assert result.leads == 2000 and result.ratio < 1


def test_duplicates_and_history_are_timed_on_the_leads_of_production(planned_demo: Path) -> None:
    warehouse = DataPaths(planned_demo).warehouse
    with connect(str(warehouse), read_only=True) as connection:
        live, known = (
            connection.execute(f"SELECT COUNT(*) FROM intermediate.{table}").fetchone()
            for table in ("int_match_lead", "int_lead_current")
        )
    found = time_duplicates(warehouse, ROOT)
    assert (found.leads,) == live and not found.is_stopped and found.seconds > 0
    step = time_type_2(warehouse)
    assert (step.leads,) == known and step.seconds > 0 and step.instead_seconds > 0


def test_the_archive_to_replay_has_a_changed_list_for_each_date(tmp_path: Path) -> None:
    listed = tmp_path / "listed.csv"
    listed.write_text("Operation,Phone\n" + "".join(f"{number},5125550100\n" for number in range(40)))
    assert replay._write_archive(listed, tmp_path / "data", replay.MONTHS) == 40
    files = sorted((tmp_path / "data" / "landing" / "texas").iterdir())
    assert [file.name for file in files[:2]] == ["texas_2021-12-05.csv", "texas_2022-01-05.csv"]
    assert len({file.read_bytes() for file in files}) == len(files) == 60
    assert replay.MONTHS[-1] == replay.DAYS[-1] and (replay.DAYS[-1] - replay.DAYS[0]).days == 59


def test_a_way_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "PATIENCE", 0.2)
    with connect() as connection:
        assert not duplicates._finishes(connection, "SELECT COUNT(*) FROM RANGE(200000) a, RANGE(200000) b WHERE a < b")
        assert duplicates._finishes(connection, "SELECT 1")


def test_the_app_is_timed_on_the_data_that_are_there(planned_demo: Path, run: Run) -> None:
    printed = run("leads", "bench", "app", "--readers", "8", "--seconds", "12", "--json", data=planned_demo).stdout
    found = json.loads(printed)
    everything = found["pages"].pop("all")
    assert everything["failed"] == 0
    assert everything["requests"] == sum(times["requests"] for times in found["pages"].values()) > 16
    assert {"search", "one lead"} < set(found["pages"]) <= {"search", "one lead", *app.PAGES}
    assert found["peak_bytes"] > 20 * 10**6


def test_the_app_is_not_timed_without_a_published_copy(tmp_path: Path, run: Run) -> None:
    assert "make run" in run("leads", "bench", "app", data=tmp_path, expect=2).stderr


def test_the_app_is_not_timed_where_readers_have_to_sign_in(tmp_path: Path, run: Run) -> None:
    DataPaths(tmp_path).published.parent.mkdir()
    DataPaths(tmp_path).published.touch()
    run("leads", "app", "--add", "Ana", "--role", "viewer", data=tmp_path)
    assert "has to sign in" in run("leads", "bench", "app", data=tmp_path, expect=2).stderr


@pytest.mark.parametrize("words", [("--hold",), ("--quick", "--leads", "2000")])
def test_words_that_contradict_each_other_are_refused(words: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    run("leads", "bench", *words, data=tmp_path, expect=2)


def test_settings_that_name_the_users_own_data_do_not_count(
    project_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, data = tmp_path / "mine", tmp_path / "bench"
    (project_copy / ".env").write_text(f"LEADS_DATA_DIR={mine}\nLEADS_STATE_HOST=db.example.com\n")
    monkeypatch.setenv("SQLMESH_GATEWAY", "spark")
    for folder in (mine, data):
        (folder / "warehouse").mkdir(parents=True)
    pipeline.run_command([*pipeline.SQLMESH, "fetchdf", "SELECT 1"], data, project_copy)
    assert [file.name for file in (data / "warehouse").iterdir()] == ["leads.duckdb"]
    assert list((mine / "warehouse").iterdir()) == []
