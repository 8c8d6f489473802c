"""Three hundred hostile files in one ingest: bounded memory, each its own outcome and sentence, nothing lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, command_environment
from hostile import LOADED, MOST_BYTES, MOST_ROWS, QUARANTINED, Hostile, corpus
from lead_enrichment.wording import visible

LARGEST_KILOBYTES = 1_000_000
# What an error says that no rule foresaw.
GENERIC = "it cannot be read ("
INGEST = """
import json, resource
from dataclasses import asdict
from lead_enrichment.ingest.doctor import examine
from lead_enrichment.ingest.run import ingest
from lead_enrichment.memory import peak_bytes
from lead_enrichment.paths import data_paths

outcomes, again = ingest(data_paths()), ingest(data_paths())
# Of itself, getrusage would count what the process that started it held.
peaks = [peak_bytes() // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
doctor = [item.difference.what for item in examine(data_paths())]
print(json.dumps([[asdict(item) for item in outcomes], len(again), peaks, doctor]))
"""


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Hostile]]:
    """The corpus in a landing folder, by the names that messages show."""
    data = tmp_path_factory.mktemp("hostile") / "data"
    folder, by_name = data / "landing" / "texas", dict[str, Hostile]()
    folder.mkdir(parents=True)
    for number, item in enumerate(corpus()):
        name = item.name or f"texas_{date(2020, 1, 1) + timedelta(days=number)}_{number:03}.{item.suffix}"
        path = folder / os.fsdecode(name)
        if callable(item.content):
            item.content(path)
        else:
            path.write_bytes(item.content)
        by_name[visible(path.name)] = item
    return data, by_name


@pytest.fixture(scope="module")
def ingested(placed: tuple[Path, dict[str, Hostile]]) -> list[Any]:
    """What became of it: outcomes, number of outcomes of a second ingest, peaks of memory, findings of the doctor."""
    data, _ = placed
    limits = {"LEADS_MOST_BYTES": str(MOST_BYTES), "LEADS_MOST_ROWS": str(MOST_ROWS), "LEADS_STILL_SECONDS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", INGEST], cwd=ROOT, env={**command_environment(data), **limits}, capture_output=True,
        text=True, timeout=600, check=True,
    )  # fmt: skip
    answer: list[Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def outcomes(ingested: list[Any]) -> dict[str, dict[str, Any]]:
    """The outcome of each file by its name."""
    return {item["file_name"]: item for item in ingested[0]}


def test_every_hostile_file_has_one_outcome_and_memory_is_bounded(
    placed: tuple[Path, dict[str, Hostile]], ingested: list[Any]
) -> None:
    _, by_name = placed
    found, again, peaks, differences = ingested
    assert len(by_name) >= 300
    assert sorted(item["file_name"] for item in found) == sorted(by_name)
    assert again == 0
    assert max(peaks) < LARGEST_KILOBYTES, peaks
    assert differences == []


def test_every_hostile_file_is_told_what_it_is(
    placed: tuple[Path, dict[str, Hostile]], outcomes: dict[str, dict[str, Any]]
) -> None:
    wrong = []
    for name, item in placed[1].items():
        outcome, reason = outcomes[name], outcomes[name]["reason"] or ""
        is_expected = (
            outcome["status"] in ([item.status] if item.status else [LOADED, QUARANTINED])
            and re.search(item.said, reason, re.DOTALL)
            and (item.status != LOADED or [outcome["rows_loaded"], outcome["rows_rejected"]] == [*item.rows])
            and (outcome["status"] == LOADED or reason.rstrip().endswith((".", ")")))
        )
        if not is_expected or GENERIC in reason or "Traceback" in reason or str(placed[0]) in reason:
            wrong.append((item.kind, outcome["status"], outcome["rows_loaded"], outcome["rows_rejected"], reason[:200]))
    assert wrong == []


def test_no_hostile_file_is_lost(placed: tuple[Path, dict[str, Hostile]], outcomes: dict[str, dict[str, Any]]) -> None:
    data, by_name = placed
    kept: defaultdict[bytes, int] = defaultdict(int)
    for path in (data / "quarantine").glob("*/*"):
        if path.is_file() and not path.is_symlink() and not path.name.endswith((".reason.txt", ".manifest.json")):
            kept[path.read_bytes()] += 1
    for name, item in by_name.items():
        if outcomes[name]["status"] == QUARANTINED and isinstance(item.content, bytes):
            assert kept[item.content] > 0, name
            kept[item.content] -= 1
    loaded = [outcome["file_id"] for outcome in outcomes.values() if outcome["status"] == LOADED]
    assert {path.stem for path in (data / "archive").glob("*/*.zst")} == set(loaded)
    assert len(set(loaded)) == len(loaded)
    assert not [path for path in (data / "landing").glob("*/*") if not path.name.startswith(".")]


def test_kinds_that_differ_have_sentences_that_differ(
    placed: tuple[Path, dict[str, Hostile]], outcomes: dict[str, dict[str, Any]]
) -> None:
    said = {
        re.sub(r"^\S+: |[0-9,]+", "", outcomes[name]["reason"])
        for name in placed[1]
        if outcomes[name]["status"] == QUARANTINED
    }
    assert len(said) >= 90, len(said)
