"""Compares ledger, archive, bronze, warehouse and published copy, and mends what one of them still tells of another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lead_enrichment.bronze import LEDGER_TABLES
from lead_enrichment.contracts import contracts
from lead_enrichment.errors import DataError, LeadsError
from lead_enrichment.ingest.archive import archived_file, entries, unpack, verify
from lead_enrichment.ingest.delivery import Stamp, convert, read_header, with_doubled_settled
from lead_enrichment.ingest.evidence import unknown_to_ledger
from lead_enrichment.ingest.formats import as_text
from lead_enrichment.ingest.ledger import LOADED, WITHDRAWN, Attempt, Ledger, loaded_of, partition
from lead_enrichment.ledger_files import COMPACTED_COPY, COMPACTED_FILE, damaged_files, is_readable
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths, whole, write_text_whole
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.waiting import HELD
from lead_enrichment.wording import counted


@dataclass(frozen=True)
class Discrepancy:
    """What two of the places tell differently.

    Args:
        what: What is wrong.
        where: The file.
        remedy: What brings it back.
        mend: Does it; None where only a person can.
    """

    what: str
    where: str
    remedy: str
    mend: Callable[[], None] | None = None


@dataclass(frozen=True)
class Examined:
    """A difference, whether it was mended, and why not where it could not be."""

    difference: Discrepancy
    is_mended: bool
    failure: str = ""


def examine(paths: DataPaths, repair: bool = False) -> list[Examined]:
    """Return every difference; with `repair`, mend what can be mended.

    Raises:
        UsageError: An ingest is at work.
    """
    found = []
    with only_writer(paths):
        # Each step stands on the one before: what a damaged ledger file said is looked for in bronze and the archive.
        for step in (_damaged_ledger, _unknown, _bronze, _archive, _built):
            for difference in [*step(paths)]:
                failure, is_mended = "", False
                if repair and difference.mend:
                    try:
                        difference.mend()
                        is_mended = True
                    except (LeadsError, OSError, duckdb.Error, pa.ArrowException) as error:
                        failure = str(error)
                found.append(Examined(difference, is_mended, failure))
            if step is _damaged_ledger and found and not repair:
                # Nothing can be compared with a ledger that cannot be read.
                break
    return found


def _damaged_ledger(paths: DataPaths) -> Iterator[Discrepancy]:
    for table in LEDGER_TABLES:
        for path in damaged_files(paths.bronze / table):
            target = paths.root / "damaged" / Path(*path.parts[-3:])
            copy = paths.bronze / table / COMPACTED_COPY
            if path == paths.bronze / table / COMPACTED_FILE and is_readable(copy):
                yield Discrepancy(
                    f"a file of bronze.{table} cannot be read", str(path),
                    "--repair moves it to damaged/, and takes the copy that compaction made of it.",
                    lambda path=path, target=target, copy=copy: _take_copy(path, target, copy),  # type: ignore[misc]
                )  # fmt: skip
                continue
            yield Discrepancy(
                f"a file of bronze.{table} cannot be read", str(path),
                "Bring it back from a backup; --repair moves it to damaged/, and looks for what it said.",
                lambda path=path, target=target: _move(path, target),  # type: ignore[misc]
            )  # fmt: skip


def _take_copy(path: Path, target: Path, copy: Path) -> None:
    """Put the copy of a compacted file into its place."""
    _move(path, target)
    with whole(path) as unfinished:
        shutil.copyfile(copy, unfinished)


def _unknown(paths: DataPaths) -> Iterator[Discrepancy]:
    attempts = Ledger(paths.bronze).attempts()
    known = {row["file_id"] for row in attempts if row["status"] in (LOADED, WITHDRAWN)}
    for file_id in sorted(unknown_to_ledger(paths, known)):
        part = next((part for key in contracts() for part in (paths.bronze / key).glob(f"*/{file_id}.parquet")), None)
        if part:
            yield Discrepancy(
                "bronze holds a delivery that the ledger does not know", str(part),
                "Bring the ledger back from a backup; --repair enters it in the ledger again.",
                lambda part=part: _adopt(paths, part, attempts),  # type: ignore[misc]
            )  # fmt: skip
        elif archived_file(paths, file_id).exists():
            yield Discrepancy(
                "the archive holds a delivery that the ledger does not know", str(archived_file(paths, file_id)),
                "--repair puts it into quarantine/recovered/: look at it, and put it into its source's folder.",
                lambda file_id=file_id: _recover(paths, file_id),  # type: ignore[misc]
            )  # fmt: skip
        else:
            (rejected,) = (paths.bronze / "rejected_row").glob(f"*/{file_id}.parquet")
            yield Discrepancy(
                "rejected rows are of a delivery that nothing knows", str(rejected), "--repair moves them to damaged/.",
                lambda path=rejected: _move(path, paths.root / "damaged" / Path(*path.parts[-3:])),  # type: ignore[misc]
            )  # fmt: skip


def _adopt(paths: DataPaths, part: Path, attempts: list[dict[str, Any]]) -> None:
    """Enter a delivery in the ledger again, as its rows in bronze tell."""
    rows = pq.ParquetFile(part).read(["file_id", "file_date", "received_at"])
    if not rows.num_rows:
        raise DataError("the file has no rows, which would tell of the delivery", str(part))
    first = rows.slice(0, 1).to_pylist()[0]
    source_key = part.parts[-3]
    rejected = partition(paths.bronze / "rejected_row", first["received_at"]) / part.name
    rejects = pq.read_metadata(rejected).num_rows if rejected.exists() else 0
    earlier = next((row for row in attempts if row["file_id"] == part.stem), {})
    archived = archived_file(paths, part.stem)
    Ledger(paths.bronze).append(
        Attempt(
            file_id=part.stem, source_key=source_key,
            file_name=earlier.get("file_name") or f"{source_key}_{first['file_date']}_{part.stem[:8]}",
            file_date=first["file_date"], delivery_mode=contracts()[source_key].delivery_mode, status=LOADED,
            reason="entered again by leads doctor from its rows in bronze: the ledger had lost it",
            rows_delivered=rows.num_rows + rejects, rows_loaded=rows.num_rows, rows_rejected=rejects,
            file_bytes=earlier.get("file_bytes") or (archived.stat().st_size if archived.exists() else 0),
            encoding=earlier.get("encoding"), header=earlier.get("header"), received_at=first["received_at"],
            started_at=datetime.now(UTC), completeness="unattested",
        )
    )  # fmt: skip


def _recover(paths: DataPaths, file_id: str) -> None:
    """Put an archived delivery that nothing else knows into quarantine, where a person finds it."""
    target = paths.quarantine / "recovered" / file_id
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    unpack(paths, file_id, target)
    reason = "The archive held it, and the ledger did not know it: put it into its source's folder in landing.\n"
    write_text_whole(target.with_name(f"{file_id}.reason.txt"), reason)
    archived_file(paths, file_id).unlink()


def _bronze(paths: DataPaths) -> Iterator[Discrepancy]:
    for row in loaded_of(Ledger(paths.bronze).attempts()):
        for table, column in ((row["source_key"], "rows_loaded"), ("rejected_row", "rows_rejected")):
            if not row[column]:
                continue
            part = partition(paths.bronze / table, row["received_at"]) / f"{row['file_id']}.parquet"
            try:
                found = pq.ParquetFile(part).read(["file_id"])["file_id"]
                what = (
                    ""
                    if len(found) == row[column]
                    else f"bronze.{table} holds {len(found):,} of its {row[column]:,} rows"
                )
                if not what and found.unique().to_pylist() != [row["file_id"]]:
                    what = f"bronze.{table} holds rows of another delivery"
            except FileNotFoundError:
                what = f"bronze.{table} lacks its rows"
            except (OSError, pa.ArrowException):
                what = f"its rows in bronze.{table} cannot be read"
            if what:
                yield Discrepancy(
                    f"{row['source_key']}/{row['file_name']}: {what}", str(part),
                    "--repair converts them again from the archive.",
                    lambda row=row: _convert_again(paths, row),  # type: ignore[misc]
                )  # fmt: skip
                break


def _convert_again(paths: DataPaths, row: dict[str, Any]) -> None:
    """Convert a loaded delivery again from its archived bytes, and take the rows where they are as many as then."""
    contract, name = contracts()[row["source_key"]], row["file_name"]
    scratch = paths.bronze / f".{row['file_id'][:16]}"
    original, rows, rejects = (scratch.with_name(f"{scratch.name}.{end}") for end in ("original", "rows", "rejects"))
    try:
        original.unlink(missing_ok=True)
        unpack(paths, row["file_id"], original)
        with as_text(original, contract, scratch, name) as text:
            header = with_doubled_settled(text, read_header(text, name), contract, name)
            stamp = Stamp(row["file_id"], row["file_date"], row["received_at"])
            made = convert(text, header, contract, stamp, rows, rejects)
        if (made.rows_loaded, made.rows_rejected) != (row["rows_loaded"], row["rows_rejected"]):
            raise DataError(
                f"converted again it gives {made.rows_loaded:,} rows and {made.rows_rejected:,} rejected, "
                f"not {row['rows_loaded']:,} and {row['rows_rejected']:,} as when it was loaded", name,
                "Its contract has changed: bring bronze back from a backup, or withdraw it and load it again.",
            )  # fmt: skip
        for made_part, table in ((rows, row["source_key"]), (rejects, "rejected_row")):
            if made_part.exists():
                target = partition(paths.bronze / table, row["received_at"]) / f"{row['file_id']}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                made_part.replace(target)
    finally:
        for left in (original, rows, rejects):
            left.unlink(missing_ok=True)


def _archive(paths: DataPaths) -> Iterator[Discrepancy]:
    for entry, problem in verify(paths, entries(paths)):
        name = f"{entry.source_key}/{entry.file_name}"
        yield Discrepancy(f"{name}: {problem}", str(archived_file(paths, entry.file_id)), "")


def _built(paths: DataPaths) -> Iterator[Discrepancy]:
    """Compare the warehouse and the published copy with the ledger."""
    loaded = {row["file_id"] for row in loaded_of(Ledger(paths.bronze).attempts())}
    for file, remedy in (
        (paths.warehouse, "Move it away; the models build it again from bronze: make run"),
        (paths.published, "Remove it; the next run writes it again: sqlmesh run --ignore-cron"),
    ):
        if not file.exists():
            continue
        try:
            with connect(str(file), read_only=True) as connection:
                shown = connection.execute("SELECT file_id FROM ops.reconciliation").fetchall()
                broken = connection.execute(
                    "SELECT file_name, broken_link FROM ops.reconciliation WHERE broken_link IS NOT NULL"
                ).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            continue
        except duckdb.Error as error:
            if not HELD.search(str(error)):
                yield Discrepancy(f"the file cannot be read ({' '.join(str(error).split())[:200]})", str(file), remedy)
            continue
        for name, link in broken:
            yield Discrepancy(
                f"{name}: {link} does not add up", str(file), "Run: sqlmesh plan --restate-model 'staging.*'"
            )
        if lacking := loaded - {file_id for (file_id,) in shown}:
            yield Discrepancy(
                f"{counted(len(lacking), 'load is', 'loads are')} not built yet",
                str(file),
                "Run: sqlmesh run --ignore-cron",
            )
        if more := {file_id for (file_id,) in shown} - loaded:
            yield Discrepancy(
                f"it shows {counted(len(more), 'load')} that the ledger lacks", str(file), "Run: leads refresh"
            )


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
