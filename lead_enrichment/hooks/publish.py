"""The published copy: the warehouse as the last successful run left it, in a file that is only ever read.

DuckDB lets nobody read a file while another process may write to it. So after each successful plan or run of production
the warehouse's file is copied, and the copy takes the place of the one before by a rename: a reader opens the old copy
or the new one, whole either way, and waits for nobody.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.bronze import LEDGER_TABLES
from lead_enrichment.errors import DataError
from lead_enrichment.hooks.lookups import keep_rows, make_lookups
from lead_enrichment.hooks.sorted_tables import keep_sorted_tables
from lead_enrichment.paths import DataPaths, whole
from lead_enrichment.preview.environments import forget_others, keep_comparison
from lead_enrichment.warehouse.connection import literal

# Name of the environment that readers see.
PRODUCTION = "prod"
COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"


def publish(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> None:
    """Put a copy of the warehouse, with production as it is now, in the place of the one before.

    Args:
        connection: SQLMesh's connection to the warehouse.
        paths: The data directory.

    Raises:
        DataError: The copy could not be written; the one before stays.
    """
    try:
        paths.published.parent.mkdir(exist_ok=True)
        # In the warehouse, where they are brought up to date by the change; the copy then has them too.
        keep_sorted_tables(connection)
        keep_rows(connection)
        # All that was written so far goes into the file; nobody else writes to it.
        connection.execute("CHECKPOINT")
        with whole(paths.published) as copy:
            log = copy.with_name(f"{copy.name}.wal")
            # What a killed process left would be taken for the log of this copy.
            log.unlink(missing_ok=True)
            try:
                _copy(paths.warehouse, copy)
                _complete(connection, copy)
            finally:
                log.unlink(missing_ok=True)
    except (OSError, duckdb.Error) as error:
        raise DataError(
            f"the published copy could not be written ({error})",
            str(paths.published),
            "The one before stays. Make room or grant access, then: sqlmesh run --ignore-cron",
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copy a file of DuckDB's that this process has open.

    In a process of its own: where a process closes a file, the system takes all its locks on that file away.

    Raises:
        OSError: It could not be copied.
    """
    words = [sys.executable, "-c", COPY, str(source), str(target)]
    copied = subprocess.run(words, capture_output=True, text=True, check=False)
    if copied.returncode:
        raise OSError((copied.stderr.strip() or f"exit code {copied.returncode}").splitlines()[-1])


def _complete(connection: duckdb.DuckDBPyConnection, copy: Path) -> None:
    """Put into a copy what only readers need: ledger tables that stay as they are, and lookups."""
    connection.execute(f"ATTACH {literal(copy)} AS published")
    try:
        _hold_ledger_tables(connection)
        # Last, for it says where rows lie in the file.
        make_lookups(connection, "published")
    finally:
        connection.execute("DETACH published")


def _hold_ledger_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the ledger tables of bronze into a copy as they are now: their views show files that the next run adds to."""
    views = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'published' AND schema_name = 'bronze'"
    ).fetchall()
    for (view,) in views:
        if view in LEDGER_TABLES:
            connection.execute(f"DROP VIEW published.bronze.{view}")
            connection.execute(f"CREATE TABLE published.bronze.{view} AS FROM bronze.{view}")


def publish_after(adapter: Any, environment: str, is_complete: bool, paths: DataPaths) -> None:
    """Publish after a plan or run, where there is something new to read.

    Args:
        adapter: SQLMesh's engine adapter. On other engines readers hinder nobody, and need no copy.
        environment: The environment that was built. Of production the whole is published, of another one what it would
            change; see lead_enrichment/preview/environments.py.
        is_complete: Whether all its models were built.
        paths: The data directory.
    """
    if adapter.dialect != "duckdb" or not is_complete:
        return
    if environment == PRODUCTION:
        publish(adapter.cursor, paths)
        forget_others(adapter.cursor, paths)
    elif paths.published.exists():
        keep_comparison(adapter.cursor, environment, paths)
