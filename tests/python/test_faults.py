"""Faults injected into every operation on files: nothing is lost or doubled, and the same command takes it up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, command_environment
from faults import KILL, NUMBERS, SCENARIOS

# Raised for a thorough run: LEADS_FAULTS=10000 meets every operation by everything, and twice in a row.
FAULTS = int(os.environ.get("LEADS_FAULTS") or 1_000)


@pytest.mark.commands
def test_faults_at_every_operation_on_files_lose_and_double_nothing(tmp_path: Path) -> None:
    # In a process of its own: one whose DuckDB has threads cannot be forked.
    done = subprocess.run(
        [sys.executable, "tests/python/faults.py", "--faults", str(FAULTS), "--folder", str(tmp_path)],
        cwd=ROOT,
        env=command_environment(tmp_path / "none"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["wrong"] == [], "\n".join(answer["wrong"][:20])
    assert answer["injected"] >= FAULTS
    assert set(answer["met"]) == {KILL, *NUMBERS}
    assert set(answer["operations"]) == set(SCENARIOS)
