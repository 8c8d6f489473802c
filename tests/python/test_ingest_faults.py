"""Broken files cost no more than what is broken in them, and a killed or crowded ingest loses and doubles nothing."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT
from helpers import NEVADA_HEADER as HEADER
from helpers import bronze_rows, crash, land, take_in
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import delivery
from lead_enrichment.ingest import run as ingest_module
from lead_enrichment.ingest.delivery import count_records
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.ledger_files import COMPACTED_COPY
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths

KILLS = 200
ROWS = 2_000
# Ingests once for each line that it reads, in a process of its own: what an ingest imports and reads is there before.
INGESTER = """
import os, sys
import pandas
from lead_enrichment.contracts import contracts
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import data_paths

contracts()
for _ in sys.stdin:
    process = os.fork()
    if not process:
        ingest(data_paths())
        os._exit(0)
    print(process, flush=True)
    os.waitpid(process, 0)
"""
OCTOBER, NOVEMBER, DECEMBER = (f"nevada_2026-{month}-05.csv" for month in (10, 11, 12))


def row(number: int, name: str = "ABC", role: str = "Other") -> str:
    address = "150 N. WILLOW ST MESQUITE NV 89027"
    return f"{name},CENTER,{number}-22,Active,11/30/23,N,{address},NV,CLARK,702-393-9400,12/1/13,A B,{role}"


def file_of(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    "broken",
    [
        row(2, name='"ABC'),  # opened in the first field; the next lines hold no quote
        row(2, role='"Other'),  # opened in the last one, so that its own line has the right number of fields
    ],
)
def test_a_quote_that_is_never_closed_costs_one_row(paths: DataPaths, broken: str) -> None:
    outcome = take_in(paths, OCTOBER, file_of(row(1), broken, *(row(number) for number in range(3, 2500))))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2498, 1)
    assert bronze_rows(paths, "rejected_row", "line_number, raw_text") == [(3, broken)]


def test_a_quote_that_the_next_row_closes_does_not_join_two_facilities(paths: DataPaths) -> None:
    take_in(paths, OCTOBER, file_of(row(1, name='"ABC'), row(2, name='"DEF"'), row(3)))
    assert bronze_rows(paths, "nevada", "credential_number, name") == [("2-22", "DEF"), ("3-22", "ABC")]


def test_a_short_row_with_line_breaks_in_quotes_is_one_rejected_row(paths: DataPaths) -> None:
    broken = row(2, role='"Owner\n\nDirector"').removeprefix("ABC,")
    outcome = take_in(paths, OCTOBER, file_of(row(1), broken, row(3)))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (2, 1)
    assert bronze_rows(paths, "rejected_row", "line_number, raw_text") == [(3, broken)]


def test_a_field_longer_than_any_reader_takes_stops_no_other_row_or_file(paths: DataPaths) -> None:
    too_long = "x" * (delivery.FIELD_CHARACTERS + 1)
    land(paths.root, OCTOBER, file_of(row(1, name=too_long), "short", row(2)))
    land(paths.root, NOVEMBER, file_of(row(1), header=too_long))
    land(paths.root, DECEMBER, file_of(row(9)))
    outcomes = ingest(paths)
    assert [(item.status, item.rows_loaded, item.rows_rejected) for item in outcomes] == [
        ("loaded", 1, 2), ("quarantined", 0, 0), ("loaded", 1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("spoiling", [[], ["short"]], ids=["well-formed", "row by row"])
def test_unknown_columns_are_rescued_alike_and_a_repeated_one_keeps_both_values(
    paths: DataPaths, spoiling: list[str]
) -> None:
    delivered = file_of(f"{row(1)},é,1,2", f"{row(2)},,,3", *spoiling, header=f"{HEADER},Größe,X,X")
    take_in(paths, OCTOBER, delivered)
    rescued = [json.loads(str(text)) for _, text in bronze_rows(paths, "nevada", "row_number, rescued")]
    assert rescued == [{"Größe": "é", "X": "1", "X (2)": "2"}, {"Größe": None, "X": None, "X (2)": "3"}]


def test_records_counted_by_bytes_are_those_of_the_csv_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "CHUNK_BYTES", 7)  # every record is cut by the end of a chunk
    chance = random.Random(1)
    path = tmp_path / "records.csv"
    for _ in range(300):
        text = io.StringIO()
        end = chance.choice(["\n", "\r\n"])
        writer = csv.writer(text, lineterminator=end)
        rows = chance.randrange(6)
        for _ in range(rows):
            writer.writerow(["".join(chance.choices('a,"\n\r', k=chance.randrange(5))) for _ in range(3)])
            text.write(end * chance.randrange(3))
        whole = text.getvalue()
        path.write_text(chance.choice([whole, whole.rstrip("\r\n")]), encoding="utf-8", newline="")
        assert count_records(path) == rows, repr(whole)


def test_rows_that_the_fast_reader_drops_are_found_by_the_count(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = delivery.connect

    class Dropping:
        """A connection whose CSV reader loses the second row."""

        def __init__(self) -> None:
            self.connection = real()

        def __enter__(self) -> Dropping:
            return self

        def __exit__(self, *_: object) -> None:
            self.connection.close()

        def close(self) -> None:
            self.connection.close()

        def execute(self, query: str, *values: object) -> object:
            lossy = re.sub(r"(?s)(READ_CSV.*\))(\s*\) TO)", r"\1 WHERE c2 <> '2-22' \2", query)
            return self.connection.execute(lossy, *values)

    monkeypatch.setattr(delivery, "connect", Dropping)
    assert take_in(paths, OCTOBER, file_of(row(1), row(2), row(3))).rows_loaded == 3


def test_a_file_that_may_not_be_read_goes_to_quarantine(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(ingest_module, "file_id", refuse)
    outcome = take_in(paths, OCTOBER, file_of(row(1)))
    assert outcome.status == "quarantined"
    assert "may not be read" in (outcome.reason or "")


def test_a_full_disk_is_said_and_leaves_the_file_in_landing(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = land(paths.root, OCTOBER, file_of(row(1)))
    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "keep", full)
        with pytest.raises(UsageError, match="No space left"):
            ingest(paths)
    assert path.exists()
    assert not list(paths.quarantine.glob("*/*"))
    assert ingest(paths)[0].status == "loaded"


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), duckdb.IOException("Input/output error")])
def test_a_failing_disk_of_ours_does_not_blame_the_file(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    path = land(paths.root, OCTOBER, file_of(row(1)))
    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "convert", fail)
        with pytest.raises(UsageError, match=r"cannot be taken in .*Input/output error"):
            ingest(paths)
    assert path.exists() and not Ledger(paths.bronze).attempts()
    assert ingest(paths)[0].status == "loaded"


def test_a_file_on_a_bad_spot_of_the_disk_costs_itself_only(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> str:
        if path.name == OCTOBER:
            raise OSError(errno.EIO, "Input/output error")
        return delivery.file_id(path)

    land(paths.root, OCTOBER, file_of(row(1)))
    land(paths.root, NOVEMBER, file_of(row(2)))
    monkeypatch.setattr(ingest_module, "file_id", fail)
    assert [outcome.status for outcome in ingest(paths)] == ["quarantined", "loaded"]


def test_a_loaded_file_that_cannot_be_removed_is_loaded_once_and_said(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, unlink = land(paths.root, OCTOBER, file_of(row(1))), Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        unlink(self, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        for status in ("loaded", "duplicate"):
            (outcome,) = ingest(paths)
            assert outcome.status == status
            assert "it cannot be removed from landing (Permission denied)" in (outcome.reason or "")
    assert [outcome.status for outcome in ingest(paths)] == ["duplicate"]
    assert len(bronze_rows(paths, "nevada", "file_id")) == 1 and not path.exists()
    assert not list(paths.quarantine.glob("*/*"))


def test_a_folder_from_which_nothing_can_be_removed_is_said_and_left(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, access = land(paths.root, OCTOBER, file_of(row(1))), os.access
    land(paths.root, "decisions_2026-10-05.csv", "a,b\n1,2\n", "decisions")
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != path.parent and access(place, mode))
    by_source = {outcome.source_key: outcome for outcome in ingest(paths)}
    assert by_source["nevada"].status == ingest_module.UNREADABLE
    assert "Grant write access to the folder" in (by_source["nevada"].reason or "")
    assert by_source["decisions"].status == "quarantined"
    assert path.exists() and len(Ledger(paths.bronze).attempts()) == 1


def test_a_crash_while_a_file_goes_to_quarantine_leaves_none_without_a_ledger_row(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(paths.root, OCTOBER, "a,b\n1,2\n")
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", crash)
        with pytest.raises(KeyboardInterrupt):
            ingest(paths)
    assert not list(paths.quarantine.glob("*/*"))
    assert ingest(paths)[0].status == "quarantined"


def test_a_second_ingest_at_the_same_time_is_turned_away(paths: DataPaths) -> None:
    land(paths.root, OCTOBER, file_of(row(1)))
    with only_writer(paths), pytest.raises(UsageError, match="another ingest or prune is at work"):
        ingest(paths)


@contextmanager
def ingester() -> Iterator[Callable[[], int]]:
    """A function that starts an ingest in a process of its own, and returns the number of the process."""
    server = subprocess.Popen(
        [sys.executable, "-c", INGESTER],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin and server.stdout
    requests, answers = server.stdin, server.stdout

    def start() -> int:
        print(file=requests, flush=True)
        return int(answers.readline())

    try:
        yield start
    finally:
        requests.close()
        answers.close()
        server.wait()


def is_running(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


@pytest.mark.commands
def test_kills_at_random_moments_lose_and_double_nothing(paths: DataPaths) -> None:
    chance = random.Random(20261115)

    def archived() -> int:
        return len(list(paths.archive.glob("*/*")))

    with ingester() as start:
        for day in range(KILLS):
            # A row that does not fit and cp1252 make it the slowest way, with the most files left half-way.
            lines = (row(number, name=f"CAFÉ {day}") for number in range(ROWS))
            name = f"nevada_{date(2026, 1, 1) + timedelta(days=day)}.csv"
            landed = land(paths.root, name, file_of("short", *lines).encode("cp1252"))
            before = archived()
            # What a kill may follow at once: a begin, a half-written conversion, an archived file, a loaded one.
            signs: dict[str, Callable[[], bool]] = {
                "begun": lambda: True,
                "converting": lambda: bool(list(paths.bronze.glob(".*.*"))),
                "archived": lambda before=before: archived() > before,
                "loaded": lambda landed=landed: not landed.exists(),
            }
            sign = signs[chance.choice([*signs])]
            process = start()
            while is_running(process) and not sign():
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            while is_running(process):
                time.sleep(0.005)
    ingest(paths)
    loaded = [item for item in Ledger(paths.bronze).attempts() if item["status"] == "loaded"]
    assert len({item["file_id"] for item in loaded}) == len(loaded) == KILLS
    assert len(bronze_rows(paths, "nevada", "file_id, row_number")) == KILLS * ROWS
    assert len(bronze_rows(paths, "rejected_row", "file_id")) == KILLS
    assert archived() == KILLS
    lasting = {".ingest.lock", ".readers.lock", COMPACTED_COPY.name}
    assert {path.name for path in paths.root.rglob(".*")} <= lasting


def test_rows_of_a_load_that_never_reached_the_ledger_are_removed(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(paths.root, OCTOBER, file_of(row(1), "short"))
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", crash)
        with pytest.raises(KeyboardInterrupt):
            ingest(paths)
    path.unlink()  # the operator takes the file back before the next ingest
    ingest(paths)
    assert bronze_rows(paths, "nevada", "file_id") == bronze_rows(paths, "rejected_row", "file_id") == []


@pytest.mark.parametrize("left", ["bronze/.a.csv.rows", "bronze/.a.csv.rejects", "bronze/.a.csv.utf8"])
def test_a_file_that_a_killed_conversion_left_is_removed(paths: DataPaths, left: str) -> None:
    (paths.root / left).touch()
    ingest(paths)
    assert not (paths.root / left).exists()
