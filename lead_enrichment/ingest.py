"""Takes deliveries in: recognise, check, archive, convert, enter in the ledger.

Every step writes whole files by rename and the ledger row comes last, so a process that is killed anywhere leaves a
delivery either loaded or still lying in landing. What a killed run left unfinished is removed at the next start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lead_enrichment.archive import keep
from lead_enrichment.bronze import write_empty_tables
from lead_enrichment.contracts import contracts
from lead_enrichment.delivery import Stamp, check_header, convert, detect_encoding, file_date, file_id, read_header
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ledger import Attempt, Ledger, partition
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths

LOADED, DUPLICATE, QUARANTINED = "loaded", "duplicate", "quarantined"


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    source_key: str
    file_name: str
    status: str
    reason: str | None
    rows_loaded: int
    rows_rejected: int


class _Clock:
    """Gives every delivery of a source a later received_at than the one before."""

    def __init__(self, attempts: list[dict[str, Any]], backfill: bool) -> None:
        self._backfill = backfill
        self._last: dict[str, datetime] = {}
        self._same_date: dict[tuple[str, date], int] = {}
        for attempt in attempts:
            if attempt["status"] == LOADED:
                self.note(attempt["source_key"], attempt["file_date"], attempt["received_at"])

    def received_at(self, source_key: str, claimed: date) -> datetime:
        """Give the time to stamp a delivery with: now, or its own date where an archive of old files is loaded."""
        if self._backfill:
            nth = self._same_date.get((source_key, claimed), 0)
            return datetime(claimed.year, claimed.month, claimed.day, tzinfo=UTC) + timedelta(seconds=nth)
        now = datetime.now(UTC)
        last = self._last.get(source_key)
        return now if last is None else max(now, last + timedelta(microseconds=1))

    def note(self, source_key: str, claimed: date, received_at: datetime) -> None:
        """Remember a delivery that was loaded."""
        last = self._last.get(source_key)
        self._last[source_key] = received_at if last is None else max(last, received_at)
        self._same_date[source_key, claimed] = self._same_date.get((source_key, claimed), 0) + 1


def ingest(paths: DataPaths, backfill: bool = False, console: Console | None = None) -> list[Outcome]:
    """Take in every file that lies in landing.

    Args:
        paths: The data directory.
        backfill: Stamp deliveries with their own date in place of the time of the ingest.
        console: Where progress is shown; nowhere by default.

    Returns:
        What became of each file, in the order in which they were taken.

    Raises:
        UsageError: Another ingest or prune is at work, or the data directory cannot be written.
    """
    with only_writer(paths):
        ledger = Ledger(paths.bronze)
        write_empty_tables(paths.bronze)
        attempts = ledger.attempts()
        _remove_unfinished(paths, attempts)
        loaded_ids = {row["file_id"]: row["file_name"] for row in attempts if row["status"] == LOADED}
        clock = _Clock(attempts, backfill)
        outcomes = []
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=console is None,
            transient=True,
        )
        with progress:
            for path in progress.track(_landed(paths), description="Taking files in"):
                try:
                    outcomes.append(_take_in(path, paths, ledger, loaded_ids, clock))
                except OSError as error:
                    raise UsageError(
                        f"the file cannot be taken in ({error.strerror}: {error.filename or paths.root})",
                        path.name,
                        "It still lies in landing: make room or grant write access, then run leads ingest again.",
                    ) from error
        return outcomes


def touched_intervals(paths: DataPaths, before: set[str]) -> list[date]:
    """Give the days before today that deliveries entered although a warehouse was there already.

    Args:
        paths: The data directory.
        before: Attempt ids that the ledger held before the ingest.
    """
    if not paths.warehouse.exists():
        return []
    new = [
        row for row in Ledger(paths.bronze).attempts() if row["attempt_id"] not in before and row["status"] == LOADED
    ]
    today = datetime.now(UTC).date()
    return sorted({row["received_at"].astimezone(UTC).date() for row in new} - {today})


def _landed(paths: DataPaths) -> list[Path]:
    """Give the files in landing by the date they claim, so that an archive of files is taken in its own order."""
    files = [path for path in paths.landing.glob("*/*") if path.is_file() and not path.name.startswith(".")]
    files += [path for path in paths.landing.glob("*") if path.is_file() and not path.name.startswith(".")]

    def order(path: Path) -> tuple[date, float, str]:
        try:
            claimed = file_date(path)
        except DataError:
            claimed = date.max
        # A correction sorts behind the file that it corrects: `nevada_2026-10-05_corrected.csv` is the second one.
        return claimed, 0.0, path.stem

    return sorted(files, key=order)


def _take_in(path: Path, paths: DataPaths, ledger: Ledger, loaded_ids: dict[str, str], clock: _Clock) -> Outcome:
    """Take one file in, or put it into quarantine; either way the ledger tells."""
    started = datetime.now(UTC)
    source_key = path.parent.name if path.parent != paths.landing else ""
    contract = contracts().get(source_key)
    identity, claimed, encoding, header = "", None, None, None
    size = path.stat().st_size
    rows, rejects = paths.bronze / f".{path.name}.rows", paths.bronze / f".{path.name}.rejects"

    def enter(status: str, reason: str | None, received_at: datetime, loaded: int = 0, rejected: int = 0) -> Outcome:
        ledger.append(
            Attempt(
                file_id=identity, source_key=source_key, file_name=path.name, file_date=claimed,
                delivery_mode=contract.delivery_mode if contract else "", status=status, reason=reason,
                rows_delivered=loaded + rejected, rows_loaded=loaded, rows_rejected=rejected, file_bytes=size,
                encoding=encoding, header="|".join(header) if header else None, received_at=received_at,
                started_at=started,
            )
        )  # fmt: skip
        return Outcome(source_key, path.name, status, reason, loaded, rejected)

    try:
        if contract is None:
            folders = ", ".join(f"landing/{key}/" for key in contracts())
            raise DataError("the file lies in no source's folder", path.name, f"Move it to one of {folders}.")
        identity = _readable_id(path)
        if identity in loaded_ids:
            outcome = enter(DUPLICATE, f"the same bytes are loaded already, as {loaded_ids[identity]}", started)
            path.unlink()
            return outcome
        claimed = file_date(path)
        encoding = detect_encoding(path)
        header = read_header(path, encoding)
        notices = check_header(path, header, contract)
        received_at = clock.received_at(source_key, claimed)
        converted = convert(path, encoding, header, contract, Stamp(identity, claimed, received_at), rows, rejects)
        keep(path, identity, paths)
        for part, table in ((rows, source_key), (rejects, "rejected_row")):
            if part.exists():
                target = partition(paths.bronze / table, received_at) / f"{identity}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
        reason = "; ".join((*notices, *converted.notices)) or None
        outcome = enter(LOADED, reason, received_at, converted.rows_loaded, converted.rows_rejected)
        loaded_ids[identity] = path.name
        clock.note(source_key, claimed, received_at)
        path.unlink()
        return outcome
    except DataError as error:
        reason = str(error)
        rows.unlink(missing_ok=True)
        rejects.unlink(missing_ok=True)
        # The ledger first: a crash before the move repeats the attempt, the other order would lose it from the ledger.
        outcome = enter(QUARANTINED, reason, started)
        _quarantine(path, source_key or "unknown", reason, paths)
        return outcome


def _readable_id(path: Path) -> str:
    """Give the SHA-256 of a file, or say that it cannot be read."""
    try:
        return file_id(path)
    except PermissionError as error:
        raise DataError("the file may not be read", path.name, "Grant read access and drop it again.") from error


def _quarantine(path: Path, source_key: str, reason: str, paths: DataPaths) -> None:
    """Move a file that cannot be used out of the way, beside a text that says why."""
    folder = paths.quarantine / source_key
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"{stamp}_{path.name}"
    target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
    path.replace(target)


def _remove_unfinished(paths: DataPaths, attempts: list[dict[str, Any]]) -> None:
    """Remove what a killed ingest left: rows in bronze that the ledger does not know, and half-written files."""
    loaded = {row["file_id"] for row in attempts if row["status"] == LOADED}
    for table in (*contracts(), "rejected_row"):
        for part in (paths.bronze / table).glob("*/*.parquet"):
            if part.stem != "empty" and part.stem not in loaded:
                part.unlink()
    for leftover in (
        *paths.bronze.glob(".*.rows"),
        *paths.bronze.glob(".*.rejects"),
        *paths.bronze.glob(".*.utf8"),
        *paths.bronze.glob("*/*/.*.unfinished"),
        *paths.archive.glob("*/.*.unfinished"),
    ):
        leftover.unlink()
