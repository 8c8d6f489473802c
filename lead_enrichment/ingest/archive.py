"""The archive: the original bytes of every loaded delivery, compressed, named by their SHA-256, read-only."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lead_enrichment.contracts import contracts
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.ledger import WITHDRAWN, ArchiveEvent, Ledger, loaded_of, partition
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths, files_below, whole
from lead_enrichment.users import user_name

# Zstandard at level 3 takes a third of the time of gzip at the same level, and an eighth less room.
CODEC, LEVEL, CHUNK_BYTES = "zstd", 3, 1 << 22
SUFFIX = ".zst"
ARCHIVED, PRUNED, MISSING, UNKNOWN = "archived", "pruned", "missing", "not in the ledger"
# Shortest beginning of a file id that names a file.
SHORTEST_PREFIX = 4


@dataclass(frozen=True)
class Entry:
    """One archived delivery, as the ledger and the archive folder together know it.

    `archived_bytes` is None where the file is not there. A file that no load in the ledger names has an id and a size
    only: an ingest that was killed left it, or the ledger was lost.
    """

    file_id: str
    state: str
    source_key: str | None = None
    file_name: str | None = None
    file_date: date | None = None
    received_at: datetime | None = None
    file_bytes: int | None = None
    archived_bytes: int | None = None
    pruned_at: datetime | None = None
    other_names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Whether an archived delivery may go, and why or why not."""

    entry: Entry
    goes: bool
    reason: str


def archived_file(paths: DataPaths, file_id: str) -> Path:
    """Return the place of a delivery in the archive."""
    return paths.archive / file_id[:2] / f"{file_id}{SUFFIX}"


def keep(path: Path, file_id: str, paths: DataPaths) -> None:
    """Keep the original bytes of a file; nothing is done where the archive has them.

    Raises:
        DataError: The bytes are no longer those of the id: the file changed while it was taken in.
    """
    target = archived_file(paths, file_id)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    codec, digest = pa.Codec(CODEC, compression_level=LEVEL), hashlib.sha256()
    with whole(target) as unfinished:
        with path.open("rb") as source, unfinished.open("wb") as packed:
            # Each chunk is a frame of its own; every reader of the format joins them.
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                packed.write(codec.compress(chunk))
        if digest.hexdigest() != file_id:
            raise DataError(
                "the file changed while it was taken in", path.name, "Put it into landing again when it is complete."
            )
        # Read-only, to whom the umask lets read.
        unfinished.chmod(unfinished.stat().st_mode & 0o444)


def entries(paths: DataPaths) -> list[Entry]:
    """Return every delivery that was ever archived, the newest last, and behind them files that the ledger lacks."""
    ledger = Ledger(paths.bronze)
    attempts = ledger.attempts(
        ("file_id", "source_key", "file_name", "file_date", "received_at", "file_bytes", "status")
    )
    pruned = {row["file_id"]: row["acted_at"] for row in ledger.archive_events() if row["action"] == PRUNED}
    sizes = {item.name.removesuffix(SUFFIX): item.stat().st_size for item in files_below(paths.archive, SUFFIX)}
    names: dict[str, set[str]] = defaultdict(set)
    for row in attempts:
        names[row["file_id"]].add(row["file_name"])
    found = []
    loaded = {row["file_id"]: row for row in loaded_of(attempts)}
    taken_back = {row["file_id"]: row for row in attempts if row["status"] == WITHDRAWN}
    for row in sorted({**taken_back, **loaded}.values(), key=lambda row: row["received_at"]):
        file_id = row["file_id"]
        state = (
            WITHDRAWN
            if row["status"] == WITHDRAWN
            else ARCHIVED
            if file_id in sizes
            else PRUNED
            if file_id in pruned
            else MISSING
        )
        found.append(
            Entry(
                file_id, state, row["source_key"], row["file_name"], row["file_date"], row["received_at"],
                row["file_bytes"], sizes.pop(file_id, None), pruned.get(file_id),
                frozenset(names[file_id] - {row["file_name"]}),
            )
        )  # fmt: skip
    return found + [Entry(file_id, UNKNOWN, archived_bytes=size) for file_id, size in sorted(sizes.items())]


def missing_names(paths: DataPaths, loaded: dict[str, str]) -> list[str]:
    """Return the names of loaded deliveries whose archived file is gone although nobody pruned it.

    Args:
        paths: The data directory.
        loaded: File name by id of the loaded deliveries.
    """
    there = {item.name.removesuffix(SUFFIX) for item in files_below(paths.archive, SUFFIX)}
    there |= {row["file_id"] for row in Ledger(paths.bronze).archive_events() if row["action"] == PRUNED}
    return [name for file_id, name in loaded.items() if file_id not in there]


def find(wanted: str, paths: DataPaths) -> Entry:
    """Find a delivery by its id, by the beginning of it, or by its file name, also as `source/name`.

    Raises:
        UsageError: Nothing fits, or several do; the message names them.
    """
    known = entries(paths)
    names = {id(item): {item.file_name, f"{item.source_key}/{item.file_name}", *item.other_names} for item in known}
    is_id = re.fullmatch(rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}", wanted.lower()) is not None
    fitting = [
        item for item in known if wanted in names[id(item)] or (is_id and item.file_id.startswith(wanted.lower()))
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        listed = ", ".join(f"{_short_id(item, fitting)} ({item.file_name or UNKNOWN})" for item in fitting[:5])
        more = f" and {len(fitting) - 5:,} more" if len(fitting) > 5 else ""
        raise UsageError(f"'{wanted}' names {len(fitting):,} deliveries", "", f"Give more of the id: {listed}{more}.")
    near = get_close_matches(wanted, [item.file_name for item in known if item.file_name], n=2)
    hint = f"Did you mean {' or '.join(dict.fromkeys(near))}?" if near else "See: leads archive list."
    raise UsageError(f"the archive knows no '{wanted}'", "", hint)


def restore(entry: Entry, folder: Path, paths: DataPaths) -> Path:
    """Write the original bytes of a delivery into a folder, under the name with which it came.

    The file claims the date that it claimed then, also where its name has none. No file is overwritten, and none is
    left that does not hold the bytes of the id.

    Raises:
        UsageError: The folder is none or cannot be written, or holds a file of that name.
        DataError: The archive no longer has the bytes, or they are damaged.
    """
    name = entry.file_name or entry.file_id
    if entry.state == PRUNED and entry.pruned_at:
        raise DataError(
            f"it was pruned on {entry.pruned_at:%Y-%m-%d}", name, "Take it from a backup, or ask the sender."
        )
    source = archived_file(paths, entry.file_id)
    if not source.exists():
        raise DataError("its archived file is missing", str(source), "Take it from a backup.")
    if not folder.is_dir():
        raise UsageError("there is no such folder", str(folder), "Give another --to.")
    target, unfinished = folder / name, folder / f".{entry.file_id[:16]}.{os.getpid()}.unfinished"
    try:
        try:
            _unpack(source, entry.file_id, unfinished)
            if entry.file_date:
                noon = datetime.combine(entry.file_date, time(12), UTC).timestamp()
                os.utime(unfinished, (noon, noon))
            _name(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
    except FileExistsError as error:
        raise UsageError("there is a file already", str(target), "It was left as it is; give another --to.") from error
    except OSError as error:
        raise UsageError(f"the file cannot be written ({error.strerror})", str(target), "Give another --to.") from error
    Ledger(paths.bronze).append_archive_event(_event(entry, "restored", f"to {target.absolute()}"))
    return target


def _name(unfinished: Path, target: Path) -> None:
    """Return a finished file its name, and never the place of another file."""
    try:
        # Unlike a rename, a link fails where a file of the name came in between.
        target.hardlink_to(unfinished)
    except FileExistsError:
        raise
    except OSError:
        # The file system knows no links.
        if os.path.lexists(target):
            raise FileExistsError(str(target)) from None
        unfinished.rename(target)


def _unpack(source: Path, file_id: str, target: Path) -> None:
    """Write the bytes of an archived file, and check them against their SHA-256."""
    digest = hashlib.sha256()
    remedy = "Take it from a backup; nothing was restored."
    with target.open("xb") as out:
        try:
            with pa.CompressedInputStream(pa.OSFile(str(source)), CODEC) as packed:
                while chunk := packed.read(CHUNK_BYTES):
                    digest.update(chunk)
                    out.write(chunk)
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError("the archived file is damaged", str(source), remedy) from error
    if digest.hexdigest() != file_id:
        raise DataError("the archived file is damaged: it holds other bytes than came", str(source), remedy)


def verify(paths: DataPaths, known: list[Entry]) -> list[tuple[Entry, str]]:
    """Return the deliveries whose bytes the archive no longer has as they came, each with what is wrong.

    Args:
        paths: The data directory.
        known: The deliveries, as `entries` returns them.
    """
    wrong = []
    for entry in known:
        if entry.archived_bytes is None:
            if entry.state != PRUNED and entry.pruned_at is None:
                wrong.append((entry, "its archived file is missing. Take it from a backup"))
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                _unpack(archived_file(paths, entry.file_id), entry.file_id, Path(folder) / "bytes")
            except DataError as error:
                wrong.append((entry, f"{error.what}. Take it from a backup"))
    return wrong


def unpack(paths: DataPaths, file_id: str, target: Path) -> None:
    """Write the bytes of an archived delivery, checked against their SHA-256.

    Raises:
        DataError: They are damaged.
    """
    _unpack(archived_file(paths, file_id), file_id, target)


def prune(paths: DataPaths, today: date, dry_run: bool = False) -> list[Verdict]:
    """Remove from the archive what its contract no longer asks to keep and no restatement needs.

    The ledger comes first: a prune that is killed in between is ended by the next one, under the same entry.

    Args:
        paths: The data directory.
        today: The day from which retention is counted back.
        dry_run: Judge only.

    Returns:
        The verdict on every file in the archive.

    Raises:
        UsageError: An ingest is at work, or the archive cannot be written.
    """
    with only_writer(paths):
        judged = verdicts(paths, today)
        ledger = Ledger(paths.bronze)
        for verdict in judged if not dry_run else ():
            if verdict.goes:
                path = archived_file(paths, verdict.entry.file_id)
                try:
                    if verdict.entry.pruned_at is None:
                        ledger.append_archive_event(_event(verdict.entry, PRUNED, verdict.reason))
                    path.unlink()
                except OSError as error:
                    raise UsageError(
                        f"the file cannot be removed ({error.strerror})", str(path), "Grant write access to the folder."
                    ) from error
                with suppress(OSError):
                    path.parent.rmdir()
        return judged


def verdicts(paths: DataPaths, today: date) -> list[Verdict]:
    """Judge every file in the archive; see prune."""
    loaded = loaded_of(Ledger(paths.bronze).attempts())
    attempts = {row["file_id"]: row for row in loaded}
    needed = dict(_needed(loaded))
    judged = []
    for entry in entries(paths):
        if entry.state == UNKNOWN:
            judged.append(Verdict(entry, False, "the ledger names no load of it; look before you remove it by hand"))
        elif entry.state == WITHDRAWN and entry.archived_bytes is not None:
            judged.append(Verdict(entry, False, "its load was withdrawn: only the archive has it"))
        elif entry.state == ARCHIVED:
            row = attempts[entry.file_id]
            stays = _in_retention(row, today) or needed.get(entry.file_id) or _bronze_gap(row, paths)
            judged.append(Verdict(entry, stays is None, stays or _ended(row)))
    return judged


def _in_retention(attempt: dict[str, Any], today: date) -> str | None:
    """Return until when a contract keeps a delivery, as a sentence; None where its time is over."""
    contract = contracts().get(attempt["source_key"])
    if contract is None or contract.retention is None:
        return "kept for ever: no contract names a retention"
    ends = contract.retention.ends(attempt["received_at"].date())
    return f"kept until {ends}" if today < ends else None


def _ended(attempt: dict[str, Any]) -> str:
    retention = contracts()[attempt["source_key"]].retention
    return f"received {attempt['received_at']:%Y-%m-%d}, kept for {retention}"


def _needed(loaded: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Return the deliveries that the next one is compared with, by the rule of intermediate.int_delivery, and why."""
    newest_date: dict[str, date] = {}
    effective: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in loaded:
        key = row["source_key"]
        if row["delivery_mode"] == "change_feed" or row["file_date"] >= newest_date.get(key, row["file_date"]):
            effective[key].append(row)
        newest_date[key] = max(row["file_date"], newest_date.get(key, row["file_date"]))
    for key, rows in effective.items():
        yield rows[-1]["file_id"], f"the newest effective delivery of {key}"
        if len(rows) > 1 and rows[-1]["delivery_mode"] == "full_snapshot":
            yield rows[-2]["file_id"], f"the snapshot of {key} before the newest"


def _bronze_gap(attempt: dict[str, Any], paths: DataPaths) -> str | None:
    """Return what bronze lacks of a delivery, which then only the archive has; None where bronze is complete."""
    for table, rows in ((attempt["source_key"], "rows_loaded"), ("rejected_row", "rows_rejected")):
        if table == "rejected_row" and not attempt[rows]:
            continue
        path = partition(paths.bronze / table, attempt["received_at"]) / f"{attempt['file_id']}.parquet"
        try:
            there = pq.read_metadata(path).num_rows
        except FileNotFoundError:
            return f"a restatement needs it: bronze.{table} lacks its rows"
        except (OSError, pa.ArrowException):
            return f"a restatement needs it: its rows in bronze.{table} cannot be read"
        if there != attempt[rows]:
            return f"a restatement needs it: bronze.{table} holds {there:,} of its {attempt[rows]:,} rows"
    return None


def _event(entry: Entry, action: str, reason: str) -> ArchiveEvent:
    return ArchiveEvent(
        entry.file_id,
        entry.source_key or "",
        entry.file_name or "",
        action,
        reason,
        entry.archived_bytes or 0,
        user_name(),
    )


def _short_id(entry: Entry, among: list[Entry]) -> str:
    """Return as many digits of an id as tell it from the others."""
    length = 12
    while Counter(item.file_id[:length] for item in among)[entry.file_id[:length]] > 1 and length < 64:
        length += 4
    return entry.file_id[:length]
