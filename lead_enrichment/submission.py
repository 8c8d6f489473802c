"""What people say on its way to the models: as a file in landing, and as rows of bronze that no model has seen."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths, whole
from lead_enrichment.spreadsheet import GuardedWriter
from lead_enrichment.warehouse.connection import exactly


def one_line(text: str, what: str) -> str:
    """Return a text as one line.

    Args:
        text: What somebody wrote.
        what: What the text is, in the message.

    Raises:
        UsageError: Nothing is left of it.
    """
    line = " ".join(text.split())
    if not line:
        raise UsageError(f"the {what} is empty", "", "Others will ask for years: say who, and why.")
    return line


def submit_rows(
    paths: DataPaths,
    source: str,
    stamp: datetime,
    header: Sequence[str],
    submitted: Iterable[Sequence[object]],
    suffix: str = "",
) -> Path:
    """Write rows as one delivery into landing, whole or not at all, and return its path.

    Args:
        paths: The data directory.
        source: The contract that the rows keep, which names the folder.
        stamp: When the rows were made; two files of one microsecond need a suffix each.
        header: The columns of the contract.
        submitted: A value for each column, None for an empty one.
        suffix: What tells the file from others.
    """
    folder = paths.landing / source
    folder.mkdir(parents=True, exist_ok=True)
    name = "_".join(part for part in (source, f"{stamp:%Y-%m-%d_%H%M%S_%f}", suffix) if part)
    target = folder / f"{name}.csv"
    with whole(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = GuardedWriter(stream)
        writer.writerow(header)
        writer.writerows(submitted)
        stream.flush()
        os.fsync(stream.fileno())
    return target


def rows_on_their_way(
    connection: duckdb.DuckDBPyConnection, paths: DataPaths, source: str, columns: Sequence[str], model: str
) -> Iterator[dict[str, str]]:
    """Return the rows that no model has seen, the oldest first: those in bronze since the last run, then those landed.

    Args:
        connection: Production.
        paths: The data directory.
        source: The contract of the rows.
        columns: The columns wanted; a value that is missing is empty, and blanks around one are taken off.
        model: The staging model that holds the rows of each file that has been built.
    """
    if any((paths.bronze / source).glob("*/*.parquet")):
        files = exactly(paths.bronze / source, "*", "*.parquet")
        wanted = ", ".join(f"COALESCE(TRIM({name}), '')" for name in columns)
        taken_in = connection.execute(
            f"SELECT {wanted} FROM READ_PARQUET(?, union_by_name = TRUE) "
            f"WHERE file_id NOT IN (SELECT file_id FROM {model}) ORDER BY received_at, file_id, row_number",
            [files],
        ).fetchall()
        yield from (dict(zip(columns, row, strict=True)) for row in taken_in)
    # Files of another form than that of `submit_rows` are left to ingest.
    for path in sorted((paths.landing / source).glob("[!.]*.csv")):
        with suppress(OSError, csv.Error):
            # A pipe of this name would be waited for.
            if not path.is_file():
                continue
            with path.open(encoding="utf-8", errors="replace", newline="") as stream:
                for row in csv.DictReader(stream):
                    yield {name: (row.get(name) or "").strip() for name in columns}
