"""One process writes to the warehouse; the next waits, or says plainly who holds it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from conftest import BIN, LEADS, ROOT, Run, command_environment
from lead_enrichment import patience
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse import waiting

HOLD = """
import duckdb, sys, time
kept = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""

# How long a command may take until it wants the warehouse, in seconds.
PATIENCE = 120


@contextmanager
def holding(script: str, *words: str, data: Path | None = None) -> Iterator[int]:
    """Run a script that says when it holds something, give its number, and end it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=command_environment(data) if data else None,
    )  # fmt: skip
    try:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


@contextmanager
def held(warehouse: Path, seconds: float) -> Iterator[int]:
    """Let another process hold a warehouse for some seconds, and give its number."""
    with holding(HOLD, str(warehouse), str(seconds)) as holder:
        yield holder


@pytest.mark.parametrize("words", [(BIN / "sqlmesh",), (*LEADS, "sqlmesh")])
def test_the_second_waits_and_ends_well(words: tuple[str | Path, ...], planned_demo: Path, tmp_path: Path) -> None:
    data, said = tmp_path / "data", tmp_path / "said.txt"
    paths = DataPaths(data)
    paths.warehouse.parent.mkdir(parents=True)
    shutil.copyfile(DataPaths(planned_demo).warehouse, paths.warehouse)
    command = [*words, "--log-file-dir", tmp_path / "logs", "fetchdf", "SELECT 6 * 7"]
    with held(paths.warehouse, PATIENCE) as holder, said.open("w") as stderr:
        second = subprocess.Popen(
            command, cwd=ROOT, env=command_environment(data), stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        deadline = time.monotonic() + PATIENCE
        while "Waiting" not in said.read_text() and second.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
    assert f"(process {holder}) holds the warehouse. Waiting for it, 1,800 seconds at most." in said.read_text()
    printed, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0 and "42" in printed


@pytest.mark.parametrize("command", [("sqlmesh", "plan", "--no-prompts"), ("leads", "sqlmesh", "run")])
def test_who_does_not_wait_is_told_who_holds_the_warehouse(
    command: tuple[str, ...], tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_WAIT", "0")
    warehouse = DataPaths(tmp_path).warehouse
    warehouse.parent.mkdir()
    with held(warehouse, 60) as holder:
        done = run(*command, data=tmp_path, expect=2)
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith(f"{warehouse}: `") and f"(process {holder}) holds the warehouse. Let it end" in sentence


def test_a_plain_run_ends_with_the_process_that_holds_the_warehouse(tmp_path: Path, run: Run) -> None:
    # SQLMesh reads nothing of the project for a run, so that nothing of the project can wait. What it must not do is
    # what it does where the file is attached as a catalog: go on with an empty database in memory.
    warehouse = DataPaths(tmp_path).warehouse
    warehouse.parent.mkdir()
    with held(warehouse, 60) as holder:
        done = run("sqlmesh", "run", data=tmp_path, expect=1)
    assert f"(PID {holder})" in done.stderr.strip().splitlines()[-1]


def test_leads_sqlmesh_is_sqlmesh_with_its_options_and_help(tmp_path: Path, run: Run) -> None:
    for words in (("--help",), ("run", "--help"), ("--version",)):
        assert run("leads", "sqlmesh", *words, data=tmp_path).stdout == run("sqlmesh", *words, data=tmp_path).stdout


def test_a_command_of_sqlmesh_makes_the_folders_of_a_new_data_directory(tmp_path: Path, run: Run) -> None:
    run("sqlmesh", "lint", "--model", "seeds.county", data=tmp_path / "new")
    assert DataPaths(tmp_path / "new").warehouse.parent.is_dir()


def test_a_command_of_sqlmesh_says_where_the_data_directory_cannot_be(tmp_path: Path, run: Run) -> None:
    done = run("sqlmesh", "lint", "--model", "seeds.county", data=tmp_path / "not" / "there", expect=2)
    assert done.stderr.strip() == (
        f"{tmp_path / 'not' / 'there'}: LEADS_DATA_DIR lies in a folder that does not exist. "
        "Set LEADS_DATA_DIR to a folder that you may write to."
    )


def test_another_fault_is_not_waited_for(tmp_path: Path) -> None:
    no_database = tmp_path / "no.duckdb"
    no_database.write_text("This is no database, " * 1000)
    with pytest.raises(duckdb.IOException):
        waiting.connect_when_unlocked(lambda: duckdb.connect(str(no_database)))


@pytest.mark.parametrize(
    ("holder", "told"), [("python3.11 (PID 7777777) by user ana", "process 7777777"), ("PID 0", "another process")]
)
def test_a_holder_that_cannot_be_seen_is_waited_for_too(
    holder: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0)
    said = f'Could not set lock on file "leads.duckdb": Conflicting lock is held in {holder}. However, you would …'
    answers = iter([duckdb.IOException(said), duckdb.IOException(said), None])

    def connect() -> str:
        if answer := next(answers):
            raise answer
        return "connected"

    assert waiting.connect_when_unlocked(connect) == "connected"
    assert capsys.readouterr().err.startswith(f"leads.duckdb: {told} holds the warehouse. Waiting for it")


def test_the_holder_is_told_by_its_command() -> None:
    words = [sys.executable, "-c", "print(flush=True); input()", "a" * 100]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout and process.stdout.readline()
        assert (
            patience.command_of(process.pid) == f"`-c print(flush=True); input() {'a' * 70}…` (process {process.pid})"
        )
    finally:
        process.kill()
        process.wait()
    assert patience.command_of(process.pid) == f"process {process.pid}"
    assert patience.command_of(0) == "another process"
    assert f"(process {os.getpid()})" in patience.command_of(os.getpid())


def test_a_wait_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_WAIT", "ten minutes")
    with pytest.raises(UsageError, match="LEADS_WAIT: 'ten minutes' is no number of seconds"):
        patience.patience()


HOLD_LOCK = """
import sys, time
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import data_paths
with only_writer(data_paths()):
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


@contextmanager
def lock_held(paths: DataPaths, seconds: float) -> Iterator[int]:
    """Let another process hold the lock of ingest for some seconds, and give its number."""
    with holding(HOLD_LOCK, str(seconds), data=paths.root) as holder:
        yield holder


def test_ingest_waits_for_another_one_and_says_so_once(paths: DataPaths, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_held(paths, 3) as holder:
        assert ingest(paths) == []
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("Waiting for it") == 1
    assert f"(process {holder}) holds the lock of ingest or prune. Waiting for it, 1,800 seconds at most." in said


def test_ingest_does_not_wait_for_ever(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_WAIT", "0")
    with lock_held(paths, 60), pytest.raises(UsageError, match=r"holds the lock of ingest or prune\. Let it end"):
        ingest(paths)


def test_lock_that_cannot_be_opened_is_said(paths: DataPaths) -> None:
    # As for a user whom it does not belong to.
    (paths.root / ".ingest.lock").unlink(missing_ok=True)
    (paths.root / ".ingest.lock").mkdir()
    with pytest.raises(UsageError, match="the lock cannot be opened"):
        ingest(paths)
