"""Rehearsals that the app starts: each in a process of its own, by the command that an operator would type.

A rehearsal takes minutes, so no request waits for it. What the command prints, and the step at which it is, lie in
files beside the app's own, so that a page shows them after the app was started again, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths, write_text_whole

COMMAND = (sys.executable, "-c", "from lead_enrichment.cli import app; app()", "rehearse")
_TURN = threading.Lock()
_STARTED: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class RehearsalJob:
    """The rehearsal that the app started last.

    Args:
        file: Name of the file in quarantine.
        source_key: Its source.
        started_by: Who started it.
        started_at: When, UTC.
        process: Number of its process.
        state: running, rehearsed, refused (the file would be) or failed.
        step: What it does now.
        message: Why it was refused or failed.
        report: What it found, as `leads rehearse --json` prints it.
    """

    file: str
    source_key: str
    started_by: str
    started_at: str
    process: int
    state: str = "running"
    step: str = ""
    message: str = ""
    report: dict[str, object] | None = None


def start_rehearsal(paths: DataPaths, file: Path, by: str) -> None:
    """Start the rehearsal of a file in quarantine.

    Raises:
        UsageError: One is at work.
    """
    with _TURN:
        last = last_rehearsal(paths)
        if last and last.state == "running":
            raise UsageError(f"{last.started_by} rehearses {last.file} now", "", "Wait until it has ended.")
        folder = _folder(paths)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "step").unlink(missing_ok=True)
        with (folder / "output.json").open("wb") as out, (folder / "problems.txt").open("wb") as problems:
            words = [*COMMAND, str(file), "--source", file.parent.name, "--progress", str(folder / "step"), "--json"]
            # A session of its own: whoever stops the app does not stop it half-way.
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=problems, start_new_session=True,
                env={**os.environ, "LEADS_DATA_DIR": str(paths.root)},
            )  # fmt: skip
        _STARTED[folder] = process
        job = RehearsalJob(file.name, file.parent.name, by, f"{datetime.now(UTC):%Y-%m-%d %H:%M}", process.pid)
        write_text_whole(folder / "job.json", json.dumps(asdict(job)))


def last_rehearsal(paths: DataPaths) -> RehearsalJob | None:
    """Return the rehearsal that the app started last, as it stands; None where there was none."""
    folder = _folder(paths)
    try:
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        printed = (folder / "output.json").read_text(encoding="utf-8")
        problems = (folder / "problems.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    if _is_running(folder, job["process"]):
        step = folder / "step"
        said = step.read_text(encoding="utf-8") if step.exists() else "Starting"
        return RehearsalJob(**{**job, "step": said})
    try:
        report = json.loads(printed)
    except ValueError:
        # The command says in one sentence why it could not; a killed one says nothing.
        said = " ".join(problems.split()) or "It was stopped before it ended."
        return RehearsalJob(**{**job, "state": "failed", "message": said[-600:]})
    if report["status"] == "refused":
        return RehearsalJob(**{**job, "state": "refused", "message": str(report["reason"])})
    return RehearsalJob(**{**job, "state": "rehearsed", "report": report})


def _is_running(folder: Path, process: int) -> bool:
    started = _STARTED.get(folder)
    if started is not None and started.pid == process:
        return started.poll() is None
    try:
        # Another process may have the number by now, but none that is told to write here.
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in words


def _folder(paths: DataPaths) -> Path:
    return paths.root / "app" / "rehearsal"
