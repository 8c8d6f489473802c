"""Writing feeds: rows of the published copy, in a folder that appears whole, with a manifest.

Each writing makes a folder of its own, named by its time. It is made under a hidden name and renamed when everything in
it is on the disk; then `latest`, a symbolic link, is pointed at it by another rename. So a reader finds whole folders
only, and one that has resolved `latest` reads files of one writing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.feeds.feed_settings import FILE, Feed
from lead_enrichment.lock import only_holder
from lead_enrichment.paths import DataPaths
from lead_enrichment.spreadsheet import FORMULA, HARMLESS
from lead_enrichment.warehouse.connection import literal
from lead_enrichment.warehouse.reading import Row, production, rows

LATEST, MANIFEST = "latest", "manifest.json"
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}_\d{6}Z")
UNFINISHED = ".unfinished_"
VERSION = 1
TEXT = "VARCHAR"
COLUMNS = """
    SELECT column_name AS name, data_type AS type, comment FROM duckdb_columns()
    WHERE schema_name = ? AND table_name = ? ORDER BY column_index
"""
BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class WrittenFeed:
    """A feed that was written.

    Args:
        feed: Its name.
        folder: The new folder.
        rows: How many rows each of its files has.
        files: By name their bytes.
        removed: Folders of earlier writings that were removed.
    """

    feed: str
    folder: Path
    rows: int
    files: dict[str, int]
    removed: tuple[str, ...]


def write_feed(paths: DataPaths, feed: Feed) -> WrittenFeed:
    """Write a feed from the published copy.

    Args:
        paths: The data directory.
        feed: The feed.

    Raises:
        UsageError: There is no production yet, or it lacks the table or a column; nothing is written.
    """
    with production(paths) as connection, only_holder(paths.root / f".feed_{feed.name}.lock", f"feed {feed.name}"):
        columns = _columns(connection, feed)
        place = feed.place(paths)
        place.mkdir(parents=True, exist_ok=True)
        for left in place.glob(f"{UNFINISHED}*"):
            # Of a process that was killed: the lock says that nobody is at work.
            shutil.rmtree(left)
        made_at = datetime.now(UTC)
        unfinished = place / f"{UNFINISHED}{made_at:%Y-%m-%dT%H%M%S_%f}Z"
        unfinished.mkdir()
        try:
            manifest = _write_files(connection, feed, columns, unfinished, made_at)
            (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
            for item in (*unfinished.iterdir(), unfinished):
                _sync(item)
        except BaseException:
            shutil.rmtree(unfinished)
            raise
        finished = place / unfinished.name.removeprefix(UNFINISHED)
        unfinished.rename(finished)
        _point(place, finished.name)
        _sync(place)
        sizes = {item["name"]: item["bytes"] for item in manifest["files"]}
        return WrittenFeed(feed.name, finished, manifest["rows"], sizes, _prune(place, feed.keep))


def _columns(connection: duckdb.DuckDBPyConnection, feed: Feed) -> list[Row]:
    """Return the columns to write, with their types.

    Raises:
        UsageError: The table, or a column that the feed names, is not there.
    """
    found = rows(connection, COLUMNS, *feed.model.split("."))
    where = f"{FILE.name}, feeds.{feed.name}"
    if not found:
        raise UsageError(f"production has no {feed.model}", where, "Correct the name, or run: sqlmesh plan")
    known = {row["name"]: row for row in found}
    for name in (*feed.columns, *feed.order_by, *feed.filter):
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"It has {', '.join(known)}."
            raise UsageError(f"{feed.model} has no column {name}", where, hint)
    return [known[name] for name in feed.columns or known]


def _write_files(
    connection: duckdb.DuckDBPyConnection, feed: Feed, columns: Sequence[Row], folder: Path, made_at: datetime
) -> dict[str, Any]:
    """Write the files of a feed into a folder, and return the manifest."""
    condition, values = _condition(feed)
    source = f"FROM {feed.model} WHERE {condition}"
    try:
        counted = connection.execute(f"SELECT COUNT(*) {source}", values).fetchone()
        files = []
        for kind in feed.formats:
            target = folder / f"{feed.name}.{kind}"
            shown = ", ".join(_guarded(row) if kind == "csv" else f'"{row["name"]}"' for row in columns)
            order = ", ".join(f'{feed.model}."{name}"' for name in feed.order_by)
            options = "FORMAT CSV, HEADER" if kind == "csv" else "FORMAT PARQUET, COMPRESSION ZSTD"
            connection.execute(
                f"COPY (SELECT {shown} {source} ORDER BY {order}) TO {literal(target)} ({options})", values
            )
            size, digest = _digest(target)
            files.append({"name": target.name, "format": kind, "bytes": size, "sha256": digest})
    except duckdb.ConversionException as error:
        reason = str(error).splitlines()[0].removeprefix("Conversion Error: ")
        raise UsageError(reason, f"{FILE.name}, feeds.{feed.name}.filter", "Correct the value.") from error
    return {
        "version": VERSION,
        "feed": feed.name,
        "description": feed.description,
        "model": feed.model,
        "filter": feed.filter,
        "made_at": made_at.isoformat(),
        "rows": counted[0] if counted else 0,
        "columns": [
            {"name": row["name"], "type": row["type"], **({"description": row["comment"]} if row["comment"] else {})}
            for row in columns
        ],
        "files": files,
    }


def _condition(feed: Feed) -> tuple[str, list[Any]]:
    """Return what a filter says as SQL, and its values."""
    parts, values = ["TRUE"], []
    for name, wanted in feed.filter.items():
        column = f'"{name}"'
        if isinstance(wanted, dict):
            for key, sign in (("at_least", ">="), ("below", "<")):
                if key in wanted:
                    parts.append(f"{column} {sign} ?")
                    values.append(wanted[key])
            if "is_empty" in wanted:
                parts.append(f"({column} IS NULL) = ?")
                values.append(wanted["is_empty"])
            continue
        several = wanted if isinstance(wanted, list) else [wanted]
        parts.append(f"{column} IN ({', '.join('?' for _ in several)})")
        values.extend(several)
    return " AND ".join(parts), values


def _guarded(row: Row) -> str:
    """Return a column of a CSV file: no text is run as a formula by a spreadsheet; see spreadsheet.py."""
    name = f'"{row["name"]}"'
    if row["type"] != TEXT:
        return name
    is_formula = f"REGEXP_MATCHES({name}, {literal(FORMULA)}) AND NOT REGEXP_MATCHES({name}, {literal(HARMLESS)})"
    return f"CASE WHEN {is_formula} THEN CONCAT('''', {name}) ELSE {name} END AS {name}"


def _digest(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while part := stream.read(BYTES_AT_ONCE):
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()


def _point(place: Path, name: str) -> None:
    """Let `latest` name a folder, by a rename."""
    fresh = place / f"{UNFINISHED}{LATEST}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(name, target_is_directory=True)
    fresh.replace(place / LATEST)


def written(place: Path) -> list[str]:
    """Return the names of the writings of a feed that are there, oldest first."""
    return sorted(item.name for item in _folders(place))


def _folders(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from (item for item in place.iterdir() if STAMP.fullmatch(item.name) and item.is_dir())


def _prune(place: Path, keep: int) -> tuple[str, ...]:
    """Remove the oldest writings, and return their names; under a hidden name first, so that none is seen in part."""
    gone = written(place)[:-keep]
    for name in gone:
        hidden = place / f"{UNFINISHED}{name}_removed"
        (place / name).rename(hidden)
        shutil.rmtree(hidden)
    return tuple(gone)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
