"""A load can be taken back, and a date or clock that is far off never gets in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import Run
from helpers import NEVADA_HEADER, bronze_rows, call, crash, land, query, take_in
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import archive, withdrawal
from lead_enrichment.ingest.ledger import LOADED, QUARANTINED, WITHDRAWN, Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.ingest.withdrawal import withdraw
from lead_enrichment.paths import DataPaths

NAME = "nevada_2026-10-05.csv"
ROW = "ABC,CENTER,{}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"
FILE = f"{NEVADA_HEADER}\n{ROW.format(1)}short\n"


def test_withdrawn_load_leaves_bronze_and_stays_in_ledger_and_archive(paths: DataPaths) -> None:
    take_in(paths, NAME, FILE)
    done = withdraw(paths, NAME, "wrong state")
    assert (done.rows, done.first_day) == (1, datetime.now(UTC).date())
    assert bronze_rows(paths, "nevada", "name") == bronze_rows(paths, "rejected_row", "reason") == []
    (attempt,) = Ledger(paths.bronze).attempts()
    assert attempt["status"] == WITHDRAWN
    assert attempt["reason"].endswith(": wrong state; before: 1 row kept in rejected rows")
    assert [event["action"] for event in Ledger(paths.bronze).archive_events()] == [WITHDRAWN]
    # Its bytes are still there, and may be loaded again.
    restored = archive.restore(archive.find(NAME, paths), paths.root, paths)
    assert restored.read_text() == FILE
    assert take_in(paths, NAME, FILE).status == LOADED
    # What puts the rows of withdrawn loads away leaves those of the new one.
    assert ingest(paths) == []
    assert len(bronze_rows(paths, "nevada", "name")) == 1
    with pytest.raises(UsageError, match="the archive knows no"):
        withdraw(paths, "nevada_2026-10-06.csv", "no such")


@pytest.mark.parametrize("step", ["mark_withdrawn", "put_away"])
def test_withdrawal_that_is_killed_is_ended_by_the_next_one_or_by_ingest(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    take_in(paths, NAME, FILE)
    with monkeypatch.context() as patched:
        patched.setattr(Ledger if step == "mark_withdrawn" else withdrawal, step, crash)
        with pytest.raises(KeyboardInterrupt):
            withdraw(paths, NAME, "wrong")
    if step == "mark_withdrawn":
        withdraw(paths, NAME, "wrong")
    ingest(paths)
    assert bronze_rows(paths, "nevada", "name") == []
    # Moved, not deleted.
    assert len(list(paths.withdrawn.glob("nevada/*/*.parquet"))) == 1
    with pytest.raises(UsageError, match="it is withdrawn already"):
        withdraw(paths, NAME, "again")


@pytest.mark.parametrize("claimed", ["2062-10-05", "1999-12-31", "1066-10-14"])
def test_date_that_no_delivery_has_is_refused(paths: DataPaths, claimed: str) -> None:
    outcome = take_in(paths, f"nevada_{claimed}.csv", FILE)
    assert outcome.status == QUARANTINED
    assert f"the file is dated {claimed}" in (outcome.reason or "")


def test_tolerance_of_dates_is_a_variable(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DAYS_AHEAD", "400")
    ahead = datetime.now(UTC).date() + timedelta(days=399)
    assert take_in(paths, f"nevada_{ahead}.csv", FILE).status == LOADED


def stamped(paths: DataPaths, monkeypatch: pytest.MonkeyPatch, offset: timedelta) -> None:
    """Take a file in while the clock is off."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + offset

    with monkeypatch.context() as patched:
        patched.setenv("LEADS_DAYS_AHEAD", "2000")
        for module in ("run", "ledger"):
            patched.setattr(f"lead_enrichment.ingest.{module}.datetime", Clock)
        assert take_in(paths, NAME, FILE).status == LOADED


def test_load_of_a_clock_that_was_ahead_is_said_and_can_be_taken_back(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamped(paths, monkeypatch, timedelta(days=730))
    land(paths.root, "nevada_2026-10-06.csv", f"{NEVADA_HEADER}\n{ROW.format(2)}")
    with pytest.raises(UsageError, match=rf"received in days to come \({NAME}, .*leads withdraw"):
        ingest(paths)
    assert withdraw(paths, NAME, "clock").first_day is None
    assert [outcome.status for outcome in ingest(paths)] == [LOADED]


def test_clock_that_jumped_ahead_is_doubted(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped(paths, monkeypatch, timedelta(days=-730))
    with pytest.raises(UsageError, match="more than 400 days before"):
        ingest(paths)
    monkeypatch.setenv("LEADS_DAYS_SILENT", "1000")
    ingest(paths)


def test_command_says_what_to_restate(paths: DataPaths) -> None:
    take_in(paths, NAME, FILE)
    said = call("withdraw", NAME, "--reason", "wrong [state]")
    today = datetime.now(UTC).date()
    assert f"nevada/{NAME} is withdrawn: 1 row left bronze." in said
    assert f"sqlmesh plan --restate-model 'staging.*' --start {today} --run --ignore-cron" in said


def test_models_do_not_see_a_withdrawn_load(own_demo: Path, run: Run) -> None:
    (file_name,), *_ = query(
        own_demo, "SELECT file_name FROM facts.fact_file_load WHERE source_key = 'texas' ORDER BY received_at DESC"
    )
    before = query(own_demo, "SELECT COUNT(*) FROM intermediate.int_delivery")
    run("leads", "withdraw", file_name, "--reason", "wrong", "--restate", data=own_demo)
    assert query(own_demo, "SELECT COUNT(*) FROM intermediate.int_delivery") == [(before[0][0] - 1,)]
    file_ids = query(own_demo, "SELECT file_id FROM facts.fact_file_load WHERE status = 'withdrawn'")
    for table in ("staging.stg_texas_facility", "intermediate.int_lead_version", "ops.reconciliation"):
        assert query(own_demo, f"SELECT COUNT(*) FROM {table} WHERE file_id = ?", *file_ids[0]) == [(0,)], table
