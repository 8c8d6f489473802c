"""Turns a delivered file, whatever its format, into text that the CSV readers take.

The content decides, not the name: a workbook named .csv is read as a workbook.
"""

from __future__ import annotations

import csv
import gzip
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from lead_enrichment.contracts import Contract
from lead_enrichment.errors import DataError
from lead_enrichment.ingest.limits import MOST_BYTES, MOST_LINE_BYTES, limits, whole_number
from lead_enrichment.ingest.reader import ASK_AGAIN, ASK_CSV, write_as_csv

CHUNK_BYTES = 1 << 20
# Bytes of non-ASCII lines by which one 8-bit encoding is told from another.
SAMPLE_BYTES = 1 << 16
# What an archive may unpack to, where LEADS_MOST_BYTES does not say.
LARGEST_BYTES = MOST_BYTES
GZIP, ZIP, PARQUET, OLD_EXCEL = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
UTF8_MARK = b"\xef\xbb\xbf"
UTF32_MARKS = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
# What is delivered in place of a table, by how it begins; a page of HTML is what a login that has expired gives.
FOREIGN = (
    (rb"%PDF-", "a PDF document"),
    (rb"\{\\rtf", "a document (RTF)"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"(?i)\s*<(!doctype html|html)\b", "a web page (HTML)"),
    (rb"\s*<\?xml\b", "an XML document"),
    (rb"\s*(\{\s*\"|\[\s*\{)", "a JSON document"),
    (rb"BZh[1-9]1AY&SY", "an archive of bzip2"),
    (rb"\xfd7zXZ\0", "an archive of xz"),
    (rb"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip"),
    (rb"Rar!\x1a\x07", "an archive of RAR"),
    (rb"\x28\xb5\x2f\xfd", "an archive of Zstandard"),
    (rb"(?s).{257}ustar", "an archive of tar"),
    (rb"PK\x05\x06", "an archive without files"),
    (rb"SQLite format 3\0", "a database of SQLite"),
    (rb"\x7fELF", "a program"),
    (rb"PARE", "an encrypted Parquet file"),
)
NUL_BYTE = "the file is no text: line {:,} holds a NUL byte"
BYTE_ORDER_MARKS = {UTF8_MARK: "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
NAME_LETTERS = frozenset("áéíóúñüçãõâêôàèëïöäÁÉÍÓÚÑÜÇ")
NAMES = {"cp1252": "cp1252", "mac_roman": "Mac Roman"}
NO_CONTRACT = Contract(
    source_key="", title="", description="", staging_model="", authority={}, delivery_mode="", cadence="", key="",
    columns=(),
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A delivered file as the CSV readers take it.

    Args:
        path: The text in UTF-8, with a byte order mark or without; the delivered file itself where it is that.
        delimiter: What stands between its fields.
        kind: Format and encoding as delivered, such as `cp1252` or `gzip, utf-8`.
        longest_line: Bytes of its longest line.
    """

    path: Path
    delimiter: str
    kind: str
    longest_line: int = 0


@contextmanager
def as_text(path: Path, contract: Contract, scratch: Path, name: str) -> Iterator[Text]:
    """Open a delivered file as text.

    Memory stays bounded whatever the size of the file: workbooks and Parquet files are read in a process with a limit.

    Args:
        path: The delivered file.
        contract: The contract of its source, with the encodings and delimiters to try.
        scratch: Where copies may lie for the time being; `.source`, `.unpacked` and `.utf8` are added to the name.
        name: The file's name as messages show it.

    Raises:
        DataError: The file is empty, damaged, locked, or in no format that can be read.
    """
    source, unpacked, utf8 = (scratch.with_name(f"{scratch.name}.{end}") for end in ("source", "unpacked", "utf8"))
    try:
        # Every reader opens the file by a name of ours, whatever the sender's own one would mean to it.
        _link(source, path)
        kinds, inner = [], source
        packing = _packing(source)
        if packing:
            _unpack(source, packing, unpacked, name)
            kinds, inner = [packing], unpacked
            if _packing(inner):
                raise DataError("an archive lies within the archive", name, ASK_CSV)
        kind, text = _transcode(inner, name, contract, utf8)
        limits().check_bytes(text.stat().st_size, name)
        longest = _longest_line(text, name)
        yield Text(text, _delimiter(text, contract), ", ".join([*kinds, kind]), longest)
    finally:
        for left in (source, unpacked, utf8):
            left.unlink(missing_ok=True)


def _link(link: Path, path: Path) -> None:
    """Make a link to a file.

    Raises:
        OSError: The folder of the link cannot be written; it names the folder, where the system may name the file.
    """
    try:
        link.unlink(missing_ok=True)
        link.symlink_to(path.absolute())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(link.parent)) from error


@contextmanager
def as_sample(path: Path) -> Iterator[Text]:
    """Open a file of a source that has no contract yet as text; see `as_text`. Copies lie in a temporary folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        as_text(path, NO_CONTRACT, Path(folder) / "sample", path.name) as text,
    ):
        yield text


def _begin(path: Path, count: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(count)


def _packing(path: Path) -> str | None:
    """Return how a file is packed; None where it is not, or is a workbook."""
    begin = _begin(path, 4)
    if begin.startswith(GZIP):
        return "gzip"
    if begin == ZIP and not _is_workbook(path):
        return "zip"
    return None


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _unpack(path: Path, packing: str, target: Path, name: str) -> None:
    """Unpack the one file of an archive."""
    try:
        if packing == "gzip":
            with gzip.open(path) as source:
                _copy(source, target, name)
            return
        with zipfile.ZipFile(path) as archive:
            members = [
                item for item in archive.infolist()
                if not item.is_dir() and not item.filename.startswith("__MACOSX/") and item.file_size
            ]  # fmt: skip
            if len(members) != 1:
                names = ", ".join(item.filename for item in members[:5]) or "none"
                raise DataError(
                    f"the archive holds {len(members)} files ({names}), not one",
                    name,
                    "Drop its files one by one.",
                )
            if members[0].flag_bits & 1:
                raise DataError("the archive is locked with a password", name, "Unpack it and drop the file.")
            if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError("the archive is packed in a rare way", name, "Unpack it and drop the file.")
            with archive.open(members[0]) as source:
                _copy(source, target, name)
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"the {packing} archive is damaged ({error})", name, ASK_AGAIN) from error


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, name: str) -> None:
    written, largest = 0, whole_number("LEADS_MOST_BYTES", LARGEST_BYTES)
    with target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            written += len(chunk)
            if written > largest:
                raise DataError(f"the archive unpacks to more than {largest:,} bytes", name, ASK_CSV)
            out.write(chunk)


def _transcode(path: Path, name: str, contract: Contract, target: Path) -> tuple[str, Path]:
    """Return a file's format or encoding, and the file in UTF-8, which may be the file itself."""
    begin = _begin(path, 512)
    if not begin:
        raise DataError("the file is empty", name, ASK_AGAIN)
    if begin.startswith(ZIP):
        write_as_csv("xlsx", path, name, target)
        return "xlsx", target
    if begin.startswith(PARQUET):
        write_as_csv("parquet", path, name, target)
        return "parquet", target
    if begin.startswith(OLD_EXCEL):
        raise DataError("the file is a workbook of the old kind, or locked", name, "Save it as CSV or XLSX, unlocked.")
    for pattern, what in FOREIGN:
        if re.match(pattern, begin):
            raise DataError(f"the file is {what}, and no table", name, ASK_CSV)
    if begin.startswith(UTF32_MARKS):
        raise DataError("the text is UTF-32", name, "Save it as UTF-8.")
    encoding = detect_encoding(path, name, contract)
    is_marked_within = _is_marked_within(path)
    if encoding in ("utf-8", "utf-8-sig") and not is_marked_within:
        return encoding, path
    # Files put together from several bring the mark of each; in an 8-bit encoding it reads as letters.
    mark = "\ufeff" if encoding.startswith("utf") else UTF8_MARK.decode(encoding, errors="ignore")
    try:
        with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as out:
            rest, lines = "", 1
            while chunk := source.read(CHUNK_BYTES):
                # In UTF-16 every second byte is one, so that the signs tell.
                if "\0" in chunk:
                    line = lines + chunk[: chunk.index("\0")].count("\n")
                    raise DataError(NUL_BYTE.format(line), name, ASK_CSV)
                lines += chunk.count("\n")
                # Of a mark that the end of the chunk cuts, the beginning waits for the next one.
                text = (rest + chunk).replace(mark, "") if mark else chunk
                rest = text[len(text) - len(mark) + 1 :] if len(mark) > 1 else ""
                out.write(text.removesuffix(rest))
            out.write(rest)
    except UnicodeError as error:
        raise DataError(f"the text is no {encoding} ({error})", name, ASK_CSV) from error
    return encoding, target


def detect_encoding(path: Path, name: str, contract: Contract) -> str:
    """Return the encoding of a text: that of its byte order mark, or UTF-8, or the likeliest of the contract.

    Raises:
        DataError: It holds NUL bytes, or none of these encodings can read it.
    """
    begin = _begin(path, 3)
    marked = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if begin.startswith(mark)), None)
    if marked == "utf-16":
        return marked
    is_utf8, tail, sample, seen, lines = True, b"", b"", set[int](), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
                raise DataError(NUL_BYTE.format(line), name, ASK_CSV)
            lines += chunk.count(b"\n")
            if chunk.isascii() and not tail:
                continue
            if is_utf8:
                pending = tail + chunk
                try:
                    pending.decode("utf-8")
                    tail = b""
                except UnicodeDecodeError as error:
                    # A character cut by the end of the chunk is decoded with the next one.
                    tail = pending[error.start :]
                    is_utf8 = len(tail) < 4
            seen |= set(re.sub(rb"[\x00-\x7f]+", b"", chunk))
            if len(sample) < SAMPLE_BYTES:
                sample += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())[:SAMPLE_BYTES]
    if is_utf8 and not tail:
        return marked or "utf-8"
    possible = [encoding for encoding in contract.encodings if _can_read(bytes(seen), encoding)]
    if not possible:
        tried = ", ".join(NAMES.get(encoding, encoding) for encoding in contract.encodings)
        raise DataError(f"the text is neither UTF-8 nor {tried}", name, ASK_CSV)
    # The first of the contract among equals.
    return max(possible, key=lambda encoding: naturalness(sample.decode(encoding)))


def _is_marked_within(path: Path) -> bool:
    """Whether a byte order mark of UTF-8 stands elsewhere than at the very beginning."""
    with path.open("rb") as stream:
        stream.seek(len(UTF8_MARK))
        tail = b""
        while chunk := stream.read(CHUNK_BYTES):
            if UTF8_MARK in tail + chunk:
                return True
            tail = chunk[-2:]
    return False


def naturalness(text: str) -> int:
    """Return how much the letters beyond ASCII look like those of names; a wrong encoding puts signs into words.

    A handful of accents decides here, too few for the statistics of an encoding detector: charset-normalizer 3.5 took
    each of the single Mac Roman words of the tests for cp1252.
    """
    points = 0
    for found in re.finditer(r"[^\x00-\x7f]", text):
        sign, before, after = (
            found[0],
            text[max(0, found.start() - 2) : found.start()],
            text[found.end() : found.end() + 1],
        )
        if sign in NAME_LETTERS:
            # Within a word the case does not change from small to capital.
            points += 2 * (sign.islower() or not before[-1:].islower())
        elif sign == "’":
            points += 3 if after in ("s", "S") or not before[:1].isalpha() else 1
        elif sign in "‘“”–—":
            points += not (before[-1:].isalpha() and after.isalpha())
    return points


def _can_read(characters: bytes, encoding: str) -> bool:
    with suppress(UnicodeDecodeError):
        characters.decode(encoding)
        return True
    return False


def _longest_line(text: Path, name: str) -> int:
    """Return the bytes of the longest line of a text in UTF-8.

    Raises:
        DataError: A line is longer than any reader takes.
    """
    longest = begun = lines = 0
    with text.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            # Lines that end with a carriage return alone are lines to the csv module.
            data = np.frombuffer(chunk, dtype=np.uint8)
            ends = np.flatnonzero((data == 0x0A) | (data == 0x0D))
            if len(ends):
                longest = max(longest, begun + int(ends[0]), int(np.diff(ends).max(initial=0)))
                begun, lines = len(chunk) - int(ends[-1]) - 1, lines + len(ends)
            else:
                begun += len(chunk)
            longest = max(longest, begun)
            if longest > MOST_LINE_BYTES:
                raise DataError(
                    f"a line from line {lines + 1:,} on is longer than {MOST_LINE_BYTES:,} bytes", name, ASK_CSV
                )
    return longest


def _delimiter(text: Path, contract: Contract) -> str:
    """Return the delimiter with which the contract knows most headers; of equal ones, that with most fields."""
    with text.open(encoding="utf-8-sig", newline="") as stream:
        line = next((line for line in iter(lambda: stream.readline(CHUNK_BYTES), "") if line.strip()), "")

    def fields(delimiter: str) -> tuple[int, int]:
        with suppress(csv.Error):
            header = next(csv.reader([line], delimiter=delimiter), [])
            return len(contract.map_header(header)), len(header)
        return 0, 0

    return max(contract.delimiters, key=fields)
