"""The files of a ledger table: loose ones, each written once by a rename, and a compacted one that takes them up.

A loose file is a commit, so each entry has its own. Reading a thousand of them takes a second, and 2,500 MB for ten
thousand. Where they are many, `compact` writes their rows into one file, in which each row keeps the name of the file
that it came from, and removes them. A row of the compacted file does not count where a file of that name lies loose.
So every entry counts once wherever compaction breaks off, and one that is written anew, under its name, takes the place
of what compaction had taken up.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lead_enrichment.bronze import ENTRY, Columns, arrow_schema
from lead_enrichment.errors import DataError
from lead_enrichment.paths import whole
from lead_enrichment.wording import counted

# So many loose files a table may have; more are compacted by the next ingest.
MOST_LOOSE = 200
# The compacted file, and a copy of it for the day on which it is damaged. No engine reads a file with a hidden name.
COMPACTED_FILE, COMPACTED_COPY = Path("compacted", "all.parquet"), Path("compacted", ".all.copy")
EMPTY = "empty.parquet"
# How often a table is listed again because compaction removed what was listed.
LISTINGS = 20


def read(folder: Path, columns: Columns, names: Iterable[str] | None = None) -> pa.Table:
    """Return the rows of a ledger table, every entry once, in no order.

    Args:
        folder: The table's folder in bronze.
        columns: The table's columns.
        names: Those to read; all by default.

    Raises:
        DataError: A file is damaged.
    """
    wanted = None if names is None else {*names}
    chosen = tuple(column for column in columns if wanted is None or column[0] in wanted)
    return _read(folder, chosen).select([name for name, _, _ in chosen])


def compact(folder: Path, columns: Columns, most_loose: int = MOST_LOOSE) -> int:
    """Take the loose files of a ledger table up into its compacted file, where they are many.

    Nobody else may write entries anew meanwhile (the lock of ingest), and no run of the models may read.

    Args:
        folder: The table's folder in bronze.
        columns: The table's columns.
        most_loose: So many may stay loose.

    Returns:
        How many files it took up.

    Raises:
        DataError: A file is damaged; nothing was changed.
    """
    loose = list(_loose_files(folder))
    if len(loose) <= most_loose:
        return 0
    # What is written meanwhile under a new name is not among them, and stays.
    rows = _read(folder, columns, loose)
    _write(rows, folder / COMPACTED_FILE)
    # The one file now stands for thousands.
    if not pq.read_table(folder / COMPACTED_FILE, partitioning=None).equals(rows):
        raise DataError("the compacted ledger is not what was written", str(folder / COMPACTED_FILE), "Check the disk.")
    copy = folder / COMPACTED_COPY
    with whole(copy) as unfinished:
        shutil.copyfile(folder / COMPACTED_FILE, unfinished)
        _sync(unfinished)
    _sync(copy.parent)
    for path in loose:
        path.unlink()
    for day in {path.parent for path in loose}:
        # Not empty where another entry came in between.
        with suppress(OSError):
            day.rmdir()
    return len(loose)


def damaged_files(folder: Path) -> list[Path]:
    """Return the Parquet files of a table that cannot be read to their end."""
    return [path for path in sorted(folder.glob("*/*.parquet")) if path.exists() and not is_readable(path)]


def is_readable(path: Path) -> bool:
    """Whether a Parquet file can be read to its end.

    Raises:
        PermissionError: It may not be read; that is no damage.
    """
    try:
        with pq.ParquetFile(path) as file:
            file.read()
    except PermissionError:
        raise
    except (OSError, pa.ArrowException):
        return False
    return True


def _read(folder: Path, columns: Columns, loose: list[Path] | None = None) -> pa.Table:
    """Return rows with the name of the file that each came in.

    Args:
        folder: The table's folder.
        columns: What to read.
        loose: Its loose files; they are listed here by default.
    """
    for _ in range(LISTINGS):
        try:
            # Listed before the compacted file is opened: what compaction takes up after that, the file has.
            found = list(_loose_files(folder)) if loose is None else loose
            return _join(folder / COMPACTED_FILE, found, arrow_schema((*columns, ENTRY)))
        except FileNotFoundError:
            # Compaction took up what was listed a moment before.
            continue
        except (OSError, pa.ArrowException) as error:
            damaged = damaged_files(folder)
            if not damaged:
                raise
            raise DataError(
                f"{counted(len(damaged), 'file')} of the ledger cannot be read", str(damaged[0]),
                "Bring it back from a backup, or run: leads doctor --repair",
            ) from error  # fmt: skip
    raise DataError("files of the ledger go while they are read", str(folder), "Try again.")


def _join(compacted: Path, loose: list[Path], schema: pa.Schema) -> pa.Table:
    names = pa.array([path.name for path in loose], pa.string())
    parts = [schema.empty_table()]
    if compacted.exists():
        rows = _rows_of(compacted, schema)
        parts.append(rows.filter(pc.invert(pc.is_in(rows[ENTRY[0]], value_set=names))))
    for path in loose:
        rows = _rows_of(path, schema)
        if ENTRY[0] in rows.column_names:
            rows = rows.drop_columns(ENTRY[0])
        parts.append(rows.append_column(ENTRY[0], pa.repeat(path.name, rows.num_rows)))
    # By name: an older file lacks the columns that came later.
    return pa.concat_tables(parts, promote_options="default").combine_chunks()


def _rows_of(path: Path, schema: pa.Schema) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(columns=schema.names, use_threads=False)


def _loose_files(folder: Path) -> Iterator[Path]:
    """Return the files of a table that hold an entry each, sorted by day and name."""
    try:
        days = sorted(item.path for item in os.scandir(folder) if item.name.startswith("received_on="))
    except FileNotFoundError:
        return
    for day in days:
        try:
            names = sorted(item.name for item in os.scandir(day))
        except FileNotFoundError:
            # Compaction removed the folder, and what was in it stands in the compacted file.
            continue
        yield from (
            Path(day, name)
            for name in names
            if name.endswith(".parquet") and not name.startswith(".") and name != EMPTY
        )


def _write(rows: pa.Table, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target) as unfinished:
        pq.write_table(rows, unfinished, compression="zstd")
        _sync(unfinished)
    _sync(target.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk: what they stand for is removed next."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
