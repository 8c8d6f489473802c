"""The file ledger: every entry counts once, however many there are, and wherever their compaction breaks off."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import NEVADA_HEADER, call, take_in
from lead_enrichment import ledger_files, lock
from lead_enrichment.bronze import COMPACTED, LEDGER_COLUMNS, arrow_schema, registration_statements
from lead_enrichment.ingest.doctor import examine
from lead_enrichment.ingest.ledger import (
    LOADED,
    QUARANTINED,
    WITHDRAWN,
    Advice,
    ArchiveEvent,
    Attempt,
    Ledger,
    Suggestion,
    partition,
)
from lead_enrichment.ingest.run import ingest
from lead_enrichment.ingest.withdrawal import withdraw
from lead_enrichment.ledger_files import COMPACTED_FILE, MOST_LOOSE
from lead_enrichment.lock import hold_files
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect

# What every ingest, plan or run, and every alert adds a file to.
WRITTEN_OFTEN = (
    "file_ledger", "column_proposal", "archive_event", "model_run", "audit_result", "alert_event", "webhook_event",
)  # fmt: skip
FIRST = datetime(2024, 6, 1, tzinfo=UTC)
FILE = f"{NEVADA_HEADER}\nABC,CENTER,{{}}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"


def attempt(number: int, status: str = QUARANTINED) -> Attempt:
    at = FIRST + timedelta(hours=number)
    return Attempt(
        file_id=f"{number:064x}", source_key="texas", file_name=f"texas_{number}.csv", file_date=at.date(),
        delivery_mode="full_snapshot", status=status, reason=f"reason {number}", rows_delivered=1, rows_loaded=1,
        rows_rejected=0, file_bytes=1, encoding="utf-8", header="a|b", received_at=at, started_at=at,
    )  # fmt: skip


def fill(paths: DataPaths, entries: int = 9) -> Ledger:
    """Enter as many attempts, proposals, archive events, runs, audits and alerts, some on one day."""
    ledger, day = Ledger(paths.bronze), timedelta(hours=7)
    for number in range(entries):
        ledger.append(attempt(number))
        ledger.append_proposal(
            f"p{number}", "texas", "f", "f.csv", Advice((Suggestion("a", "b", 0.5, "alike"),), ("?",))
        )
        ledger.append_archive_event(ArchiveEvent("f", "texas", "f.csv", "restored", "", number, "Ada"))
        run = {"run_id": str(number), "environment": "prod", "engine": "duckdb", "status": "built", "seconds": 1.0}
        at = {"started_at": FIRST + number * day, "finished_at": FIRST + number * day}
        ledger.append_model_runs([{**run, **at, "model_name": name} for name in ("a.a", "a.b")])
        audit = {"run_id": str(number), "model_name": "a.a", "status": "passed", "audited_at": FIRST + number * day}
        ledger.append_audit_results([{**audit, "audit_name": name} for name in ("not_null", "unique_values")])
        ledger.append_alert_events([{"alert_key": f"k{number}", "event": "sent", "happened_at": FIRST + number * day}])
        ledger.append_webhook_events(
            [{"message_id": f"m{number}", "event": "sent", "happened_at": FIRST + number * day}]
        )
    return ledger


def told(paths: DataPaths) -> dict[str, Any]:
    """Return all that the ledger holds, as Python and as the models read it."""
    ledger = Ledger(paths.bronze)
    found: dict[str, Any] = {"attempts": ledger.attempts(), "proposals": ledger.proposals()}
    found |= {"events": ledger.archive_events(), "runs": ledger.model_runs()}
    found |= {"audits": ledger.audit_results(), "alerts": ledger.alert_events()}
    found["webhooks"] = ledger.webhook_events().sort_by("happened_at").to_pylist()
    with connect() as connection:
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        for table in COMPACTED:
            found[table] = connection.execute(f"FROM bronze.{table} ORDER BY ALL").fetchall()
    return found


def loose(paths: DataPaths, table: str = "file_ledger") -> list[Path]:
    return [path for path in (paths.bronze / table).glob("received_on=*/*.parquet") if path.stem != "empty"]


def test_a_ledger_that_nobody_has_written_yet_holds_no_attempt(tmp_path: Path) -> None:
    assert Ledger(tmp_path).attempts() == []


def test_compacted_entries_are_one_file_and_all_that_they_said(paths: DataPaths) -> None:
    ingest(paths)
    ledger, before = fill(paths), None
    for _ in range(2):
        before = told(paths)
        ledger.compact(most_loose=8)
        assert told(paths) == before
        assert not [path for table in WRITTEN_OFTEN for path in loose(paths, table)]
        # What comes later is taken up beside what was.
        fill(paths)
    assert before and len(before["attempts"]) == len(before["alerts"]) == 18
    assert len(before["runs"]) == len(before["model_run"]) == len(before["audits"]) == len(before["audit_result"]) == 36
    assert {row[-1] for row in before["file_ledger"]} == {FIRST.date()}
    assert examine(paths) == []


def test_few_entries_stay_as_they_are(paths: DataPaths) -> None:
    ingest(paths)
    fill(paths).compact(most_loose=9)
    assert len(loose(paths)) == 9 and not (paths.bronze / "file_ledger" / COMPACTED_FILE).exists()


def test_ingest_compacts_where_entries_are_many_and_no_run_reads(paths: DataPaths) -> None:
    ingest(paths)
    for number in range(MOST_LOOSE + 1):
        Ledger(paths.bronze).append(attempt(number))
    before = told(paths)
    hold_files(paths)
    ingest(paths)
    assert len(loose(paths)) == MOST_LOOSE + 1
    # The run ends.
    lock._READING.pop(paths.root / ".readers.lock").close()
    ingest(paths)
    assert loose(paths) == []
    assert told(paths) == before


@contextmanager
def killed_at(position: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process be killed at the change to the disk of that position, counted from 0."""
    passed = count()

    def killing(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*words: Any, **settings: Any) -> Any:
            if next(passed) == position:
                raise KeyboardInterrupt
            return change(*words, **settings)

        return changed

    with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
        for name in ("replace", "unlink", "rmdir"):
            patched.setattr(Path, name, killing(getattr(Path, name)))
        patched.setattr(os, "fsync", killing(os.fsync))
        patched.setattr(pq, "write_table", killing(pq.write_table))
        yield


def test_a_kill_at_any_step_leaves_every_entry_once(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(paths)
    ledger = Ledger(paths.bronze)
    for number in range(4):
        take_in(paths, f"nevada_2026-10-0{number + 1}.csv", FILE.format(number))
    ledger.compact(most_loose=3)
    withdraw(paths, "nevada_2026-10-01.csv", "wrong")
    for number in range(3):
        ledger.append(attempt(number))
    before, left = told(paths), len(loose(paths))
    folder = paths.bronze / "file_ledger"
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for position in count():
        is_through = False
        with killed_at(position, monkeypatch):
            ledger.compact(most_loose=3)
            is_through = True
        assert told(paths) == before, position
        assert examine(paths) == [], position
        if is_through:
            break
        # An entry that compaction took up, and that is written anew, counts as it is now.
        ledger.mark_withdrawn(next(row for row in before["attempts"] if row["file_name"] == "texas_2.csv"), "twice")
        said = [row["reason"] for row in ledger.attempts() if row["file_name"] == "texas_2.csv"]
        assert len(said) == 1 and "twice" in said[0]
        ledger.compact(most_loose=0)
        assert loose(paths) == [] and said == [
            row["reason"] for row in ledger.attempts() if row["file_name"] == "texas_2.csv"
        ]
        for path in folder.rglob("*"):
            if path.is_file():
                path.unlink()
        for path, content in kept.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    # Before it is written, at each of its two files, and at each entry that goes.
    assert left == 4 and position > 2 + left


def test_withdrawn_load_is_withdrawn_also_where_its_entry_was_compacted(paths: DataPaths) -> None:
    for number in (1, 2):
        take_in(paths, f"nevada_2026-10-0{number}.csv", FILE.format(number))
    ledger = Ledger(paths.bronze)
    ledger.compact(most_loose=0)
    withdraw(paths, "nevada_2026-10-01.csv", "wrong")
    for _ in range(2):
        states = {row["file_name"]: row["status"] for row in ledger.attempts()}
        assert states == {"nevada_2026-10-01.csv": WITHDRAWN, "nevada_2026-10-02.csv": LOADED}
        assert sorted(row[6] for row in told(paths)["file_ledger"]) == [LOADED, WITHDRAWN]
        assert examine(paths) == []
        ledger.compact(most_loose=0)
    assert loose(paths) == []
    assert "nevada_2026-10-01.csv" in call("archive", "list") and "0 damaged or missing" in call("archive", "verify")


def test_reader_whose_files_are_compacted_under_it_reads_every_entry_once(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(paths)
    ledger = fill(paths)
    before, own, is_first = ledger.attempts(), ledger_files._rows_of, [True]

    def rows_of(path: Path, schema: pa.Schema) -> pa.Table:
        if is_first.pop() if is_first else False:
            # Another process compacts after this one has listed the files.
            ledger.compact(most_loose=0)
        return own(path, schema)

    monkeypatch.setattr(ledger_files, "_rows_of", rows_of)
    assert ledger.attempts() == before
    assert loose(paths) == []


def test_damaged_compacted_file_is_brought_back_from_its_copy(paths: DataPaths) -> None:
    ingest(paths)
    ledger = fill(paths)
    before = told(paths)
    ledger.compact(most_loose=0)
    compacted = paths.bronze / "file_ledger" / COMPACTED_FILE
    compacted.write_bytes(compacted.read_bytes()[:-30])
    assert "of the ledger cannot be read" in call("status", expect=1)
    assert [item.is_mended for item in examine(paths, repair=True)] == [True]
    assert told(paths) == before and examine(paths) == []


def test_damaged_file_of_one_table_holds_up_no_ingest(paths: DataPaths) -> None:
    ingest(paths)
    fill(paths, MOST_LOOSE + 1)
    loose(paths, "model_run")[0].write_bytes(b"PAR1 no more PAR1")
    assert take_in(paths, "nevada_2026-10-01.csv", FILE.format(1)).status == LOADED
    assert len(loose(paths, "model_run")) == MOST_LOOSE + 1 and loose(paths) == []


def enter(paths: DataPaths, files: int, of_each: int, first: int = 0) -> None:
    """Write loose files of the ledger with some loaded attempts each, whose bytes the archive does not have."""
    row = vars(attempt(0, LOADED))
    rows = pa.Table.from_pylist([{**row, "finished_at": FIRST, "run_by": "Ada"}], schema=arrow_schema(LEDGER_COLUMNS))
    rows = pa.concat_tables([rows] * of_each)
    for number in range(first, first + files):
        names = [f"{number}x{nth}" for nth in range(of_each)]
        for column, values in {"attempt_id": names, "file_id": names, "file_name": names}.items():
            rows = rows.set_column(rows.column_names.index(column), column, pa.array(values))
        target = partition(paths.bronze / "file_ledger", FIRST + timedelta(hours=number)) / f"{number}.parquet"
        target.parent.mkdir(exist_ok=True)
        pq.write_table(rows, target)


def seconds_of(*words: str) -> float:
    """Return the processor's time that a command takes, without imports: the least of three."""
    call(*words)
    taken = []
    for _ in range(3):
        begin = time.process_time()
        call(*words)
        taken.append(time.process_time() - begin)
    return min(taken)


def test_time_does_not_grow_with_the_age_of_the_ledger(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DAYS_SILENT", "99999")
    ingest(paths)
    commands = [("status",), ("archive", "list"), ("ingest",)]
    enter(paths, MOST_LOOSE, 1)
    few = [seconds_of(*words) for words in commands]
    # Fifty times as many attempts, in five times as many files.
    enter(paths, 4 * MOST_LOOSE, 12, MOST_LOOSE)
    ingest(paths)
    assert len(Ledger(paths.bronze).attempts()) > 9_000
    for words, least in zip(commands, few, strict=True):
        assert seconds_of(*words) < 3 * least, words


def test_archive_list_shows_the_newest_and_says_how_to_see_all(paths: DataPaths) -> None:
    ingest(paths)
    enter(paths, 150, 1)
    listed = call("archive", "list")
    assert " 149x0 " in listed and " 1x0 " not in listed
    assert "150 deliveries" in listed and "The newest 100 are shown; --all lists every one." in listed
    assert " 1x0 " in call("archive", "list", "--all") and '"1x0"' in call("archive", "list", "--json")
