"""The command `leads`: what it prints, and the exit codes that a scheduler relies on."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import ROOT, Run
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


def test_run_where_nothing_was_planned_says_what_to_do(run: Run, tmp_path: Path) -> None:
    # The scheduler's command, on a data directory that nobody has made.
    for environment, words in (("prod", "sqlmesh plan"), ("dev", "sqlmesh plan dev")):
        done = run("leads", "sqlmesh", "run", *([] if environment == "prod" else [environment]), data=tmp_path / "data",
                   expect=1)  # fmt: skip
        assert f"The environment {environment} has not been planned yet. Run: {words}\n" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"sep=,\n{GOOD}", "line 1 (sep=,) tells Excel how the fields are separated"),
        (f"Licensed facilities,,\n\n{GOOD}", "the header stands in line 3, below a title (Licensed facilities)"),
        (f"{GOOD}X,CENTER,1\0,Active,,\n", "the file is no text: line 3 holds a NUL byte"),
    ],
    ids=["sep", "title", "NUL"],
)
def test_what_stands_before_or_within_the_rows_is_named(data: Path, text: str, sentence: str) -> None:
    land(data, "nevada_2026-10-05.csv", text)
    said = call("ingest", expect=1)
    assert sentence in said and "Proposal" not in said
    assert "1 file taken, 0 rows loaded, 1 file in quarantine." in said


def test_a_file_that_is_dated_in_the_future_gets_a_word(data: Path) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=3)
    land(data, f"nevada_{soon}.csv", GOOD)
    assert f"the file is dated {soon}, a day that is still to come" in call("ingest")


def test_a_file_that_is_dated_far_in_the_future_is_refused(data: Path) -> None:
    land(data, "nevada_2999-10-05.csv", GOOD)
    assert "the file is dated 2999-10-05, a day that is still to come, by more than 31 days" in call("ingest", expect=1)


def test_help_shows_no_type_behind_a_flag(data: Path) -> None:
    for words in (("status",), ("match", "train"), ("demo",)):
        assert "bool" not in call(*words, "--help")


def test_one_is_told_in_the_singular() -> None:
    # A number and a noun are joined by `counted`, but for nouns that no message has one of.
    many = r":,\} (pairs|files|rows|decisions|proposals|leads|models|deliveries|days|months)\b"
    bench = "bench.py"
    loose = [
        f"{path.name}: {line.strip()}"
        for path in (ROOT / "lead_enrichment" / "commands").rglob("*.py")
        if path.name != bench
        for line in path.read_text().splitlines()
        if re.search(many, line)
    ]
    assert loose == []
