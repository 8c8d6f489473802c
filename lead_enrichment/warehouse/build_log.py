"""Which models would come out as they are: what they read has not changed since they were built.

A run builds every model whose interval is not over, so all of them every day. Where no file of a source has come, its
models and those that read nothing else need not be built: their new interval is empty, and what they hold stays true.

What each model was built from is kept in the warehouse itself, beside the tables, so that a warehouse put back from a
copy brings its own record. It holds equalities only and no times: a clock that was set back misleads nobody.

A build is known by the rows that it left, not by the fact that it ran: where a model was built and came out as it was,
what reads it need not be built. A daily file of leads changes the leads, and few of the numbers that follow from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lead_enrichment.paths import files_below
from lead_enrichment.warehouse.change_log import ChangeLog

SCHEMA = "build_log"
TABLE = f"{SCHEMA}.model_build"


@dataclass(frozen=True)
class Input:
    """What a model reads.

    Args:
        table: Its physical table.
        fixed: What identifies its content where no build does: of a seed its version, of a table of bronze its files.
            None of a model.
    """

    table: str
    fixed: str | None = None


class BuildLog:
    """What the models of a warehouse were built from, as of their last build.

    Args:
        cursor: Of the warehouse's connection to DuckDB.
        bronze: The bronze folder. Its files count as they are now, before the first model is built: what comes in
            meanwhile is found by the next run, whether a model has read it already or not.
    """

    def __init__(self, cursor: Any, bronze: Path) -> None:
        self._cursor = cursor
        self._cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self._cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLE} (physical_table TEXT PRIMARY KEY, build_id TEXT, inputs TEXT)"
        )
        self.changes = ChangeLog(cursor)
        self.changes.tidy()
        self.bronze = {folder.name: files_of(folder) for folder in bronze.iterdir() if folder.is_dir()}

    def stays(self, table: str, inputs: Mapping[str, Input]) -> bool:
        """Whether a model was built from just what its inputs are now.

        Args:
            table: The model's physical table.
            inputs: What it reads, by name.
        """
        found = self._cursor.execute(f"SELECT inputs FROM {TABLE} WHERE physical_table = ?", [table]).fetchone()
        now = self.identities(inputs)
        return found is not None and json.loads(found[0]) == now

    def begins(self, table: str) -> str:
        """Forget what a model was built from, as it is being built: it may stop half-way.

        Returns:
            The identity of its last build; empty where none is known, or none that ended.
        """
        found = self._cursor.execute(
            f"DELETE FROM {TABLE} WHERE physical_table = ? RETURNING build_id", [table]
        ).fetchone()
        return str(found[0]) if found else ""

    def was_built(self, table: str, inputs: Mapping[str, Input], identity: str = "") -> None:
        """Write down that a model was built and its audits held.

        Args:
            table: The model's physical table.
            inputs: What it reads, by name.
            identity: What identifies its rows; a new one where it is left out.
        """
        built_from = json.dumps(self.identities(inputs))
        self._cursor.execute(f"INSERT INTO {TABLE} VALUES (?, ?, ?)", [table, identity or uuid.uuid4().hex, built_from])

    def rows_of(self, table: str, condition: str = "TRUE") -> str:
        """Return what identifies the rows of a table, in whatever order: their number and the sum of their hashes.

        Args:
            table: A physical table.
            condition: SQL that tells the rows wanted.
        """
        # Two tables that differ are taken for the same once in 2 to the power of 64.
        found = self._cursor.execute(
            f"SELECT COUNT(*), COALESCE(SUM(HASH(whole_row)), 0) FROM {table} AS whole_row WHERE {condition}"
        ).fetchone()
        return f"rows {found[0]} {found[1]}"

    def inputs_of(self, inputs: Mapping[str, Input]) -> str:
        """Return what identifies the rows of a view: those that it shows; empty where a build of one is not known."""
        identities = self.identities(inputs)
        if not all(identities.values()):
            return ""
        return f"view {hashlib.sha256(json.dumps(identities, sort_keys=True).encode()).hexdigest()}"

    def identities(self, inputs: Mapping[str, Input]) -> dict[str, str]:
        """Return by name what identifies each input; empty where no build of it is known, or none that ended."""
        tables = [item.table for item in inputs.values() if item.fixed is None]
        rows = self._cursor.execute(
            f"SELECT physical_table, build_id FROM {TABLE} WHERE physical_table IN (SELECT UNNEST(?::TEXT[]))", [tables]
        ).fetchall()
        builds = dict(rows)
        return {name: item.fixed or builds.get(item.table, "") for name, item in inputs.items()}


def files_of(folder: Path) -> str:
    """Return what changes with the files of a folder: their names, sizes and times, as a hash."""
    found = hashlib.sha256()
    for file in sorted(files_below(folder, ".parquet"), key=lambda file: file.path):
        seen = file.stat()
        name = os.path.relpath(file.path, folder)
        found.update(f"{name}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return found.hexdigest()
