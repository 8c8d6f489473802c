"""SQLMesh's state in Postgres, for several users and schedulers: tried on a real server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from conftest import ROOT, Run, command_environment
from helpers import PLAN, RUN, free_port, halt_while_it_holds, query
from lead_enrichment.paths import DataPaths

# Debian keeps the server's programs out of PATH.
PROGRAMS = os.pathsep.join([*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))), os.environ["PATH"]])
# With all that a YAML file or a URL would trip over.
PASSWORD = 'it\'s "secret": {#} 100 % @/\\'


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """The settings by which the project keeps its state on a Postgres server that was started for these tests."""
    initdb, control = (shutil.which(name, path=PROGRAMS) for name in ("initdb", "pg_ctl"))
    if not initdb or not control:
        pytest.fail("Postgres is not installed: apt-get install postgresql")
    folder, port = Path(tempfile.mkdtemp(prefix="leads_state_")), free_port()
    # The server refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    (folder / "password").write_text(PASSWORD)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)

    def call(*words: str) -> None:
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, user=user)

    database = str(folder / "database")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        call(initdb, "-D", database, "-U", "leads", "-A", "scram-sha-256", "--pwfile", str(folder / "password"),
             "--locale", "C", "-E", "UTF8", "-N")  # fmt: skip
        call(control, "-D", database, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            settings = {"host": "127.0.0.1", "port": str(port), "user": "leads", "password": PASSWORD}
            connection = psycopg2.connect(**settings, dbname="postgres")
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE leads_state")
            connection.close()
            yield {f"LEADS_STATE_{name.upper()}": value for name, value in settings.items()}
        finally:
            call(control, "-D", database, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def shared(server: dict[str, str], own_demo: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The planned demo, its state moved to Postgres as docs/operating.md says."""
    kept = str(tmp_path / "state.json")
    run("sqlmesh", "state", "export", "-o", kept, "--no-confirm", data=own_demo)
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    run("sqlmesh", "state", "import", "-i", kept, "--replace", "--no-confirm", data=own_demo)
    return own_demo


def state(server: dict[str, str], query: str) -> list[tuple[Any, ...]]:
    """Ask the state in Postgres."""
    settings = {name: server[f"LEADS_STATE_{name.upper()}"] for name in ("host", "port", "user", "password")}
    connection = psycopg2.connect(**settings, dbname="leads_state")
    try:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchall()
    finally:
        connection.close()


def test_two_plans_and_a_run_at_the_same_time_all_end_well(
    shared: Path, server: dict[str, str], tmp_path: Path, project_copy: Path
) -> None:
    warehouse = DataPaths(shared).warehouse
    before = query(shared, "SELECT * FROM dims.dim_lead ORDER BY ALL")
    model = project_copy / "models" / "dims" / "dim_lead_validity.sql"
    text = model.read_text()
    assert text.count("received_at DESC)") == 1
    model.write_text(text.replace("received_at DESC)", "received_at DESC, v.lead_version_key)"))

    def start(name: str, folder: Path, *words: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{name}.txt").open("wb") as printed:
            return subprocess.Popen(
                [words[0], "--log-file-dir", str(tmp_path / "logs"), *words[1:]],
                cwd=folder,
                env=command_environment(shared, folder),
                stdout=printed,
                stderr=subprocess.STDOUT,
            )

    def waited(name: str) -> bool:
        return "holds the warehouse. Waiting for it" in (tmp_path / f"{name}.txt").read_text()

    # One user replays the history of all leads under a changed rule, which is the slowest that there is …
    slow = start("slow", project_copy, *PLAN, "slow")
    others: list[subprocess.Popen[bytes]] = []
    try:
        # … and while that is at work another makes an environment, and the scheduler wakes up. It halts until both
        # have come upon it, or on a fast machine it would be gone by then.
        halt_while_it_holds(warehouse, slow)
        deadline = time.monotonic() + 240
        others = [
            start("run", ROOT, *RUN),
            start("fast", ROOT, *PLAN, "fast", "--include-unmodified"),
        ]
        while not (waited("run") and waited("fast")):
            assert not any(process.poll() for process in others) and time.monotonic() < deadline
            time.sleep(0.2)
        slow.send_signal(signal.SIGCONT)
        for name, process in zip(("slow", "run", "fast"), (slow, *others), strict=True):
            assert process.wait(timeout=400) == 0, (tmp_path / f"{name}.txt").read_text()
        assert not waited("slow")
    finally:
        for process in (slow, *others):
            process.kill()
            process.wait()
    finished = dict(state(server, "SELECT name, finalized_ts IS NOT NULL FROM sqlmesh._environments"))
    assert finished == {"prod": True, "slow": True, "fast": True}
    for schema in ("dims", "dims__slow", "dims__fast"):
        assert query(shared, f"SELECT * FROM {schema}.dim_lead ORDER BY ALL") == before
    # What lies in the DuckDB file is the state as it was before it moved.
    assert query(shared, "SELECT name FROM sqlmesh._environments") == [("prod",)]


def test_a_rehearsal_leaves_the_state_in_postgres_as_it_is(
    shared: Path, server: dict[str, str], tmp_path: Path, run: Run
) -> None:
    intervals = "SELECT * FROM sqlmesh._intervals ORDER BY id"
    before = state(server, intervals)
    size = ("--facilities", "300", "--months", "3", "--as-of", "2026-12-15", "--after", "2026-12-05")
    run("leads", "demo", *size, "--out", str(tmp_path / "later"), data=shared)
    (file,) = (tmp_path / "later" / "landing" / "texas").glob("*.csv")
    assert "Production is as it was" in run("leads", "rehearse", str(file), "--source", "texas", data=shared).stdout
    assert state(server, intervals) == before and before
