"""Reads one delivered file: its identity, encoding, header and rows."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead_enrichment.bronze import REJECTED_COLUMNS, arrow_schema, source_columns
from lead_enrichment.contracts import Column, Contract, contracts, fold
from lead_enrichment.errors import DataError
from lead_enrichment.ingest.formats import Text
from lead_enrichment.ingest.limits import MOST_CELL_CHARACTERS, limits
from lead_enrichment.ingest.reader import ASK_AGAIN
from lead_enrichment.patterns import LinearPattern
from lead_enrichment.warehouse.connection import connect, exactly, literal
from lead_enrichment.wording import visible

CHUNK_BYTES = 1 << 20
BATCH_ROWS, GROUP_ROWS = 20_000, 1_000
# A number of rows that a trailer states has no more digits.
MOST_DIGITS = 12
# What a batch may hold before it is written, however few its rows are.
BATCH_CHARACTERS = 1 << 24
FIELD_CHARACTERS = MOST_CELL_CHARACTERS
csv.field_size_limit(FIELD_CHARACTERS)
# What one record may take; beyond it a quote counts as never closed, and memory stays bounded.
RECORD_LINES, RECORD_CHARACTERS = 1_000, 1 << 24
# Memory of the parallel reader; beyond it a file goes through the other one, which needs less.
READER_MEMORY = "600MB"
# Lines above a header among which a title is looked for.
MOST_TITLE_LINES = 20
OPEN_QUOTE = "a quote is opened and not closed"
# Signs that are not seen: those of direction and of width, soft hyphens, byte order marks.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
UNSEEN_IN_SQL = r"[\x{00ad}\x{200b}-\x{200f}\x{2060}\x{feff}]"
# How the line below a table begins: its sums, a count of rows, a page, the end of a report.
SUMS = r"((grand|sub|report|overall)[ -]?)?(totals?|sum|counts?|records?|rows?|summary|average|page|number of)"
BELOW_A_TABLE = re.compile(
    rf"\W*({SUMS}|end of|(report|list) (run|date|of|as)|generated|printed|exported|run date|as of|copyright|"
    r"confidential|disclaimer|notes?|source)\b",
    re.IGNORECASE,
)
# A key that is one of these words and no more, perhaps with its number: `Total`, `Rows: 12`; and one without a sign.
NO_KEY = re.compile(
    rf"[\W_]*|\W*(eof|{SUMS})(\W+(of|[0-9,]+|records?|rows?|leads?|operations?|facilities))*\W*", re.IGNORECASE
)
FILE_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


class DriftError(DataError):
    """A delivery's columns are not those of its contract; a person decides what they are.

    Args:
        what: What is wrong.
        where: File and line.
        remedy: What the reader can do.
        columns: The contract's columns that are missing, or whose values stopped fitting.
    """

    def __init__(self, what: str, where: str, remedy: str, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        super().__init__(what, where, remedy)


@dataclass(frozen=True)
class Stamp:
    """What every row of a delivery carries."""

    file_id: str
    file_date: date
    received_at: datetime


@dataclass(frozen=True)
class Converted:
    """What a conversion made of a delivery.

    Args:
        rows_loaded: Rows that became leads.
        rows_rejected: Rows that did not.
        rows_stated: The row count in its trailer row, if it has one.
        no_records: Those of the rejected rows that no one counts as rows: repeated headers, totals.
        first_reason: Why the first row was rejected.
    """

    rows_loaded: int
    rows_rejected: int
    rows_stated: int | None
    no_records: int = 0
    first_reason: str | None = None


def file_id(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_date(path: Path) -> date:
    """Return the date that a file claims: the one in its name, otherwise that of its last modification (UTC).

    Raises:
        DataError: The name holds a date that the calendar does not.
    """
    found = FILE_DATE.search(path.name)
    if not found:
        try:
            return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        except (ValueError, OverflowError) as error:
            raise DataError(
                "the time of the file is none, and its name holds no date", visible(path.name),
                "Rename the file with its date as YYYY-MM-DD.",
            ) from error  # fmt: skip
    try:
        return date.fromisoformat(found[1])
    except ValueError as error:
        raise DataError(
            f"{found[1]} in the name is no date", visible(path.name), "Rename the file with its date as YYYY-MM-DD."
        ) from error


def read_header(text: Text, name: str) -> list[str]:
    """Return the column headers of a delivered text.

    Args:
        text: The delivered file as text.
        name: Its name as delivered.

    Raises:
        DataError: The first line is no CSV, or no line holds anything.
    """
    try:
        with text.path.open(encoding="utf-8-sig", newline="") as stream:
            header = [header.strip() for header in first_row(csv.reader(stream, delimiter=text.delimiter))]
    except csv.Error as error:
        raise DataError(
            f"the header cannot be read ({error})", f"{name}, line 1", "Ask the sender for the file again."
        ) from error
    if not any(header):
        raise DataError("the file holds nothing but blanks, delimiters and line ends", name, ASK_AGAIN)
    limits().check_columns(len(header), name)
    return header


def check_first_line(text: Text, header: list[str], contract: Contract, name: str) -> None:
    """Check that the header is what stands first: no hint for Excel, and no title.

    Args:
        text: The delivered file as text.
        header: Its first row.
        contract: The contract of its source.
        name: Its name as delivered.

    Raises:
        DataError: Something else stands before the header.
    """
    if header and header[0].lower().startswith("sep="):
        line = text.delimiter.join(header)
        raise DataError(
            f"line 1 ({line}) tells Excel how the fields are separated, and is no header", f"{name}, line 1",
            "Remove this line and put the file into landing again.",
        )  # fmt: skip
    if not contract.missing_required(header):
        return
    with text.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=text.delimiter)
        for fields in islice(reader, MOST_TITLE_LINES):
            if fields != header and not contract.missing_required([field.strip() for field in fields]):
                title = " ".join(filter(None, header))
                raise DataError(
                    f"the header stands in line {reader.line_num:,}, below a title ({title[:60]})", f"{name}, line 1",
                    "Remove the lines above the header and put the file into landing again.",
                )  # fmt: skip


def first_row(reader: Iterator[list[str]]) -> list[str]:
    """Return the first row that holds something, which is the header; an empty list where none does."""
    return next((fields for fields in reader if any(map(str.strip, fields))), [])


def with_doubled_settled(text: Text, header: list[str], contract: Contract, name: str) -> list[str]:
    """Return a header in which each column of the contract is named once.

    Of several headers that name one column, one is taken whose values leave nothing out: no row has a value under
    another and not the same under it. An alias was accepted by a person, so that a filled newer alias outranks the
    others. The headers that lose get a number, as any repeated header does, and their values are rescued.

    Args:
        text: The delivered file as text.
        header: Its header.
        contract: The contract of its source.
        name: The file's name as delivered.

    Raises:
        DataError: Several hold different values of one column.
    """
    settled = list(header)
    for column, positions in contract.doubled(header).items():
        with connect() as connection:
            table = csv_columns(text, len(header))
            values = {at: f"COALESCE(TRIM(c{at}), '')" for at in positions}
            lost = [
                " OR ".join(f"({values[other]} NOT IN ('', {values[at]}))" for other in positions if other != at)
                for at in positions
            ]
            counts = [
                *(f"COUNT(*) FILTER ({value} <> '')" for value in values.values()),
                *(f"COUNT(*) FILTER ({condition})" for condition in lost),
            ]
            found = connection.execute(f"SELECT {', '.join(counts)} FROM {table}").fetchone() or ()
        filled = dict(zip(positions, found[: len(positions)], strict=True))
        losses = dict(zip(positions, found[len(positions) :], strict=True))
        ranks = {at: column.spellings.index(fold(header[at])) for at in positions}
        newest = min((ranks[at] for at in positions if filled[at]), default=min(ranks.values()))
        # What is filled, and was not accepted by a person as newer than the rest, has to agree.
        candidates = [at for at in positions if ranks[at] == newest]
        is_newer = len(candidates) == 1 and any(ranks[at] > newest for at in positions)
        is_decided = is_newer and 2 * filled[candidates[0]] >= max(filled.values())
        chosen = candidates[0] if is_decided else next((at for at in candidates if not losses[at]), None)
        if chosen is None:
            names = " and ".join(f"'{header[at]}' (field {at + 1})" for at in positions if filled[at])
            raise DataError(
                f"{names} both name the column {column.header}, and hold different values", f"{name}, line 1",
                "Ask the sender which one it is, and for a file with one of them.",
            )  # fmt: skip
        for nth, at in enumerate((at for at in positions if at != chosen), start=2):
            settled[at] = f"{header[at]} ({nth})"
    return settled


def check_header(path: Path, header: list[str], contract: Contract) -> tuple[str, ...]:
    """Check a header against its contract.

    Returns:
        What the operator should know: columns that are new, optional columns that are missing.

    Raises:
        DataError: The header is that of another source.
        DriftError: Required columns are missing.
    """
    missing = contract.missing_required(header)
    if missing:
        fitting = [key for key, other in contracts().items() if not other.missing_required(header)]
        if fitting:
            raise DataError(
                f"the header is that of {fitting[0]}, not of {contract.source_key}",
                f"{visible(path.name)}, line 1",
                f"Move the file to landing/{fitting[0]}/.",
            )
        names = ", ".join(column.header for column in missing)
        raise DriftError(
            f"required columns are missing: {names}",
            f"{visible(path.name)}, line 1",
            "A person decides what they are.",
            missing,
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


def convert(text: Text, header: list[str], contract: Contract, stamp: Stamp, rows: Path, rejects: Path) -> Converted:
    """Convert a CSV file to Parquet files of loaded and rejected rows.

    A file in which every row has the header's number of fields goes through DuckDB's parallel reader, whose rows are
    compared with an independent count. Any other goes through the csv module, which knows the line and the raw text of
    a row that does not fit.

    Args:
        text: The delivered file as text.
        header: Its header.
        contract: The contract of its source.
        stamp: What every row carries.
        rows: Parquet file to write with loaded rows, in the columns of bronze.
        rejects: Parquet file to write with rejected rows; not written where there are none.
    """
    is_plain = text.longest_line <= FIELD_CHARACTERS
    if is_plain and (contract.trailer is None or not contract.trailer.is_in(_last_line(text.path))):
        try:
            return Converted(_convert_well_formed(text, header, contract, stamp, rows), 0, None)
        except duckdb.Error:
            # Some row does not fit: the other reader finds which.
            pass
    return _convert_row_by_row(text, header, contract, stamp, rows, rejects)


def csv_columns(text: Text, fields: int) -> str:
    """Return the SQL that reads the rows of a delivered text as columns c0, c1, … whatever their faults."""
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(fields))
    return (
        f"READ_CSV({literal(exactly(text.path))}, header = FALSE, skip = {_header_lines(text)}, "
        f"delim = {literal(text.delimiter)}, quote = '\"', "
        "escape = '\"', all_varchar = TRUE, auto_detect = FALSE, strict_mode = FALSE, null_padding = TRUE, "
        f"ignore_errors = TRUE, max_line_size = 10000000, parallel = FALSE, columns = {{{columns}}})"
    )


def _last_line(text: Path) -> str:
    """Return the last line that holds something, as far as it lies within the last few kilobytes."""
    with text.open("rb") as stream:
        stream.seek(max(0, text.stat().st_size - 4096))
        lines = stream.read().decode("utf-8", errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "")


def _convert_well_formed(text: Text, header: list[str], contract: Contract, stamp: Stamp, rows: Path) -> int:
    """Convert a file whose rows all fit, and return their number; raise duckdb.Error where one does not fit."""
    known = contract.map_header(header)
    positions = {column.name: position for position, column in known.items()}
    fields = [f"c{position}" for position in range(len(header))]

    def value(column: Column) -> str:
        if column.name not in positions:
            return "NULL::TEXT"
        field = f"c{positions[column.name]}"
        return f"REGEXP_REPLACE({field}, '{UNSEEN_IN_SQL}', '', 'g')" if column.name == contract.key else field

    projections = [f"{value(column)} AS {column.name}" for column in contract.columns]
    pairs = ", ".join(f"{literal(text)}, c{position}" for text, position in _rescued_names(header, known).items())
    key = contract.key_column
    pattern = literal(key.pattern or r"\S")
    spellings = ", ".join(literal(spelling) for spelling in key.spellings)
    # Rows of which little is filled: the other reader judges whether they are records.
    filled = " + ".join(f"(COALESCE(TRIM({name}), '') <> '')::INT" for name in _telling(contract, positions)) or "1"
    query = f"""
        SELECT {", ".join(projections)},
            '{stamp.file_id}' AS file_id, ROW_NUMBER() OVER () AS row_number, DATE '{stamp.file_date}' AS file_date,
            TIMESTAMPTZ '{stamp.received_at.isoformat()}' AS received_at,
            {f"JSON_OBJECT({pairs})::TEXT" if pairs else "NULL::TEXT"} AS rescued
        FROM READ_CSV({literal(exactly(text.path))}, header = FALSE, skip = {_header_lines(text)},
            delim = {literal(text.delimiter)}, quote = '"', escape = '"', all_varchar = TRUE, auto_detect = FALSE,
            strict_mode = TRUE, null_padding = FALSE, max_line_size = 10000000,
            columns = {{{", ".join(f"'{field}': 'VARCHAR'" for field in fields)}}})
    """
    # Numbering rows keeps DuckDB on one core: the other counts them meanwhile.
    with ThreadPoolExecutor(1) as aside, connect() as connection:
        connection.execute(f"SET memory_limit = '{READER_MEMORY}'")
        counted = aside.submit(count_records, text.path)
        connection.execute(f"COPY ({query}) TO {literal(rows)} (FORMAT parquet, COMPRESSION zstd)")
        loaded, odd = connection.execute(
            f"SELECT COUNT(*), COUNT(*) FILTER (NOT COALESCE(REGEXP_MATCHES({key.name}, {pattern}), FALSE) "
            f"OR REGEXP_REPLACE(LOWER({key.name}), '[^a-z0-9]', '', 'g') IN ({spellings}) "
            f"OR NOT REGEXP_MATCHES({key.name}, '[0-9]') "
            f"OR ({filled}) <= {len(_telling(contract, positions)) // 3}) FROM READ_PARQUET(?)",
            [exactly(rows)],
        ).fetchone() or (0, 0)
    if odd:
        raise duckdb.Error("rows without a natural key, or that may be no records")
    if loaded != counted.result() - 1:
        raise duckdb.Error("the reader's rows are not those of the file")
    return int(loaded)


def _telling(contract: Contract, delivered: Collection[str]) -> list[str]:
    """Return the required columns, the key apart, that a delivery has: a record fills them."""
    required = [column.name for column in contract.columns if column.required and column.name != contract.key]
    return [name for name in required if name in delivered]


def no_record(fields: Sequence[str], contract: Contract, position_of: Mapping[str, int]) -> str | None:
    """Return why a row of the right length is no record, as the reason of its rejection; None where it is one.

    Files that were put together from several, and reports with a line of sums below, bring rows whose key looks like
    one. A row is one of them by its key (the header's own word, a word such as total), or by how little it fills.

    Args:
        fields: The fields of the row.
        contract: The contract of its source.
        position_of: Position of each delivered column of the contract, by name.
    """
    key = UNSEEN.sub("", fields[position_of[contract.key]])
    if fold(key) in contract.key_column.spellings:
        return "it repeats the header"
    filled = [field.strip() for field in fields if UNSEEN.sub("", field).strip()]
    if len(fields) > 1 and len(filled) <= 1:
        return "nothing but one field is filled"
    if NO_KEY.fullmatch(key) and key.strip():
        return "it is a line below the table, such as a total"
    telling = _telling(contract, position_of)
    is_sparse = 3 * sum(bool(fields[position_of[name]].strip()) for name in telling) <= len(telling)
    if telling and is_sparse and any(BELOW_A_TABLE.match(field) for field in filled[:2]):
        return "it is a line below the table, such as a total"
    return None


def count_records(path: Path) -> int:
    """Count the records of a CSV file by its bytes: line ends outside of quotes, blank lines apart.

    It shares no code with the readers, and so shows whether one of them dropped or joined rows. Memory stays within a
    few chunks.
    """
    records, quoted, blank = 0, 0, True
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            data = np.frombuffer(chunk, dtype=np.uint8)
            ends = np.flatnonzero(data == 0x0A)
            quotes = np.flatnonzero(data == 0x22)
            outside = ends[(np.searchsorted(quotes, ends) + quoted) % 2 == 0]
            # A line is blank where nothing but a carriage return lies between two ends.
            inked = np.flatnonzero((data != 0x0A) & (data != 0x0D))
            before = np.searchsorted(inked, outside)
            filled = np.diff(before, prepend=0) > 0
            if len(filled):
                filled[0] |= not blank
                records += int(np.count_nonzero(filled))
                blank = bool(before[-1] == len(inked))
            else:
                blank = blank and not len(inked)
            quoted = (quoted + len(quotes)) % 2
    return records + (not blank)


def _rescued_names(header: list[str], known: dict[int, Column]) -> dict[str, int]:
    """Return a name and the position of every column that the contract does not know; a repeated name is numbered."""
    names: dict[str, int] = {}
    for position, text in enumerate(header):
        if position not in known:
            name, nth = text, 2
            while name in names:
                name, nth = f"{text} ({nth})", nth + 1
            names[name] = position
    return names


def _convert_row_by_row(
    text: Text, header: list[str], contract: Contract, stamp: Stamp, rows: Path, rejects: Path
) -> Converted:
    """Convert a file some of whose rows do not fit, in batches."""
    schema = arrow_schema(source_columns(contract))
    known = contract.map_header(header)
    position_of = {column.name: position for position, column in known.items()}
    new = _rescued_names(header, known)
    key_position = position_of[contract.key]
    key_pattern = LinearPattern(contract.key_column.pattern or r"\S")
    loaded = rejected = no_records = 0
    stated = first_reason = None
    batch: list[list[str]] = []
    held = 0

    def key_of(fields: list[str]) -> str:
        return UNSEEN.sub("", fields[key_position]) if len(fields) == len(header) else ""

    def fits(fields: list[str]) -> bool:
        return len(fields) == len(header) and key_pattern.is_in(key_of(fields))

    def judged(records: Iterator[Record]) -> Iterator[tuple[Record, bool, bool]]:
        """Return of each record whether its key fits and whether it is the trailer; many are matched at a time."""
        for group in _groups(records):
            keys = key_pattern.matches([key_of(record[1]) for record in group])
            trailers = contract.trailer.matches([record[2] for record in group]) if contract.trailer else [False]
            yield from zip(group, keys, trailers if contract.trailer else trailers * len(group), strict=True)

    def columns_of(batch: list[list[str]]) -> pa.Table:
        arrays: list[pa.Array] = []
        for column in contract.columns:
            position = position_of.get(column.name)
            values: list[str | None] = [None] * len(batch)
            if position == key_position:
                values = [UNSEEN.sub("", row[key_position]) for row in batch]
            elif position is not None:
                values = [row[position] or None for row in batch]
            arrays.append(pa.array(values, pa.string()))
        rescued = [_rescued_json({name: row[at] or None for name, at in new.items()}) if new else None for row in batch]
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
        text.path.open(encoding="utf-8-sig", newline="") as stream,
        pq.ParquetWriter(rows, schema, compression="zstd") as out,
        _Rejects(rejects) as bad,
    ):
        records = _records(stream, text.delimiter, fits)
        for (line_number, fields, raw_text, problem), has_key, is_trailer in judged(records):
            if contract.trailer and is_trailer:
                number = contract.trailer.group(raw_text).replace(",", "")
                if not number.isdecimal() or len(number) > MOST_DIGITS:
                    raise DataError(
                        f"the trailer states no number of rows, but '{number[:60]}'", "",
                        "Ask the sender for the file again.",
                    )  # fmt: skip
                stated = int(number)
                continue
            if problem:
                reason = problem
            elif len(fields) != len(header):
                reason = f"{len(fields)} fields where {len(header)} were expected"
            elif no_reason := no_record(fields, contract, position_of):
                reason, no_records = no_reason, no_records + 1
            elif not has_key:
                reason = f"{contract.key_column.header} holds no natural key: '{fields[key_position]}'"
            else:
                batch.append(fields)
                loaded, held = loaded + 1, held + len(raw_text)
                if len(batch) == BATCH_ROWS or held > BATCH_CHARACTERS:
                    out.write_table(columns_of(batch))
                    batch, held = [], 0
                continue
            rejected, first_reason = rejected + 1, first_reason or f"line {line_number}: {reason}"
            bad.append(
                {
                    "source_key": contract.source_key,
                    "file_id": stamp.file_id,
                    "line_number": line_number,
                    "raw_text": raw_text,
                    "reason": reason,
                    "received_at": stamp.received_at,
                }
            )
        out.write_table(columns_of(batch))
    return Converted(loaded, rejected, stated, no_records, first_reason)


class _Rejects:
    """Rejected rows on their way to a Parquet file, in batches; no file where there are none."""

    def __init__(self, path: Path) -> None:
        self._path, self._schema = path, arrow_schema(REJECTED_COLUMNS)
        self._batch: list[dict[str, object]] = []
        self._held = 0
        self._out: pq.ParquetWriter | None = None

    def __enter__(self) -> _Rejects:
        return self

    def append(self, row: dict[str, object]) -> None:
        """Add a row of REJECTED_COLUMNS."""
        self._batch.append(row)
        self._held += len(str(row["raw_text"]))
        if len(self._batch) == BATCH_ROWS or self._held > BATCH_CHARACTERS:
            self._flush()

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._out is not None:
            self._out.close()

    def _flush(self) -> None:
        if self._batch:
            self._out = self._out or pq.ParquetWriter(self._path, self._schema, compression="zstd")
            self._out.write_table(pa.Table.from_pylist(self._batch, schema=self._schema))
            self._batch, self._held = [], 0


# Line number, fields, raw text, and problem or None.
Record = tuple[int, list[str], str, str | None]


def _groups(records: Iterator[Record]) -> Iterator[list[Record]]:
    """Return records in groups that are small in memory."""
    group, held = list[Record](), 0
    for record in records:
        group.append(record)
        held += len(record[2])
        if len(group) == GROUP_ROWS or held > BATCH_CHARACTERS:
            yield group
            group, held = [], 0
    if group:
        yield group


def _records(stream: Iterator[str], delimiter: str, fits: Callable[[list[str]], bool]) -> Iterator[Record]:
    """Return line number, fields, raw text and problem (or None) of every record of a CSV stream, the header apart.

    A quote that is never closed swallows the lines after it. Where one of those lines is a row of its own, only the
    first line is given up and reading begins anew behind it, so that a stray quote costs one row.

    Args:
        stream: The lines of the file.
        delimiter: What stands between its fields.
        fits: Whether fields make a row.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter)
    first_row(reader)
    line_number = 1 + len(lines.seen)
    while True:
        lines.begin()
        fields: list[str] = []
        problem: str | None = None
        try:
            fields = next(reader, [])
            if lines.cut:
                problem = OPEN_QUOTE
        except csv.Error as error:
            problem = str(error)
        seen = lines.seen
        if not seen:
            return
        if len(seen) > 1 and (problem or not fits(fields) or not _is_strict(seen, delimiter)):
            endless = lines.is_full or (problem is not None and problem != OPEN_QUOTE)
            if endless or any(fits(next(csv.reader([line], delimiter=delimiter), [])) for line in seen[1:]):
                lines.give_back()
                problem = OPEN_QUOTE
        raw_text = "".join(seen).rstrip("\r\n")
        if raw_text:
            yield line_number, fields, raw_text, problem
        line_number += len(seen)


def _is_strict(lines: list[str], delimiter: str) -> bool:
    """Whether a record keeps to the rules of CSV, with nothing between a closing quote and the delimiter."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


class _Lines:
    """Lines of a stream: those of the record being read are remembered, and can be given back."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream, self._back = stream, list[str]()
        self.begin()

    def begin(self) -> None:
        """Begin a record."""
        self.seen: list[str] = []
        self.cut = False
        self._characters = 0

    @property
    def is_full(self) -> bool:
        """Whether the record has all the lines that one may take."""
        return len(self.seen) == RECORD_LINES or self._characters >= RECORD_CHARACTERS

    def give_back(self) -> None:
        """Keep the record's first line; the others are read again."""
        self._back.extend(reversed(self.seen[1:]))
        del self.seen[1:]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self.is_full:
            line = self._back.pop() if self._back else next(self._stream, None)
            if line is not None:
                self.seen.append(line)
                self._characters += len(line)
                return line
        # The record ends here although the reader, inside of quotes, wants more.
        self.cut = bool(self.seen)
        raise StopIteration


def _rescued_json(values: dict[str, str | None]) -> str:
    """Return the JSON that DuckDB's JSON_OBJECT would return, so that both readers rescue alike."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _header_lines(text: Text) -> int:
    """Count the lines that the header takes; a quoted header may hold a line break."""
    with text.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=text.delimiter)
        first_row(reader)
        return reader.line_num
