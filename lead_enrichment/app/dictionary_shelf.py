"""The dictionary in the app: read once, read again when it changes, written by a process of its own when it is old."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from lead_enrichment.dictionary.entries import Dictionary
from lead_enrichment.dictionary.keep import dictionary_file, kept_dictionary, project_version
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths

CHECK_SECONDS = 20.0
WRITER = "lead_enrichment.dictionary.keep"


@dataclass(frozen=True)
class Opened:
    """The dictionary as a page finds it.

    Args:
        dictionary: What is known; None where nothing was written yet.
        is_outdated: Whether the project has changed since, and a newer one is being written.
        problem: Why none could be written; empty where nothing went wrong.
    """

    dictionary: Dictionary | None
    is_outdated: bool
    problem: str


class DictionaryShelf:
    """Keeps the dictionary for all requests, and has it written when the project's files have changed.

    Args:
        paths: The data directory, where its file lies.
        project: The project's folder; where there is none, what was written last is shown.
    """

    def __init__(self, paths: DataPaths, project: Path) -> None:
        self._paths, self._project = paths, project
        self._lock = threading.Lock()
        self._dictionary: Dictionary | None = None
        self._read_at_ns = 0
        self._wanted = ""
        self._looked_at = -CHECK_SECONDS
        self._writer: subprocess.Popen[str] | None = None
        self._failed: tuple[str, str] = ("", "")

    def open(self) -> Opened:
        """Return the dictionary; where the project has changed, have a newer one written meanwhile."""
        with self._lock:
            self._look_at_writer()
            if time.monotonic() - self._looked_at >= CHECK_SECONDS:
                self._looked_at = time.monotonic()
                try:
                    self._wanted = project_version(self._project)
                except UsageError:
                    self._wanted = ""
            self._read()
            found = self._dictionary
            is_outdated = bool(self._wanted) and (found is None or found.version != self._wanted)
            problem = self._failed[1] if is_outdated and self._failed[0] == self._wanted else ""
            if is_outdated and not problem and self._writer is None:
                self._writer = subprocess.Popen(
                    [sys.executable, "-m", WRITER], cwd=self._project, text=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                )  # fmt: skip
            return Opened(found, is_outdated and not problem, problem)

    def _read(self) -> None:
        try:
            written = dictionary_file(self._paths).stat().st_mtime_ns
        except FileNotFoundError:
            written = 0
        if written != self._read_at_ns:
            self._dictionary, self._read_at_ns = kept_dictionary(self._paths), written

    def _look_at_writer(self) -> None:
        writer = self._writer
        if writer is None or writer.poll() is None:
            return
        errors = writer.stderr.read() if writer.stderr else ""
        if writer.returncode:
            lines = [line for line in errors.strip().splitlines() if line.strip()]
            # The same files would give the same answer: it is asked again when they change.
            self._failed = (self._wanted, lines[-1] if lines else f"exit code {writer.returncode}")
        self._writer = None


def shelf_of(app: FastAPI) -> DictionaryShelf:
    """Return the shelf of an app, whose project lies in the current directory."""
    shelf: DictionaryShelf | None = getattr(app.state, "dictionary_shelf", None)
    if shelf is None:
        shelf = app.state.dictionary_shelf = DictionaryShelf(app.state.settings.paths, Path())
    return shelf
