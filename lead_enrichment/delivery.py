"""Reads one delivered file: its identity, encoding, header and rows."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lead_enrichment.bronze import REJECTED_COLUMNS, arrow_schema, source_columns
from lead_enrichment.contracts import Contract, contracts
from lead_enrichment.errors import DataError

CHUNK_BYTES = 1 << 20
BATCH_ROWS = 20_000
FILE_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


@dataclass(frozen=True)
class Stamp:
    """What every row of a delivery carries."""

    file_id: str
    file_date: date
    received_at: datetime


@dataclass(frozen=True)
class Converted:
    """What a conversion made of a delivery."""

    rows_loaded: int
    rows_rejected: int
    notices: tuple[str, ...]


def file_id(path: Path) -> str:
    """Give the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_date(path: Path) -> date:
    """Give the date that a file claims: the one in its name, otherwise that of its last modification (UTC).

    Raises:
        DataError: The name holds a date that the calendar does not.
    """
    found = FILE_DATE.search(path.name)
    if not found:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    try:
        return date.fromisoformat(found[1])
    except ValueError as error:
        raise DataError(
            f"{found[1]} in the name is no date", path.name, "Rename the file with its date as YYYY-MM-DD."
        ) from error


def detect_encoding(path: Path) -> str:
    """Give the encoding of a text file: UTF-8 (with or without mark) where it is that, otherwise cp1252.

    Raises:
        DataError: The file is empty, holds NUL bytes, or is neither.
    """
    remedy = "Ask the sender for the CSV export and drop that."
    utf8, cp1252 = True, True
    decoder_tail = b""
    with path.open("rb") as stream:
        first = stream.read(3)
        if not first:
            raise DataError("the file is empty", path.name, "Ask the sender for it again.")
        stream.seek(0)
        while chunk := stream.read(CHUNK_BYTES):
            if b"\0" in chunk:
                raise DataError("the file is no text", path.name, remedy)
            if utf8:
                pending = decoder_tail + chunk
                try:
                    pending.decode("utf-8")
                    decoder_tail = b""
                except UnicodeDecodeError as error:
                    # A character cut by the end of the chunk is decoded with the next one.
                    decoder_tail = pending[error.start :]
                    utf8 = len(decoder_tail) < 4
            # The five bytes that cp1252 leaves undefined.
            cp1252 = cp1252 and not re.search(rb"[\x81\x8d\x8f\x90\x9d]", chunk)
    if utf8 and not decoder_tail:
        return "utf-8-sig" if first == b"\xef\xbb\xbf" else "utf-8"
    if not cp1252:
        raise DataError("the text is neither UTF-8 nor cp1252", path.name, remedy)
    return "cp1252"


def read_header(path: Path, encoding: str) -> list[str]:
    """Give the column headers of a CSV file."""
    with path.open(encoding=encoding, newline="") as stream:
        return [text.strip() for text in next(csv.reader(stream), [])]


def check_header(path: Path, header: list[str], contract: Contract) -> tuple[str, ...]:
    """Hold a header against its contract.

    Returns:
        What the operator should know: columns that are new, optional columns that are missing.

    Raises:
        DataError: Required columns are missing; the message names the folder where the file would fit.
    """
    missing = contract.missing_required(header)
    if missing:
        fitting = [key for key, other in contracts().items() if not other.missing_required(header)]
        if fitting:
            raise DataError(
                f"the header is that of {fitting[0]}, not of {contract.source_key}",
                f"{path.name}, line 1",
                f"Move the file to landing/{fitting[0]}/.",
            )
        names = ", ".join(column.header for column in missing)
        raise DataError(
            f"required columns are missing: {names}",
            f"{path.name}, line 1",
            f"Ask the sender, or add the new spelling as an alias to contracts/{contract.source_key}.yaml.",
        )
    known = contract.map_header(header)
    new = [text for position, text in enumerate(header) if position not in known]
    absent = [column.header for column in contract.columns if column not in known.values()]
    notices = []
    if new:
        notices.append(f"new columns kept in rescued: {', '.join(new)}")
    if absent:
        notices.append(f"optional columns missing: {', '.join(absent)}")
    return tuple(notices)


def convert(
    path: Path, encoding: str, header: list[str], contract: Contract, stamp: Stamp, rows: Path, rejects: Path
) -> Converted:
    """Convert a CSV file to Parquet files of loaded and rejected rows.

    A file in which every row has the header's number of fields goes through DuckDB's parallel reader. Any other goes
    through the csv module, which knows the line and the raw text of a row that does not fit.

    Args:
        path: The delivered file.
        encoding: Its encoding, as `detect_encoding` gives it.
        header: Its header.
        contract: The contract of its source.
        stamp: What every row carries.
        rows: Parquet file to write with loaded rows, in the columns of bronze.
        rejects: Parquet file to write with rejected rows; not written where there are none.

    Raises:
        DataError: The file holds no row.
    """
    text = path
    if encoding == "cp1252":
        text = rows.with_suffix(".utf8")
        with path.open(encoding=encoding, newline="") as source, text.open("w", encoding="utf-8", newline="") as target:
            shutil.copyfileobj(source, target, CHUNK_BYTES)
    try:
        try:
            loaded, rejected = _convert_well_formed(text, header, contract, stamp, rows)
        except duckdb.Error:
            loaded, rejected = _convert_row_by_row(text, header, contract, stamp, rows, rejects)
    finally:
        if text is not path:
            text.unlink()
    if not loaded + rejected:
        raise DataError("the file holds a header and no rows", path.name, "Ask the sender for the full file.")
    notices = (f"{rejected:,} rows kept in rejected rows",) if rejected else ()
    return Converted(loaded, rejected, notices)


def _convert_well_formed(
    path: Path, header: list[str], contract: Contract, stamp: Stamp, rows: Path
) -> tuple[int, int]:
    """Convert a file whose rows all fit; raise duckdb.Error where one does not."""
    known = contract.map_header(header)
    positions = {column.name: position for position, column in known.items()}
    fields = [f"c{position}" for position in range(len(header))]
    projections = [
        f"c{positions[column.name]} AS {column.name}" if column.name in positions else f"NULL::TEXT AS {column.name}"
        for column in contract.columns
    ]
    rescued = [(position, text) for position, text in enumerate(header) if position not in known]
    pairs = ", ".join(f"'{_quoted(text)}', c{position}" for position, text in rescued)
    key = contract.key_column
    pattern = _quoted(key.pattern or r"\S")
    query = f"""
        SELECT {", ".join(projections)},
            '{stamp.file_id}' AS file_id, ROW_NUMBER() OVER () AS row_number, DATE '{stamp.file_date}' AS file_date,
            TIMESTAMPTZ '{stamp.received_at.isoformat()}' AS received_at,
            {f"JSON_OBJECT({pairs})::TEXT" if rescued else "NULL::TEXT"} AS rescued
        FROM READ_CSV('{_quoted(str(path))}', header = FALSE, skip = {_header_lines(path)}, delim = ',', quote = '"',
            escape = '"', all_varchar = TRUE, auto_detect = FALSE, strict_mode = TRUE, null_padding = FALSE,
            max_line_size = 10000000,
            columns = {{{", ".join(f"'{field}': 'VARCHAR'" for field in fields)}}})
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{_quoted(str(rows))}' (FORMAT parquet, COMPRESSION zstd)")
        loaded, keyless = connection.execute(
            f"SELECT COUNT(*), COUNT(*) FILTER (NOT COALESCE(REGEXP_MATCHES({key.name}, '{pattern}'), FALSE)) "
            "FROM READ_PARQUET(?)",
            [str(rows)],
        ).fetchone() or (0, 0)
    if keyless:
        raise duckdb.Error("rows without a natural key")
    return loaded, 0


def _convert_row_by_row(
    path: Path, header: list[str], contract: Contract, stamp: Stamp, rows: Path, rejects: Path
) -> tuple[int, int]:
    """Convert a file some of whose rows do not fit, in batches."""
    schema = arrow_schema(source_columns(contract))
    reject_schema = arrow_schema(REJECTED_COLUMNS)
    known = contract.map_header(header)
    position_of = {column.name: position for position, column in known.items()}
    new = [(position, text) for position, text in enumerate(header) if position not in known]
    key_position = position_of[contract.key]
    key_pattern = re.compile(contract.key_column.pattern or r"\S")
    loaded = rejected = 0
    batch: list[list[str]] = []
    bad: list[dict[str, object]] = []

    def columns_of(batch: list[list[str]]) -> pa.Table:
        arrays: list[pa.Array] = []
        for column in contract.columns:
            position = position_of.get(column.name)
            values = [None] * len(batch) if position is None else [row[position] or None for row in batch]
            arrays.append(pa.array(values, pa.string()))
        rescued = [json.dumps({text: row[position] for position, text in new}) if new else None for row in batch]
        numbers = range(loaded - len(batch) + 1, loaded + 1)
        arrays += [
            pa.array([stamp.file_id] * len(batch), pa.string()),
            pa.array(numbers, pa.int64()),
            pa.array([stamp.file_date] * len(batch), pa.date32()),
            pa.array([stamp.received_at] * len(batch), pa.timestamp("us", tz="UTC")),
            pa.array(rescued, pa.string()),
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    with (
        path.open(encoding="utf-8-sig", newline="") as stream,
        pq.ParquetWriter(rows, schema, compression="zstd") as out,
    ):
        raw = _RawLines(stream)
        reader = csv.reader(raw)
        next(reader)
        raw.take()
        first_line = reader.line_num + 1
        for fields in reader:
            raw_text = raw.take()
            if fields:
                reason = None
                if len(fields) != len(header):
                    reason = f"{len(fields)} fields where {len(header)} were expected"
                elif not key_pattern.search(fields[key_position]):
                    reason = f"{contract.key_column.header} holds no natural key: '{fields[key_position]}'"
                if reason is None:
                    batch.append(fields)
                    loaded += 1
                    if len(batch) == BATCH_ROWS:
                        out.write_table(columns_of(batch))
                        batch = []
                else:
                    rejected += 1
                    bad.append(
                        {
                            "source_key": contract.source_key,
                            "file_id": stamp.file_id,
                            "line_number": first_line,
                            "raw_text": raw_text,
                            "reason": reason,
                            "received_at": stamp.received_at,
                        }
                    )
            first_line = reader.line_num + 1
        out.write_table(columns_of(batch))
    if bad:
        pq.write_table(pa.Table.from_pylist(bad, schema=reject_schema), rejects, compression="zstd")
    return loaded, rejected


class _RawLines:
    """Lines of a stream, remembered until they are taken, so that a rejected row keeps its raw text."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream, self._seen = stream, list[str]()

    def __iter__(self) -> _RawLines:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self._seen.append(line)
        return line

    def take(self) -> str:
        """Give the lines read since the last call."""
        text = "".join(self._seen).rstrip("\r\n")
        self._seen.clear()
        return text


def _header_lines(path: Path) -> int:
    """Count the lines that the header takes; a quoted header may hold a line break."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        return reader.line_num


def _quoted(text: str) -> str:
    return text.replace("'", "''")
