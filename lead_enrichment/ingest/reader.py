"""Reads a workbook or a Parquet file in a process of its own, which may crash, swell or hang at its own cost only.

The parsers of these formats are native code: a single cell at the far corner of a sheet made one of them abort the
whole ingest. `python -m lead_enrichment.ingest.reader xlsx FILE TARGET` writes the file as CSV; what is wrong with it
is the last line on standard error.
"""

from __future__ import annotations

import csv
import errno
import os
import resource
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

from lead_enrichment.errors import DataError
from lead_enrichment.ingest.limits import limits

ASK_AGAIN = "Ask the sender for it again."
ASK_CSV = "Ask the sender for the CSV export and drop that."
# Exit codes of the process; any other is a crash.
REFUSED, NOT_WRITTEN, TOO_LARGE = 65, 66, 67
WORDS = {"xlsx": "workbook", "parquet": "Parquet file"}


def write_as_csv(kind: str, path: Path, name: str, target: Path) -> None:
    """Write a workbook or a Parquet file as CSV.

    Args:
        kind: `xlsx` or `parquet`.
        path: The file.
        name: Its name as messages show it.
        target: The CSV file to write.

    Raises:
        DataError: It is damaged or empty, or takes more memory or time than a reader may have.
        OSError: The CSV file cannot be written, as on a full disk.
    """
    allowed, package = limits(), str(Path(__file__).parents[2])
    words = [sys.executable, "-m", "lead_enrichment.ingest.reader", kind, str(path), str(target)]
    # An arena for each thread would count against the memory that the process may take.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
        "MALLOC_ARENA_MAX": "2",
    }
    what = WORDS[kind]
    try:
        done = subprocess.run(
            words, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False,
            timeout=allowed.reader_seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DataError(
            f"reading the {what} takes longer than {allowed.reader_seconds:,} seconds", name, ASK_CSV
        ) from error
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [""]
    said = lines[-1]
    if done.returncode < 0:
        # What native code says of its own crash, all but its cause, is for those who wrote it.
        said = next((line for line in lines if "memory" in line), f"signal {-done.returncode}")
    if done.returncode == REFUSED:
        raise DataError(said, name, ASK_AGAIN)
    if done.returncode == NOT_WRITTEN:
        number = int(said) if said.isdecimal() else errno.EIO
        raise OSError(number, os.strerror(number), str(target))
    if done.returncode == TOO_LARGE:
        allowed.check_bytes(allowed.bytes + 1, name)
    if done.returncode:
        raise DataError(
            f"the {what} cannot be read: its reader ended within {allowed.reader_bytes // 1_000_000:,} MB of memory "
            f"({said[:200] or f'exit code {done.returncode}'})", name, ASK_CSV,
        )  # fmt: skip


def write_workbook(path: Path, target: Path) -> None:
    """Write the first sheet of a workbook as CSV.

    Raises:
        DataError: It is damaged or empty.
    """
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        rows = workbook.get_sheet_by_index(0).iter_rows()
    except python_calamine.CalamineError as error:
        raise DataError(f"the workbook is damaged ({error})") from error
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        is_empty, allowed = True, limits()
        for number, row in enumerate(rows, start=1):
            # A single row with a huge number is preceded by as many that are empty.
            allowed.check_rows(number, "")
            values = [_cell(value) for value in row]
            # An empty row is an empty line, so that the others keep their numbers.
            writer.writerow(values if any(values) else ())
            is_empty = is_empty and not any(values)
    if is_empty:
        raise DataError("the first sheet of the workbook is empty")


def _cell(value: str | float | bool | datetime | date | time | timedelta) -> str:
    """Return a cell as a CSV export would: dates in ISO form, whole numbers without a decimal point."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value)


def write_parquet(path: Path, target: Path) -> None:
    """Write a Parquet file as CSV, a vector of rows at a time.

    Raises:
        DataError: It is damaged, or has too many rows or columns.
    """
    import duckdb

    from lead_enrichment.warehouse.connection import connect, exactly, literal

    allowed = limits()
    with connect() as connection:
        # One thread keeps the order of the rows without holding them all.
        connection.execute(f"SET threads = 1; SET memory_limit = '{allowed.reader_bytes // 2} B'")
        try:
            (rows,) = connection.execute(
                "SELECT SUM(num_rows) FROM PARQUET_FILE_METADATA(?)", [exactly(path)]
            ).fetchone() or (0,)
            allowed.check_rows(int(rows or 0), "")
            found = connection.execute("DESCRIBE FROM READ_PARQUET(?)", [exactly(path)]).fetchall()
            allowed.check_columns(len(found), "")
            columns = ", ".join(_plain(name, kind) for name, kind, *_ in found)
            connection.execute(
                f"COPY (SELECT {columns} FROM READ_PARQUET({literal(exactly(path))})) TO {literal(target)} "
                "(FORMAT csv, HEADER, DELIMITER ',', NULLSTR '')"
            )
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if "No space left" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            if "File too large" in str(error):
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG)) from error
            if isinstance(error, duckdb.IOException) and str(target) in str(error):
                raise OSError(errno.EIO, os.strerror(errno.EIO)) from error
            # The sender knows the file by its own name only.
            problem = " ".join(str(error).replace(f"'{path}'", "").split())[:300]
            raise DataError(f"the Parquet file is damaged ({problem})") from error


def _plain(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind == "BOOLEAN":
        return f"UPPER({column}::TEXT) AS {column}"
    if kind in ("DOUBLE", "FLOAT"):
        return f"REGEXP_REPLACE({column}::TEXT, '\\.0$', '') AS {column}"
    return f"{column}::TEXT AS {column}"


def main(kind: str, path: str, target: str) -> int:
    """Read one file within the limits, and return an exit code."""
    allowed = limits()
    resource.setrlimit(resource.RLIMIT_DATA, (allowed.reader_bytes, allowed.reader_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed.bytes, allowed.bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        {"xlsx": write_workbook, "parquet": write_parquet}[kind](Path(path), Path(target))
    except DataError as error:
        print(error.what, file=sys.stderr)
        return REFUSED
    except OSError as error:
        # The readers turn what is wrong with the file that they read into a sentence.
        if error.errno == errno.EFBIG:
            return TOO_LARGE
        print(error.errno or errno.EIO, file=sys.stderr)
        return NOT_WRITTEN
    except MemoryError:
        print("out of memory", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
