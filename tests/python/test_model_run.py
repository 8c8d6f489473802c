"""What each model costs is written down, whatever command built it, and a jump is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from conftest import ROOT, Run
from helpers import RUN
from lead_enrichment.commands import status
from lead_enrichment.hooks.model_run import BUILT, FAILED, newest_run, record, recorder_of
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.sqlmesh_internals import AuditAnswer

DAY = timedelta(days=1)
BEGIN = datetime(2026, 11, 1, 5, 15, tzinfo=UTC)


def runs_of(data: Path) -> list[dict[str, Any]]:
    return Ledger(DataPaths(data).bronze).model_runs()


def test_a_plan_records_every_model_of_the_project_with_its_rows_and_memory(planned_demo: Path) -> None:
    recorded = {row["model_name"]: row for row in runs_of(planned_demo)}
    files = [path for path in (ROOT / "models").rglob("*.*") if path.suffix in {".sql", ".py"}]
    assert {path.stem for path in files} - {name.split(".")[1] for name in recorded} == set()
    assert {(row["environment"], row["engine"], row["status"]) for row in recorded.values()} == {
        ("prod", "duckdb", BUILT)
    }
    # However many days of history, they are one batch.
    validity = recorded["dims.dim_lead_validity"]
    assert validity["batches"] == 1
    assert (validity["interval_end"] - validity["interval_start"]) / DAY > 60
    with duckdb.connect(str(DataPaths(planned_demo).warehouse), read_only=True) as connection:
        for name in ("staging.stg_texas_facility", "staging.stg_phone", "dims.dim_lead_validity"):
            (rows,) = connection.execute(f"SELECT COUNT(*) FROM {name}").fetchall()[0]
            assert recorded[name]["row_count"] == rows > 0
    assert recorded["dims.dim_lead"]["row_count"] is None
    audits = Ledger(DataPaths(planned_demo).bronze).audit_results()
    without = {path.stem for path in files if "nomissingaudits" in path.read_text(encoding="utf-8")}
    assert {row["model_name"].split(".")[1] for row in audits} == {path.stem for path in files} - without
    assert {row["run_id"] for row in audits} == {row["run_id"] for row in recorded.values()}
    assert not [row for row in audits if row["status"] == FAILED]
    assert sum(row["seconds"] for row in audits) < sum(row["seconds"] for row in recorded.values())
    # The process has Python, SQLMesh and DuckDB in it: 50 MB at least, and no demo takes 10 GB.
    assert all(50e6 < row["peak_memory_bytes"] < 10e9 for row in recorded.values())


def test_a_run_records_too_and_leaves_the_models_as_they_are(own_demo: Path, run: Run) -> None:
    before = {row["run_id"] for row in runs_of(own_demo)}
    run(*RUN, data=own_demo)
    added = [row for row in runs_of(own_demo) if row["run_id"] not in before]
    assert len({row["run_id"] for row in added}) == 1
    assert "staging.stg_texas_facility" in {row["model_name"] for row in added}
    printed = run(
        "sqlmesh", "plan", "--no-prompts", "--skip-tests", "--skip-backfill", data=own_demo, answer="n\n"
    ).stdout
    assert "Modified" not in printed and "Environment statements" not in printed

    shown = run("leads", "status", data=own_demo).stdout
    slowest = max(added, key=lambda row: row["seconds"])
    assert f"Slowest of {len(added)} models" in shown and slowest["model_name"] in shown
    told = json.loads(run("leads", "status", "--json", data=own_demo).stdout)["models"]
    assert {row["model_name"] for row in told} == {row["model_name"] for row in added}


class Silent:
    """A console that says nothing."""

    def start_snapshot_evaluation_progress(self, snapshot: Any, audit_only: bool = False) -> None: ...

    def update_snapshot_evaluation_progress(self, *args: Any, **kwargs: Any) -> None: ...

    def stop_evaluation_progress(self, success: bool = True) -> None: ...

    def log_failed_models(self, errors: Any) -> None: ...

    def log_warning(self, message: str) -> None:
        self.warning = message


def snapshot(name: str) -> Any:
    return SimpleNamespace(
        name=f'"leads"."facts"."{name}"',
        is_materialized=True,
        is_paused_forward_only=False,
        table_name=lambda is_deployable: name,
    )


ADAPTER = SimpleNamespace(dialect="duckdb", fetchone=lambda query: (7,))
INTERVAL = (1_793_491_200_000, 1_793_577_600_000)


def test_a_model_that_fails_is_recorded_as_failed_and_the_run_is_not_complete(tmp_path: Path) -> None:
    console, good, bad = Silent(), snapshot("good"), snapshot("bad")
    record(console, ADAPTER, "prod", tmp_path)
    recorder = recorder_of(console)
    assert recorder and recorder.is_complete
    for model, milliseconds in ((good, 1500), (good, 500), (bad, None)):
        console.start_snapshot_evaluation_progress(model)
        assert not recorder.is_complete
        console.update_snapshot_evaluation_progress(model, INTERVAL, 0, milliseconds, 0, 0, execution_stats=None)
    console.stop_evaluation_progress(success=False)
    assert not recorder.is_complete
    kept = {row["model_name"]: row for row in Ledger(tmp_path).model_runs()}
    assert kept["facts.bad"]["status"] == FAILED and kept["facts.bad"]["row_count"] is None
    assert kept["facts.good"]["status"] == BUILT and kept["facts.good"]["row_count"] == 7
    assert (kept["facts.good"]["seconds"], kept["facts.good"]["batches"]) == (2.0, 2)
    assert f"{kept['facts.good']['interval_start']:%Y-%m-%d %H}" == "2026-11-01 00"


def test_what_audits_find_is_recorded_once_for_all_batches(tmp_path: Path) -> None:
    console = Silent()
    record(console, ADAPTER, "prod", tmp_path)
    recorder = recorder_of(console)
    assert recorder
    console.start_snapshot_evaluation_progress(snapshot("good"))
    model = '"leads"."facts"."good"'
    for failed in (0, 2):
        recorder._audited(AuditAnswer(model, "forall", "criteria := (a > 0)", failed, False, 0.5))
    recorder._audited(AuditAnswer(model, "not_null", "columns := (a)", 0, True, 0.25))
    recorder._audited(AuditAnswer(model, "not_null", "columns := (b)", 1, True, 0.25))
    console.stop_evaluation_progress(success=False)
    kept = Ledger(tmp_path).audit_results()
    assert {
        (row["audit_name"], row["arguments"]): (row["status"], row["failed_rows"], row["seconds"], row["batches"])
        for row in kept
    } == {
        ("forall", "criteria := (a > 0)"): ("warned", 2, 1.0, 2),
        ("not_null", "columns := (a)"): ("passed", 0, 0.25, 1),
        ("not_null", "columns := (b)"): ("failed", 1, 0.25, 1),
    }
    assert {row["model_name"] for row in kept} == {"facts.good"}
    assert {row["run_id"] for row in kept} == {row["run_id"] for row in Ledger(tmp_path).model_runs()}
    # The next run begins with none.
    record(console, ADAPTER, "prod", tmp_path)
    console.start_snapshot_evaluation_progress(snapshot("good"))
    console.stop_evaluation_progress()
    assert len(Ledger(tmp_path).audit_results()) == 3


def test_a_second_plan_in_one_process_is_a_run_of_its_own(tmp_path: Path) -> None:
    console = Silent()
    for environment in ("prod", "dev"):
        record(console, ADAPTER, environment, tmp_path)
        console.start_snapshot_evaluation_progress(snapshot("good"))
        console.update_snapshot_evaluation_progress(snapshot("good"), INTERVAL, 0, 1000, 0, 0)
        console.stop_evaluation_progress()
    kept = Ledger(tmp_path).model_runs()
    assert [(row["environment"], row["batches"]) for row in kept] == [("prod", 1), ("dev", 1)]
    assert kept[0]["run_id"] != kept[1]["run_id"]


def test_a_record_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "model_run").touch()
    console = Silent()
    record(console, ADAPTER, "prod", tmp_path)
    console.start_snapshot_evaluation_progress(snapshot("good"))
    console.update_snapshot_evaluation_progress(snapshot("good"), INTERVAL, 0, 1000, 0, 0)
    console.stop_evaluation_progress()
    assert "could not be written down" in console.warning


def past(*seconds: float, days: int = 1, model: str = "facts.a", environment: str = "prod") -> list[dict[str, Any]]:
    """Return a record a day for each time."""
    return [
        {
            "run_id": f"{environment}{nth}", "model_name": model, "environment": environment, "engine": "duckdb",
            "status": BUILT, "started_at": BEGIN + nth * DAY, "seconds": taken, "interval_start": BEGIN - days * DAY,
            "interval_end": BEGIN, "row_count": 1, "peak_memory_bytes": 300_000_000,
        }
        for nth, taken in enumerate(seconds)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("times", "usual", "is_jump"),
    [
        ((10, 12, 11, 34), 11, True),
        # Three times the usual is no jump yet
        ((10, 12, 11, 33), 11, False),
        # Two earlier runs are too few to know
        ((10, 12, 90), None, False),
        # Under five seconds nobody waits
        ((0.1, 0.1, 0.1, 4.9), 0.1, False),
        ((0.1, 0.1, 0.1, 5.1), 0.1, True),
        # One slow run in the past does not hide the next
        ((10, 10, 90, 40), 10, True),
    ],
)
def test_a_jump_is_measured_against_the_models_own_past(
    times: tuple[float, ...], usual: float | None, is_jump: bool
) -> None:
    (row,) = newest_run(past(*times))
    assert (row["usual_seconds"], row["is_jump"]) == (usual, is_jump)


def test_a_restatement_is_not_held_against_daily_runs() -> None:
    rows = past(1, 1, 1, 1)
    rows += [{**past(90, days=60)[0], "run_id": "restated", "started_at": BEGIN + 9 * DAY}]
    (row,) = newest_run(rows)
    assert (row["run_id"], row["usual_seconds"], row["is_jump"]) == ("restated", None, False)
    # The day after, the restatement counts as the past of a shorter run.
    rows += [{**past(1)[0], "run_id": "next", "started_at": BEGIN + 10 * DAY}]
    assert newest_run(rows)[0]["usual_seconds"] == 1


def test_other_environments_models_and_failures_are_no_past() -> None:
    rows = past(1, 1, 1, model="facts.b") + past(1, 1, 1, environment="dev")
    rows += [{**row, "status": FAILED, "run_id": f"failed{row['run_id']}"} for row in past(1, 1, 1)]
    rows += [{**past(90)[0], "run_id": "newest", "started_at": BEGIN + 9 * DAY}]
    (row,) = newest_run(sorted(rows, key=lambda row: row["started_at"]))
    assert (row["run_id"], row["usual_seconds"]) == ("newest", None)


def test_status_shows_the_slowest_first_and_warns_of_a_jump(capsys: pytest.CaptureFixture[str]) -> None:
    rows = past(10, 12, 11, 90) + past(1, 1, 1, 1, model="facts.b")
    models = newest_run(sorted(rows, key=lambda row: row["started_at"]))
    status._print_models(status.Console(width=120), models)
    printed = capsys.readouterr().out
    assert "Slowest of 2 models, run of 2026-11-04 05:15 UTC, 91.0 s:" in printed
    assert printed.index("facts.a") < printed.index("facts.b")
    assert "Warning: facts.a took 90.0 s; usual is 11.0 s." in printed
    assert "facts.b took" not in printed
