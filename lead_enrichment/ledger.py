"""The file ledger: a Parquet file for every attempt on a file, written last; what it does not name is not loaded.

Beside it, in a table of its own, stands what was done to the archive.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lead_enrichment.bronze import ARCHIVE_EVENT_COLUMNS, LEDGER_COLUMNS, arrow_schema


@dataclass(frozen=True)
class Attempt:
    """One attempt to take a file in, as the ledger keeps it."""

    file_id: str
    source_key: str
    file_name: str
    file_date: date | None
    delivery_mode: str
    status: str
    reason: str | None
    rows_delivered: int
    rows_loaded: int
    rows_rejected: int
    file_bytes: int
    encoding: str | None
    header: str | None
    received_at: datetime
    started_at: datetime


@dataclass(frozen=True)
class ArchiveEvent:
    """What was done to an archived file, as the ledger keeps it."""

    file_id: str
    source_key: str
    file_name: str
    action: str
    reason: str
    archived_bytes: int
    acted_by: str


@dataclass(frozen=True)
class Ledger:
    """The ledger in a bronze folder."""

    bronze: Path

    def append(self, attempt: Attempt) -> None:
        """Write an attempt down; the rename that ends it is the commit of a load."""
        row: dict[str, Any] = {
            "attempt_id": uuid.uuid4().hex,
            **asdict(attempt),
            "finished_at": datetime.now(UTC),
        }
        schema = arrow_schema(LEDGER_COLUMNS)
        table = pa.Table.from_pylist([{name: row[name] for name in schema.names}], schema=schema)
        target = partition(self.bronze / "file_ledger", attempt.received_at) / f"{row['attempt_id']}.parquet"
        write_whole(table, target)

    def attempts(self) -> list[dict[str, Any]]:
        """Give every attempt as a dictionary of LEDGER_COLUMNS, oldest first."""
        return self._rows("file_ledger", "started_at, finished_at")

    def append_archive_event(self, event: ArchiveEvent) -> None:
        """Write down what is done to an archived file."""
        now = datetime.now(UTC)
        row: dict[str, Any] = {"event_id": uuid.uuid4().hex, **asdict(event), "acted_at": now}
        table = pa.Table.from_pylist([row], schema=arrow_schema(ARCHIVE_EVENT_COLUMNS))
        write_whole(table, partition(self.bronze / "archive_event", now) / f"{row['event_id']}.parquet")

    def archive_events(self) -> list[dict[str, Any]]:
        """Give every archive event as a dictionary of ARCHIVE_EVENT_COLUMNS, oldest first."""
        return self._rows("archive_event", "acted_at")

    def _rows(self, table: str, order: str) -> list[dict[str, Any]]:
        folder = self.bronze / table
        if not any(folder.glob("*/*.parquet")):
            return []
        files = str(folder / "*" / "*.parquet")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            result = connection.execute(
                f"SELECT * EXCLUDE (received_on) FROM READ_PARQUET(?, hive_partitioning = TRUE) ORDER BY {order}",
                [files],
            )
            rows: list[dict[str, Any]] = result.to_arrow_table().to_pylist()
        return rows


def partition(table: Path, received_at: datetime) -> Path:
    """Give the folder of a bronze table that holds what was received at a time."""
    return table / f"received_on={received_at.astimezone(UTC).date()}"


def write_whole(table: pa.Table, target: Path) -> None:
    """Write a Parquet file so that it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.replace(target)
