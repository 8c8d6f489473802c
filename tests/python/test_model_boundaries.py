"""A run that is killed, or whose disk fails, where a model begins is ended by the next run, with the same result."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT, Run, command_environment
from faults import KILL, NUMBERS
from helpers import RUN, query
from lead_enrichment.ingest import archive
from lead_enrichment.paths import DataPaths

# `sqlmesh run`, met where the model of a number begins: by SIGKILL, or by an error number.
RUN_MET = """
import os, signal, sys
from lead_enrichment.hooks.model_run import Recorder
from sqlmesh.cli.main import cli

number, error, began, count = int(sys.argv.pop(1)), int(sys.argv.pop(1)), Recorder._began, 0

def meet(self, snapshot, audit_only=False):
    global count
    count += 1
    if count == number and not error:
        os.kill(os.getpid(), signal.SIGKILL)
    if count == number:
        raise OSError(error, os.strerror(error))
    began(self, snapshot, audit_only)

Recorder._began = meet
cli()
"""
# Three of the boundaries, each later in what is left to do than the one before.
MET = ((1, KILL), (4, "ENOSPC"), (12, KILL))
TABLES = (
    "staging.stg_texas_facility", "intermediate.int_lead_version", "intermediate.int_lead_current", "dims.dim_lead",
    "intermediate.int_match_candidate", "facts.fact_lead_match", "facts.fact_match_pair", "facts.fact_enriched_lead",
    "facts.fact_entity_change", "ops.reconciliation",
)  # fmt: skip


def counts(data: Path) -> dict[str, int]:
    """Return how many rows the tables of production have."""
    return {table: query(data, f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES}


def land_newer(data: Path, scratch: Path) -> None:
    """Land the newest file of Texas again, with a facility more."""
    paths = DataPaths(data)
    entry = [item for item in archive.entries(paths) if item.source_key == "texas"][-1]
    restored = archive.restore(entry, scratch, paths)
    text = restored.read_bytes()
    last = text.splitlines()[-1]
    target = paths.landing / "texas" / restored.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.removesuffix(b"\n") + b"\n9" + last + b"\n")
    restored.unlink()


def test_run_that_is_met_at_models_is_ended_by_the_next_one(own_demo: Path, run: Run, tmp_path: Path) -> None:
    land_newer(own_demo, tmp_path)
    unharmed = Path(shutil.copytree(own_demo, tmp_path / "unharmed"))
    words = [sys.executable, "-c", RUN_MET]
    for number, by in MET:
        done = subprocess.run(
            [*words, str(number), str(NUMBERS.get(by, 0)), "--log-file-dir", str(tmp_path / "logs"), *RUN[1:]],
            cwd=ROOT, env=command_environment(own_demo), capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode != 0, (number, by, done.stdout)
        # Readers keep what was published before, whole.
        assert query_published(own_demo) == query_published(unharmed)
    run(*RUN, data=own_demo)
    run(*RUN, data=unharmed)
    assert counts(own_demo) == counts(unharmed)
    assert json.loads(run("leads", "doctor", "--json", data=own_demo).stdout) == []


def query_published(data: Path) -> list[tuple[object, ...]]:
    """Return the loads that the published copy shows."""
    import duckdb

    with duckdb.connect(str(DataPaths(data).published), read_only=True) as connection:
        return connection.execute("SELECT file_id FROM ops.reconciliation ORDER BY file_id").fetchall()
