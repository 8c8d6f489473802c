"""A file is taken in when it is complete, however slowly it is written; what comes later is another delivery."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from helpers import NEVADA_HEADER, bronze_rows, land
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import landing
from lead_enrichment.ingest import run as ingest_module
from lead_enrichment.ingest.ledger import DUPLICATE, LOADED, QUARANTINED, WAITING, Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths

NAME = "nevada_2026-10-05.csv"


def rows(first: int, last: int) -> str:
    row = "ABC,CENTER,{}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"
    return "".join(row.format(number) for number in range(first, last))


WHOLE = f"{NEVADA_HEADER}\n{rows(0, 10)}"


def statuses(paths: DataPaths) -> list[str]:
    return [outcome.status for outcome in ingest(paths)]


def test_file_that_a_process_is_writing_is_left_until_it_ends(paths: DataPaths) -> None:
    path = land(paths.root, NAME, f"{NEVADA_HEADER}\n{rows(0, 5)}")
    with path.open("a") as writer:
        (outcome,) = ingest(paths)
        assert (outcome.status, outcome.reason) == (WAITING, "a process is writing to it; it stays in landing")
        writer.write(rows(5, 10))
    assert statuses(paths) == [LOADED]
    assert len(bronze_rows(paths, "nevada", "file_id")) == 10
    # What waits is no attempt.
    assert len(Ledger(paths.bronze).attempts()) == 1


@pytest.mark.parametrize("written", ["", rows(10, 11)], ids=["nothing written", "written to"])
def test_file_that_seems_open_for_a_moment_is_taken_where_nothing_is_written(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    path = land(paths.root, NAME, WHOLE)
    # As a process that was forked while the file was written has it, until it starts its own program.
    writer = path.open("a")

    def end(_: float) -> None:
        if not writer.closed:
            writer.write(written)
            writer.close()

    monkeypatch.setattr(landing.time, "sleep", end)
    assert statuses(paths) == [WAITING if written else LOADED]
    assert writer.closed


@pytest.mark.parametrize("is_bad", [True, False])
def test_file_that_is_opened_again_while_it_is_taken_in_stays(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, is_bad: bool
) -> None:
    path = land(paths.root, NAME, "a,b\n" if is_bad else WHOLE)
    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "is_open_to_write", lambda path: True)
        assert statuses(paths) == [WAITING if is_bad else LOADED]
    assert path.exists()
    assert statuses(paths) == [QUARANTINED if is_bad else DUPLICATE]
    assert not path.exists()


def test_file_that_grew_after_it_was_taken_is_noticed_and_both_states_are_kept(paths: DataPaths) -> None:
    land(paths.root, NAME, f"{NEVADA_HEADER}\n{rows(0, 5)}")
    assert statuses(paths) == [LOADED]
    land(paths.root, NAME, WHOLE)
    (outcome,) = ingest(paths)
    assert (outcome.status, outcome.rows_loaded) == (LOADED, 10)
    assert "it was loaded before when it was shorter" in (outcome.reason or "")
    assert len(bronze_rows(paths, "nevada", "file_id")) == 15


def test_longer_file_of_the_same_name_with_other_content_is_no_growth(paths: DataPaths) -> None:
    land(paths.root, NAME, f"{NEVADA_HEADER}\n{rows(0, 5)}")
    assert statuses(paths) == [LOADED]
    land(paths.root, NAME, f"{NEVADA_HEADER}\n{rows(1, 9)}")
    (outcome,) = ingest(paths)
    assert outcome.status == LOADED
    assert "it was loaded before" not in (outcome.reason or "")


@pytest.mark.parametrize("is_bad", [True, False])
def test_file_that_changes_while_it_is_read_is_judged_next_time(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, is_bad: bool
) -> None:
    path = land(paths.root, NAME, "a,b\n" if is_bad else f"{NEVADA_HEADER}\n{rows(0, 5)}")
    step = "check_header" if is_bad else "convert"
    real = getattr(ingest_module, step)

    def write_on(*args: object, **more: object) -> object:
        with path.open("a") as writer:
            writer.write(rows(5, 10))
        return real(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, step, write_on)
        assert statuses(paths) == [WAITING]
    assert path.exists() and not Ledger(paths.bronze).attempts()
    assert bronze_rows(paths, "nevada", "file_id") == [] and not list(paths.bronze.glob(".*"))
    assert statuses(paths) == [QUARANTINED if is_bad else LOADED]


def test_file_written_a_moment_ago_waits_for_the_period_that_is_set(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_STILL_SECONDS", "60")
    path = land(paths.root, NAME, WHOLE)
    (outcome,) = ingest(paths)
    assert outcome.status == WAITING
    assert outcome.reason == "it was written to less than 60 seconds ago; it stays in landing"
    minute_ago = time.time() - 61
    os.utime(path, (minute_ago, minute_ago))
    assert statuses(paths) == [LOADED]


def test_renamed_file_and_file_with_a_manifest_do_not_wait(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_STILL_SECONDS", "60")
    written = land(paths.root, ".part", WHOLE)
    time.sleep(0.05)
    written.rename(written.with_name(NAME))
    land(paths.root, "nevada_2026-10-06.csv", f"{WHOLE}{rows(10, 11)}")
    land(paths.root, "nevada_2026-10-06.csv.manifest.json", '{"rows": 11}')
    assert statuses(paths) == [LOADED, LOADED]


def test_writer_that_pauses_within_the_period_is_waited_for(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_STILL_SECONDS", "1")
    path = land(paths.root, NAME, f"{NEVADA_HEADER}\n{rows(0, 5)}")

    def write_on() -> None:
        with path.open("a") as writer:
            writer.write(rows(5, 10))

    later = threading.Timer(0.4, write_on)
    later.start()
    assert statuses(paths) == [WAITING]
    later.join()
    assert statuses(paths) == [LOADED]
    assert len(bronze_rows(paths, "nevada", "file_id")) == 10


def test_file_of_a_time_to_come_is_looked_at_twice(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_STILL_SECONDS", "0.2")
    path = land(paths.root, NAME, WHOLE)
    tomorrow = time.time() + 86_400
    os.utime(path, (tomorrow, tomorrow))
    assert statuses(paths) == [LOADED]


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf"])
def test_period_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LEADS_STILL_SECONDS", text)
    with pytest.raises(UsageError, match=r"LEADS_STILL_SECONDS: '.*' is no number of seconds"):
        landing.still_seconds()


def test_where_the_system_cannot_tell_who_writes_the_period_decides(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "_file_system_of", lambda path: "nfs4")
    path = land(paths.root, NAME, WHOLE)
    with path.open("a"):
        assert not landing.is_open_to_write(path)
        assert statuses(paths) == [LOADED]
    assert not Path(path).exists()
