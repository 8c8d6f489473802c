"""The command `leads`: what it prints, and the exit codes that a scheduler relies on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import call, land
from lead_enrichment.paths import data_paths

GOOD = (
    "Name,Credential Type,Credential Number,Status,Address,Phone\n"
    'ABC,CENTER,1106-22,Active,"150 N. WILLOW ST MESQUITE, NV 89027",702-393-9400\n'
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    return data_paths().root


def test_ingest_exits_1_where_a_file_is_refused_and_loads_the_others(data: Path) -> None:
    land(data, "nevada_2026-10-05.csv", "")
    land(data, "nevada_2026-11-05.csv", GOOD)
    outcomes = json.loads(call("ingest", "--json", expect=1))
    assert [item["status"] for item in outcomes] == ["quarantined", "loaded"]
    assert "Nothing new" in call("ingest")


def test_status_tells_the_newest_date_and_every_reason(data: Path) -> None:
    land(data, "nevada_2026-12-05.csv", "")
    land(data, "nevada_2026-11-05.csv", GOOD)
    land(data, "nevada_2026-10-05.csv", GOOD.replace("1106", "1107"))
    call("ingest", expect=1)
    status = json.loads(call("status", "--json"))
    nevada = next(item for item in status["sources"] if item["source"] == "nevada")
    assert (nevada["newest_file_date"], nevada["files_loaded"], nevada["files_refused"]) == ("2026-11-05", 2, 1)
    assert "the file is empty" in status["refused"][0]["reason"]
    assert "2026-11-05" in call("status")


def test_summary_without_a_warehouse_says_what_to_run(data: Path) -> None:
    assert "Run: make run" in call("summary", expect=2)


def test_backfill_into_days_that_production_may_have_done_names_the_restatement(data: Path) -> None:
    land(data, "nevada_2026-10-05.csv", GOOD)
    assert "--restate-model" not in call("ingest", "--backfill")
    (data / "warehouse" / "leads.duckdb").touch()
    land(data, "nevada_2026-11-05.csv", GOOD.replace("1106", "1107"))
    said = call("ingest", "--backfill")
    assert "sqlmesh plan --restate-model 'staging.*' --start 2026-11-05 --run --ignore-cron" in said


def test_data_directory_is_made_where_its_parent_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "new"))
    call("status")
    assert (tmp_path / "new" / "landing").is_dir()


@pytest.mark.parametrize("folder", ["missing/data", "file"])
def test_data_directory_that_cannot_be_used_is_one_sentence_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / folder))
    said = call("ingest", expect=2).strip()
    assert "Set LEADS_DATA_DIR to a folder that you may write to." in said
    assert "\n" not in said
