"""Takes a load back: the ledger says so, its rows leave bronze, and its bytes stay in the archive."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.archive import find
from lead_enrichment.ingest.ledger import WITHDRAWN, ArchiveEvent, Ledger, loaded_of, partition
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths
from lead_enrichment.users import user_name


@dataclass(frozen=True)
class Withdrawal:
    """A load that was taken back.

    Args:
        file_id: SHA-256 of its bytes.
        source_key: Its source.
        file_name: Its name.
        rows: Rows that left bronze.
        first_day: The first day that the models have to build again; None where it is still to come.
    """

    file_id: str
    source_key: str
    file_name: str
    rows: int
    first_day: date | None


def withdraw(paths: DataPaths, wanted: str, reason: str) -> Withdrawal:
    """Take a load back.

    It may be repeated after a crash: what is done already stays as it is.

    Args:
        paths: The data directory.
        wanted: Its id, the beginning of one, its file name, or `source/name`.
        reason: Why; the ledger keeps it.

    Raises:
        UsageError: There is no such load, or it is withdrawn already.
    """
    with only_writer(paths):
        entry, ledger = find(wanted, paths), Ledger(paths.bronze)
        attempt = next((row for row in loaded_of(ledger.attempts()) if row["file_id"] == entry.file_id), None)
        if attempt is None:
            why = "it is withdrawn already" if entry.state == WITHDRAWN else "the ledger names no load of it"
            raise UsageError(why, entry.file_name or entry.file_id, "See: leads status.")
        # The ledger row is the commit; the event keeps who did it and when.
        ledger.append_archive_event(
            ArchiveEvent(
                entry.file_id, entry.source_key or "", entry.file_name or "", WITHDRAWN, reason,
                entry.archived_bytes or 0, user_name(),
            )
        )  # fmt: skip
        ledger.mark_withdrawn(attempt, reason)
        put_away(paths, [attempt])
        return _of(attempt)


def _of(attempt: dict[str, Any]) -> Withdrawal:
    day = attempt["received_at"].astimezone(UTC).date()
    return Withdrawal(
        attempt["file_id"], attempt["source_key"], attempt["file_name"], attempt["rows_loaded"],
        day if day <= datetime.now(UTC).date() else None,
    )  # fmt: skip


def put_away(paths: DataPaths, withdrawn: Collection[dict[str, Any]]) -> None:
    """Move the rows of withdrawn loads out of bronze, where no model reads them.

    Args:
        paths: The data directory.
        withdrawn: The attempts that loaded them.
    """
    for row in withdrawn:
        for table in (row["source_key"], "rejected_row"):
            part = partition(paths.bronze / table, row["received_at"]) / f"{row['file_id']}.parquet"
            if part.exists():
                target = paths.withdrawn / Path(*part.parts[-3:])
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
