"""Takes deliveries in: recognise, check, archive, convert, enter in the ledger.

Every step writes whole files by rename and the ledger row comes last, so a process that is killed anywhere leaves a
delivery either loaded or still lying in landing. What a killed run left unfinished is removed at the next start.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lead_enrichment.bronze import write_empty_tables
from lead_enrichment.contracts import Contract, contracts
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.archive import keep
from lead_enrichment.ingest.completeness import (
    FEWEST_ROWS,
    MISMATCH,
    Statement,
    breaches,
    has_manifest,
    manifest_path,
    read_manifest,
    verdict,
)
from lead_enrichment.ingest.delivery import (
    Converted,
    DriftError,
    Stamp,
    check_first_line,
    check_header,
    convert,
    file_date,
    file_id,
    read_header,
    with_doubled_settled,
)
from lead_enrichment.ingest.drift import DeliveryComparison, misfits, summary, unknown_words
from lead_enrichment.ingest.evidence import BEGUN, unknown_to_ledger
from lead_enrichment.ingest.formats import Text, as_text
from lead_enrichment.ingest.landing import Unreadable, check_kind, entries, is_open_to_write, still_written
from lead_enrichment.ingest.ledger import (
    DUPLICATE,
    LOADED,
    QUARANTINED,
    WAITING,
    WITHDRAWN,
    Attempt,
    Ledger,
    loaded_of,
    partition,
    proposal_id_of,
)
from lead_enrichment.ingest.limits import limits, whole_number
from lead_enrichment.ingest.quarantine import safe_name
from lead_enrichment.ingest.withdrawal import put_away
from lead_enrichment.lock import no_files_held, only_writer
from lead_enrichment.paths import DataPaths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted, listed, shorten, visible

# How far ahead of the clock a file's date may be, and how long no load may have come before the clock is doubted, where
# LEADS_DAYS_AHEAD and LEADS_DAYS_SILENT do not say. The models' first day, where LEADS_START does not say.
DAYS_AHEAD, DAYS_SILENT, FIRST_DAY = 31, 400, "2000-01-01"
# A reason quotes headers and values, which may be of any length.
LONGEST_REASON = 2_000
# A folder of landing cannot be read, or nothing can be removed from it; nothing is entered in the ledger.
UNREADABLE = "unreadable"
# What no other file would fare better with.
FOR_ALL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENFILE, errno.EMFILE)
# What an ingest has to know of the attempts before it.
NEEDED = ("file_id", "source_key", "file_name", "file_date", "file_bytes", "status", "received_at", "finished_at")
RELEASE = "leads release {} --reason '…'"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one file."""

    source_key: str
    file_name: str
    status: str
    reason: str | None
    rows_loaded: int
    rows_rejected: int
    file_id: str = ""


class _Clock:
    """Assigns every delivery of a source a later received_at than the one before."""

    def __init__(self, loaded: list[dict[str, Any]], backfill: bool) -> None:
        self._backfill = backfill
        self._last: dict[str, datetime] = {}
        self._same_date: dict[tuple[str, date], int] = {}
        for attempt in loaded:
            self.note(attempt["source_key"], attempt["file_date"], attempt["received_at"])

    def received_at(self, source_key: str, claimed: date) -> datetime:
        """Return the time to stamp a delivery with: now, or its own date where an archive of old files is loaded."""
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
        The outcome of each file, in the order in which they were taken in.

    Raises:
        UsageError: Another ingest or prune is at work, or the data directory cannot be written.
    """
    with only_writer(paths):
        write_empty_tables(paths.bronze)
        run = _Run(paths, backfill)
        outcomes: list[Outcome] = []
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=console is None,
            transient=True,
        )
        found, hidden = entries(paths)
        outcomes += [_unreadable(item, paths) for item in hidden]
        busy = still_written([path for path in found if path.is_file()])
        with progress:
            for path in progress.track(_in_order(found), description="Taking files in"):
                try:
                    outcomes.append(run.take_in(path, busy.get(path)))
                except FileNotFoundError:
                    # Whoever put it there has taken it away.
                    if os.path.lexists(path):
                        raise
                except (OSError, duckdb.Error) as error:
                    raise UsageError(
                        f"the file cannot be taken in ({_problem(error, paths)})",
                        visible(path.name),
                        "It still lies in landing: make room or grant write access, then run leads ingest again.",
                    ) from error
        with no_files_held(paths) as is_free:
            # Otherwise a run of the models reads; the next ingest does it.
            if is_free:
                Ledger(paths.bronze).compact()
        return outcomes


def touched_intervals(paths: DataPaths, before: set[str]) -> list[date]:
    """Return the days before today that deliveries entered although a warehouse was there already.

    Args:
        paths: The data directory.
        before: Attempt ids that the ledger held before the ingest.
    """
    if not paths.warehouse.exists():
        return []
    attempts = Ledger(paths.bronze).attempts(("attempt_id", "status", "received_at"))
    new = [row for row in attempts if row["attempt_id"] not in before and row["status"] == LOADED]
    today = datetime.now(UTC).date()
    return sorted({row["received_at"].astimezone(UTC).date() for row in new} - {today})


def _unreadable(item: Unreadable, paths: DataPaths) -> Outcome:
    """Return what to say of a folder of landing whose files cannot be seen."""
    source_key = visible(item.folder.name) if item.folder != paths.landing else ""
    reason = f"{visible(str(item.folder))}: the folder cannot be read ({item.problem}). Grant read access to it."
    return Outcome(source_key, "", UNREADABLE, reason, 0, 0)


def _in_order(files: list[Path]) -> list[Path]:
    """Return the files in landing by the date they claim, so that an archive of files is taken in its own order."""

    def order(path: Path) -> tuple[date, str]:
        try:
            claimed = file_date(path)
        except (DataError, OSError):
            claimed = date.max
        # A correction sorts behind the file that it corrects: `nevada_2026-10-05_corrected.csv` is the second one.
        return claimed, path.stem

    return sorted(files, key=order)


class _Run:
    """One ingest: what is loaded already, and how one more file is taken in."""

    def __init__(self, paths: DataPaths, backfill: bool) -> None:
        self._paths, self._ledger = paths, Ledger(paths.bronze)
        attempts = self._ledger.attempts(NEEDED)
        loaded = loaded_of(attempts)
        _check_clock(loaded, backfill)
        is_loaded = {*_ids(loaded)}
        put_away(paths, [row for row in attempts if row["status"] == WITHDRAWN and row["file_id"] not in is_loaded])
        known = {row["file_id"] for row in attempts if row["status"] in (LOADED, WITHDRAWN)}
        _remove_unfinished(paths, is_loaded)
        lost = unknown_to_ledger(paths, known)
        if lost:
            raise UsageError(
                f"archive and bronze hold {counted(len(lost), 'delivery', 'deliveries')} that the ledger does not "
                "know: part of it is lost", str(paths.bronze / "file_ledger"),
                "Nothing was changed. Bring it back from a backup, or run: leads doctor --repair",
            )  # fmt: skip
        self._clock = _Clock(loaded, backfill)
        self._name_of = {row["file_id"]: row["file_name"] for row in loaded}
        newest = {row["source_key"]: row for row in loaded}
        self._last = {key: _Last.of(row, paths) for key, row in newest.items()}
        self._named = {(row["source_key"], row["file_name"]): (row["file_id"], row["file_bytes"]) for row in loaded}

    def take_in(self, path: Path, busy: str | None = None) -> Outcome:
        """Take one file in, or put it into quarantine; either way the ledger records it.

        Whatever is wrong with the file, or goes wrong with it, costs this file only.

        Args:
            path: What lies in landing.
            busy: Why it may not be complete yet.

        Raises:
            FileNotFoundError: It is gone.
            OSError, duckdb.Error: The disk is full, or the data directory cannot be read or written.
        """
        source_key = visible(path.parent.name) if path.parent != self._paths.landing else ""
        contract = contracts().get(source_key)
        file = _File(path, source_key, contract.delivery_mode if contract else "", datetime.now(UTC))
        scratch = self._paths.bronze / f".{hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]}"
        rows, rejects = scratch.with_name(f"{scratch.name}.rows"), scratch.with_name(f"{scratch.name}.rejects")
        if busy:
            return file.outcome(WAITING, busy)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            # Taken in, it would come again in every ingest.
            reason = "its folder cannot be written, so that the file would stay there. Grant write access to the folder"
            return file.outcome(UNREADABLE, f"{file.name}: {reason}.")
        try:
            check_kind(path)
            if contract is None:
                folders = ", ".join(f"landing/{key}/" for key in contracts())
                raise DataError("the file lies in no source's folder", file.name, f"Move it to one of {folders}.")
            if not any(fnmatch(path.name, pattern) for pattern in contract.file_patterns):
                patterns = " or ".join(contract.file_patterns)
                raise DataError(f"the name is not of the form {patterns}", file.name, "Rename it, or move it away.")
            limits().check_bytes(file.size, file.name)
            file.file_id = _readable_id(path)
            if file.file_id in self._name_of:
                name = self._name_of[file.file_id]
                outcome = self._enter(file, DUPLICATE, f"the same bytes are loaded already, as {name}", file.started_at)
                return _without(path, outcome)
            file.file_date = file_date(path)
            _check_date(file)
            with as_text(path, contract, scratch, file.name) as text:
                file.encoding, file.header = text.kind, read_header(text, file.name)
                check_first_line(text, file.header, contract, file.name)
                file.columns = with_doubled_settled(text, file.header, contract, file.name)
                try:
                    return self._load(file, contract, text, rows, rejects)
                except DriftError as error:
                    advice = self._propose(file, contract, text, error)
                    raise DataError(f"{error.what}. {advice}", error.where) from error
        except _DamagedBronze as error:
            return file.outcome(WAITING, str(error))
        except Exception as error:
            if _is_not_of_the_file(error, path, scratch):
                raise
            # Half a file is seldom a good one: what changed while it was read is judged next time.
            if isinstance(error, _StillWritten) or file.has_changed() or is_open_to_write(path):
                return file.outcome(WAITING, "it is still being written; it stays in landing")
            refusal = error if isinstance(error, DataError) else _unforeseen(error, file.name)
            if not refusal.where:
                refusal = DataError(refusal.what, file.name, refusal.remedy)
            # The ledger first: a crash before the move repeats the attempt, the other order would lose it.
            outcome = self._enter(file, QUARANTINED, str(refusal), file.started_at)
            _quarantine(path, file.source_key or "unknown", str(refusal), self._paths)
            return outcome
        finally:
            rows.unlink(missing_ok=True)
            rejects.unlink(missing_ok=True)

    def _load(self, file: _File, contract: Contract, text: Text, rows: Path, rejects: Path) -> Outcome:
        """Convert a file, check what it holds, and commit it."""
        path = file.path
        notices = check_header(path, file.columns, contract)
        # A day's grace for zones of time.
        if file.claimed > file.started_at.date() + timedelta(days=1):
            notices += (f"the file is dated {file.claimed}, a day that is still to come",)
        if self._has_grown(file):
            notices += ("it was loaded before when it was shorter: the sender wrote on; both states are kept",)
        received_at = self._clock.received_at(contract.source_key, file.claimed)
        stamp = Stamp(file.file_id, file.claimed, received_at)
        converted = convert(text, file.columns, contract, stamp, rows, rejects)
        file.rows_loaded, file.rows_rejected = converted.rows_loaded, converted.rows_rejected
        limits().check_rows(file.rows_loaded + file.rows_rejected, file.name)
        if file.has_changed():
            raise _StillWritten
        notices += self._checked(file, contract, rows, converted)
        notices += unknown_words(contract.map_header(file.columns).values(), rows)
        # From here on archive and bronze hold what the ledger does not know yet; the mark says that this is right.
        begun = self._paths.bronze / f".{file.file_id}{BEGUN}"
        begun.touch()
        keep(path, file.file_id, self._paths)
        for part, table in ((rows, contract.source_key), (rejects, "rejected_row")):
            if part.exists():
                target = partition(self._paths.bronze / table, received_at) / f"{file.file_id}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
        outcome = self._enter(file, LOADED, "; ".join(notices) or None, received_at)
        begun.unlink(missing_ok=True)
        self._name_of[file.file_id] = file.name
        self._named[file.source_key, file.name] = (file.file_id, file.size)
        self._clock.note(contract.source_key, file.claimed, received_at)
        self._last[contract.source_key] = _Last(
            file.name, file.claimed, _rows_of(self._paths, contract.source_key, file.file_id, received_at)
        )
        return _without(path, outcome)

    def _checked(self, file: _File, contract: Contract, rows: Path, converted: Converted) -> tuple[str, ...]:
        """Check a converted delivery against the stated row count, the form of its columns, and the delivery before it.

        Returns:
            What the operator should know.

        Raises:
            DataError: Rows are missing or too many, too many were rejected, or a limit of the contract is broken.
            DriftError: Values of a required column stopped fitting.
        """
        name, delivered = file.name, file.rows_loaded + file.rows_rejected
        if not delivered:
            raise DataError("the file holds a header and no rows", name, "Ask the sender for the full file.")
        statement = read_manifest(file.path)
        if statement is None and converted.rows_stated is not None:
            statement = Statement(converted.rows_stated, "trailer row")
        # Who counts the rows of a file may count a repeated header or a total, or not.
        records = delivered - converted.no_records
        file.completeness = verdict(records, statement)
        if file.completeness == MISMATCH:
            file.completeness = verdict(delivered, statement)
        if statement:
            file.rows_expected, file.attested_by = statement.rows, statement.stated_by
        if file.completeness == MISMATCH and statement:
            raise DataError(
                f"{statement.rows:,} rows are stated (by {statement.stated_by}), {records:,} came", name,
                "Ask the sender for the full file.",
            )  # fmt: skip
        if not file.rows_loaded:
            # However small the file is, and whoever released it: an empty snapshot would say that all leads are gone.
            raise DataError(
                f"none of its {delivered:,} rows can be kept ({converted.first_reason})", name,
                "Ask the sender for the file again.",
            )  # fmt: skip
        kept = f"{counted(file.rows_rejected, 'row')} kept in rejected rows"
        notices = (kept,) if file.rows_rejected else ()
        if statement and statement.released:
            return (*notices, f"released by {statement.stated_by}: {statement.released}")
        limit = contract.limits.get("rejected_share", 1.0)
        if delivered >= FEWEST_ROWS and file.rows_rejected > limit * delivered:
            raise DataError(
                f"{file.rows_rejected:,} of {delivered:,} rows do not fit ({file.rows_rejected / delivered:.0%}; "
                f"the contract allows {limit:.0%})", name, f"{RELEASE.format(name)}, or ask the sender.",
            )  # fmt: skip
        last = self._last.get(contract.source_key)
        if last and last.rows and not _is_readable(last.rows):
            raise _DamagedBronze(
                f"bronze of {last.file_name}, with which it is compared, is damaged; it stays in landing. "
                "Run: leads doctor --repair"
            )
        is_newest = last is None or file.claimed >= last.file_date
        columns = contract.map_header(file.columns).values()
        # Decisions are free text: their values have no form to compare.
        is_comparable = last is not None and is_newest and contract.content == "leads"
        wrong = misfits(contract, columns, rows, last.rows if last and is_comparable else None)
        if wrong:
            problems = "; ".join(f"{column.header}: {problem}" for column, problem in wrong.items())
            raise DriftError(f"values stopped fitting: {problems}", name, "", tuple(wrong))
        if last and last.rows and is_newest and contract.delivery_mode == "full_snapshot":
            broken = breaches(contract, columns, rows, last.rows, last.file_name)
            if broken:
                raise DataError("; ".join(broken), name, f"If it is right: {RELEASE.format(name)}. Or ask the sender.")
        return notices

    def _has_grown(self, file: _File) -> bool:
        """Whether a file begins with the bytes of one that was loaded under its name."""
        before, size = self._named.get((file.source_key, file.name), ("", 0))
        if not before or not 0 < size < file.size:
            return False
        digest = hashlib.sha256()
        with file.path.open("rb") as stream:
            while size and (chunk := stream.read(min(size, 1 << 20))):
                digest.update(chunk)
                size -= len(chunk)
        return bool(digest.hexdigest() == before)

    def _propose(self, file: _File, contract: Contract, text: Text, error: DriftError) -> str:
        """Record what the columns most likely are, and return it as sentences."""
        last = self._last.get(contract.source_key)
        with DeliveryComparison(text, file.columns, contract, last.rows if last else None) as comparison:
            advice = comparison.advise(error.columns)
        proposal_id = proposal_id_of(contract.source_key, file.file_id)
        self._ledger.append_proposal(proposal_id, contract.source_key, file.file_id, file.name, advice)
        if not advice.suggestions:
            return f"{summary(advice)}. Ask the sender"
        return (
            f"Proposal {proposal_id}: {summary(advice)}. "
            f"`leads contracts accept {proposal_id}` takes it, `leads contracts reject {proposal_id}` keeps it out"
        )

    def _enter(self, file: _File, status: str, reason: str | None, received_at: datetime) -> Outcome:
        is_loaded = status == LOADED
        reason = shorten(reason, LONGEST_REASON) if reason else None
        loaded, rejected = (file.rows_loaded, file.rows_rejected) if is_loaded else (0, 0)
        self._ledger.append(
            Attempt(
                file_id=file.file_id, source_key=file.source_key, file_name=file.name, file_date=file.file_date,
                delivery_mode=file.delivery_mode, status=status, reason=reason, rows_delivered=loaded + rejected,
                rows_loaded=loaded, rows_rejected=rejected, file_bytes=file.size, encoding=file.encoding,
                header="|".join(file.header) or None, completeness=file.completeness,
                rows_expected=file.rows_expected, attested_by=file.attested_by, received_at=received_at,
                started_at=file.started_at,
            )
        )  # fmt: skip
        return Outcome(file.source_key, file.name, status, reason, loaded, rejected, file.file_id)


@dataclass
class _File:
    """What is known of a file while it is taken in."""

    path: Path
    source_key: str
    delivery_mode: str
    started_at: datetime
    file_id: str = ""
    file_date: date | None = None
    encoding: str | None = None
    header: list[str] = field(default_factory=list)
    # The header with each column of the contract named once.
    columns: list[str] = field(default_factory=list)
    rows_loaded: int = 0
    rows_rejected: int = 0
    completeness: str | None = None
    rows_expected: int | None = None
    attested_by: str | None = None

    def __post_init__(self) -> None:
        self._stat = _state(self.path)

    @property
    def name(self) -> str:
        """Its name as messages show it and the ledger keeps it."""
        return visible(self.path.name)

    def outcome(self, status: str, reason: str) -> Outcome:
        """Return the outcome of a file that no row was taken from."""
        return Outcome(self.source_key, self.name, status, reason, 0, 0)

    @property
    def size(self) -> int:
        """Size in bytes when it was found."""
        return self._stat.st_size

    @property
    def claimed(self) -> date:
        """The date that it claims; known once it was read."""
        assert self.file_date is not None
        return self.file_date

    def has_changed(self) -> bool:
        """Whether somebody has written to it since it was found."""
        now = _state(self.path)
        return (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns)


@dataclass(frozen=True)
class _Last:
    """The delivery that a source loaded last."""

    file_name: str
    file_date: date
    rows: Path | None

    @classmethod
    def of(cls, attempt: dict[str, Any], paths: DataPaths) -> _Last:
        rows = _rows_of(paths, attempt["source_key"], attempt["file_id"], attempt["received_at"])
        return cls(attempt["file_name"], attempt["file_date"], rows)


def _is_readable(rows: Path) -> bool:
    """Whether a bronze file is whole, as its footer tells."""
    try:
        pq.read_metadata(rows)
    except (OSError, pa.ArrowException):
        return False
    return True


def _rows_of(paths: DataPaths, source_key: str, identity: str, received_at: datetime) -> Path | None:
    """Return the bronze file of a delivery; None where it is gone."""
    rows = partition(paths.bronze / source_key, received_at) / f"{identity}.parquet"
    return rows if rows.exists() else None


class _StillWritten(Exception):
    """The file changed while it was read."""


class _DamagedBronze(Exception):
    """What the file is to be compared with cannot be read; the file itself is not at fault."""


def _ids(attempts: list[dict[str, Any]]) -> Iterator[str]:
    return (row["file_id"] for row in attempts)


def _check_clock(loaded: list[dict[str, Any]], backfill: bool) -> None:
    """Hold the clock against the ledger: a wrong one stamps a load with a day that no later load can undo.

    Raises:
        UsageError: The clock or the ledger is far ahead of the other.
    """
    now, finished = datetime.now(UTC), max((row["finished_at"] for row in loaded), default=None)
    latest = now + timedelta(days=_days_ahead() + 1)
    ahead = [row for row in loaded if row["received_at"] > latest]
    if ahead and not backfill:
        names, last = listed([row["file_name"] for row in ahead[:3]]), ahead[-1]["received_at"]
        raise UsageError(
            f"the ledger holds loads that were received in days to come ({names}, {last:%Y-%m-%d}); "
            f"this machine's clock says {now:%Y-%m-%d}", "",
            "Correct the clock, or take them back with `leads withdraw FILE --reason '…'`, and put the files into "
            "landing again.",
        )  # fmt: skip
    silence = whole_number("LEADS_DAYS_SILENT", DAYS_SILENT)
    if finished and now > finished + timedelta(days=silence):
        raise UsageError(
            f"this machine's clock says {now:%Y-%m-%d}, and the newest load was on {finished:%Y-%m-%d}, more than "
            f"{silence:,} days before", "",
            "Correct the clock. If it is right, set LEADS_DAYS_SILENT to a larger number for this once.",
        )  # fmt: skip


def _days_ahead() -> int:
    return whole_number("LEADS_DAYS_AHEAD", DAYS_AHEAD)


def _check_date(file: _File) -> None:
    """Refuse a date that a delivery can hardly have: it would outrank, or come before, all that is right.

    Raises:
        DataError: It is too far ahead, or before history begins.
    """
    ahead, first = _days_ahead(), date.fromisoformat(os.environ.get("LEADS_START") or FIRST_DAY)
    remedy = "Rename the file with its right date and put it into landing again."
    if file.claimed > file.started_at.date() + timedelta(days=ahead):
        raise DataError(
            f"the file is dated {file.claimed}, a day that is still to come, by more than {ahead} days", file.name,
            f"{remedy} LEADS_DAYS_AHEAD raises the limit.",
        )  # fmt: skip
    if file.claimed < first:
        raise DataError(f"the file is dated {file.claimed}, before {first}, when history begins", file.name, remedy)


def _state(path: Path) -> os.stat_result:
    """Return size and times of a file; those of a link that leads nowhere are its own."""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


def _is_not_of_the_file(error: Exception, path: Path, scratch: Path) -> bool:
    """Whether an error says nothing of the file that is taken in: the disk is full, or a folder of ours is closed."""
    if isinstance(error, UsageError):
        return True
    number = getattr(error, "errno", None)
    if number in FOR_ALL or "No space left on device" in str(error):
        return True
    if isinstance(error, OSError) and error.filename is not None:
        # The file is read by way of a link in bronze; everything else there, and in the archive, is ours.
        failed = Path(os.fsdecode(error.filename))
        return failed not in (path, manifest_path(path), scratch.with_name(f"{scratch.name}.source"))
    # An error in the middle of a read or write names no file: it is the delivered one's where that cannot be read.
    return (number == errno.EIO or isinstance(error, duckdb.IOException)) and _can_be_read(path)


def _can_be_read(path: Path) -> bool:
    """Whether a file can be read to its end."""
    try:
        file_id(path)
    except OSError:
        return False
    return True


def _problem(error: OSError | duckdb.Error, paths: DataPaths) -> str:
    """Return what the system says of a file that is not a delivered one."""
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename or paths.root}"
    return visible(" ".join(str(error).split()))[:300]


def _unforeseen(error: Exception, name: str) -> DataError:
    """Return an error that no rule foresaw as a sentence about the file."""
    words = visible(" ".join(str(error).split()))[:300] or "no more is known"
    return DataError(f"it cannot be read ({type(error).__name__}: {words})", name, "Ask the sender for it again.")


def _without(path: Path, outcome: Outcome) -> Outcome:
    """Remove a file that was taken in, and what was stated of it, and return the outcome.

    It stays where somebody writes to it all the same: what comes of it is another delivery, and is taken in next time.
    Where it cannot be removed, what was entered in the ledger holds all the same.
    """
    if is_open_to_write(path):
        return outcome
    try:
        path.unlink()
        if has_manifest(path):
            manifest_path(path).unlink(missing_ok=True)
    except FileNotFoundError:
        pass
    except OSError as error:
        problem = f"it cannot be removed from landing ({error.strerror})"
        return replace(outcome, reason="; ".join(filter(None, (outcome.reason, problem))))
    return outcome


def _readable_id(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        DataError: It may not be read.
    """
    try:
        return file_id(path)
    except PermissionError as error:
        raise DataError(
            "the file may not be read", visible(path.name), "Grant read access and put it into landing again."
        ) from error


def _quarantine(path: Path, source_key: str, reason: str, paths: DataPaths) -> None:
    """Move a file that cannot be used out of the way, beside a text with the reason."""
    folder = paths.quarantine / source_key
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"{stamp}_{safe_name(path.name)}"
    target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
    if has_manifest(path):
        _move(manifest_path(path), manifest_path(target))
    _move(path, target)


def _move(path: Path, target: Path) -> None:
    """Move what lies in landing, file or not, also to another file system."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(path, target)


def _remove_unfinished(paths: DataPaths, loaded: set[str]) -> None:
    """Remove what a killed ingest left: rows in bronze of a load that it had begun, and half-written files."""
    for mark in paths.bronze.glob(f".*{BEGUN}"):
        file_id = mark.name.removeprefix(".").removesuffix(BEGUN)
        if file_id in loaded:
            mark.unlink()
            continue
        # The mark stays: the bytes in the archive are known by it until the file is loaded.
        for table in (*contracts(), "rejected_row"):
            for part in (paths.bronze / table).glob(f"*/{glob.escape(file_id)}.parquet"):
                part.unlink()
    for leftover in (
        *paths.bronze.glob(".*.rows"),
        *paths.bronze.glob(".*.rejects"),
        *paths.bronze.glob(".*.source"),
        *paths.bronze.glob(".*.original"),
        *paths.bronze.glob(".*.utf8"),
        *paths.bronze.glob(".*.unpacked"),
        *paths.bronze.glob("*/*/.*.unfinished"),
        *paths.archive.glob("*/.*.unfinished"),
    ):
        leftover.unlink()
