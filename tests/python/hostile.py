"""A corpus of hostile files, made anew by each run: what senders, broken programs and attackers put into landing.

Each kind says what is to become of it and what its sentence tells, so that no kind hides behind another's words.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

HEADER = "Operation,Operation Name,Address,City,State,Zip,Phone,Type,Status"
FIELDS = ["CEDAR KIDS", "1 ELM ST", "AUSTIN", "TX", "78702", "512-555-0100", "Center", "Full"]
ROW = ",".join(["{}", *FIELDS])
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
LOADED, QUARANTINED = "loaded", "quarantined"
# What an archive or a text of the corpus may come to, so that bombs are small.
MOST_BYTES, MOST_ROWS = 30_000_000, 50_000


@dataclass(frozen=True)
class Hostile:
    """A hostile file.

    Args:
        kind: What is hostile about it.
        content: Its bytes, or what puts it at a path.
        said: What the sentence tells, as a pattern; nothing is asked of the sentence where it is empty.
        status: What becomes of it.
        rows: Rows loaded and rejected, where it is loaded.
        suffix: End of its name.
        name: Its name where that is hostile.
    """

    kind: str
    content: bytes | Callable[[Path], object]
    said: str = ""
    status: str = QUARANTINED
    rows: tuple[int, int] = (0, 0)
    suffix: str = "csv"
    name: str | bytes | None = None


def good(*numbers: int) -> str:
    """Return a good file with these keys."""
    return f"{HEADER}\n" + "".join(f"{ROW.format(number)}\n" for number in numbers)


def texts() -> Iterator[Hostile]:
    """Return hostile text."""
    yield Hostile("empty", b"", "the file is empty")
    for name, content in (
        ("a mark", b"\xef\xbb\xbf"),
        ("line ends", b"\n\n\r\n"),
        ("blanks", b"   \n  \n"),
        ("commas", b",,,,\n,,,\n"),
    ):
        yield Hostile(f"nothing but {name}", content, "nothing but blanks, delimiters and line ends")
    text = good(1, 2, 3).encode()
    for at in (0, 5, len(HEADER) + 3, len(text) - 1):
        yield Hostile("NUL byte", text[:at] + b"\0" + text[at:], r"line \d holds a NUL byte")
    yield Hostile("UTF-16 without a mark", text.decode().encode("utf-16-le"), "line 1 holds a NUL byte")
    yield Hostile("UTF-32", text.decode().encode("utf-32"), "the text is UTF-32")
    yield Hostile("NUL in UTF-16", text.decode().replace("KIDS", "\0", 1).encode("utf-16"), "line 2 holds a NUL byte")
    yield Hostile("UTF-16", text.decode().encode("utf-16"), "", LOADED, (3, 0))
    yield Hostile("UTF-16 cut in a sign", text.decode().encode("utf-16")[:-1], "the text is no utf-16")
    for wrong in (b"\xff", b"\x81", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"):
        yield Hostile("bytes that are no UTF-8", text.replace(b"CEDAR", b"CED" + wrong + b"AR", 1), "", LOADED, (3, 0))
    yield Hostile("marks within", text + b"\xef\xbb\xbf" + ROW.format(4).encode() + b"\n", "", LOADED, (4, 0))
    yield Hostile("header alone", f"{HEADER}\n".encode(), "a header and no rows")
    for times in (1, 3, 15):
        again = f"{HEADER}\n" * times
        yield Hostile(
            "header again", (good(1) + again + ROW.format(2)).encode(), "kept in rejected rows", LOADED, (2, times)
        )
    yield Hostile("header again and nothing else", f"{HEADER}\n{HEADER}\n".encode(), "none of its 1 rows can be kept")
    doubled = f"{HEADER},City\n{ROW.format(1)},DALLAS\n"
    yield Hostile("header doubled", doubled.encode(), "both name the column City, and hold different values")
    yield Hostile(
        "header of another source", b"Name,Credential Type,Credential Number,Status,Address\n", "columns are missing"
    )
    yield Hostile("title above", b"Report of today\n" + text, "the header stands in line 2, below a title")
    yield Hostile("hint for Excel", b"sep=,\n" + text, "tells Excel how the fields are separated")
    for count in (1_001, 5_000, 100_000):
        wide = ",".join(map(str, range(count)))
        yield Hostile("too many columns", f"{wide}\n1\n".encode(), rf"it has {count:,} columns; 1,000 are taken")
    yield Hostile("header never closed", f'"{HEADER}\n{ROW.format(1)}\n'.encode(), "required columns are missing")
    yield Hostile("header with a long cell", b"x" * 1_100_000 + b"," + text, "the header cannot be read .*field larger")
    for mark in ("\t", ";", "|"):
        yield Hostile(f"delimiter {mark!r}", good(1, 2).replace(",", mark).encode(), "", LOADED, (2, 0))
    yield Hostile("delimiter of nobody", good(1, 2).replace(",", "~").encode(), "required columns are missing")
    for at, line in enumerate((f'"{ROW.format(2)}', ROW.format(2) + '"', ROW.format(2).replace("AUSTIN", '"AUSTIN'))):
        rows = (2, 1) if at != 1 else (3, 0)
        yield Hostile("quote never closed", f"{good(1)}{line}\n{ROW.format(3)}\n".encode(), "", LOADED, rows)
    for count in (1, 10):
        yield Hostile("rows too short", (good(1) + "x,y\n" * count).encode(), "kept in rejected", LOADED, (1, count))
    yield Hostile("hardly a row that fits", (good(1) + "x,y\n" * 999).encode(), r"999 of 1,000 rows do not fit \(100%;")
    yield Hostile(
        "row too long", f"{good(1)}{ROW.format(2)},{'9,' * 5_000}\n".encode(), "kept in rejected", LOADED, (1, 1)
    )
    for length in ((1 << 20) + 1, 5_000_000):
        long = good(1, 2).replace("CEDAR KIDS", "x" * length, 1)
        yield Hostile("huge cell", long.encode(), "kept in rejected rows", LOADED, (1, 1))
    yield Hostile(
        "cell at the limit", good(1, 2).replace("CEDAR KIDS", "x" * 1_000_000, 1).encode(), "", LOADED, (2, 0)
    )
    yield Hostile("line without end", b"x" * 11_000_000, "longer than 10,000,000 bytes")
    yield Hostile("line without end below", text + b"y" * 11_000_000, "line from line 5 on is longer than 10,000,000")
    for name, end in (("CR", "\r"), ("CRLF", "\r\n")):
        yield Hostile(f"lines ending in {name}", good(1, 2).replace("\n", end).encode(), "", LOADED, (2, 0))
    mixed = f"{HEADER}\r\n{ROW.format(1)}\n{ROW.format(2)}\r\n\n\r\n{ROW.format(3)}"
    yield Hostile("lines ending in all ways", mixed.encode(), "", LOADED, (3, 0))
    for sign in (
        "\x1b[2J\x1b]0;x\x07",
        "\u202e",
        "\u200b",
        "\x08\x08",
        "\x0b\x0c",
        "\x85",
        "\u2028",
        "🏫",
        "a\u0301" * 500,
    ):
        yield Hostile(
            "signs that are obeyed or unseen", good(1, 2).replace("CEDAR", sign, 1).encode(), "", LOADED, (2, 0)
        )
    yield Hostile("keys with unseen signs", good(1, 2).replace("\n2,", "\n\u200b2\ufeff,").encode(), "", LOADED, (2, 0))
    for word in ("Total", "TOTALS: 3", "Grand total", "EOF", "Rows: 12", "---"):
        line = f"{word}{',' * len(FIELDS)}"
        yield Hostile("line below the table", f"{good(1, 2)}{line}\n".encode(), "kept in rejected rows", LOADED, (2, 1))
    for value in (
        "=cmd|'/c calc'!A1",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        '=HYPERLINK("http://a")',
        "'); DROP TABLE x; --",
        "{{7*7}}",
        "${jndi:ldap://a}",
        "%s%n",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\\\\a\\b",
        "NULL",
    ):
        quoted = '"' + value.replace('"', '""') + '"'
        yield Hostile(
            "value that somebody runs", good(1, 2).replace("CEDAR KIDS", quoted, 1).encode(), "", LOADED, (2, 0)
        )
    for number in (
        "1e308",
        "1E-400",
        "+7",
        "#N/A",
        "0",
        " ",
        "1e400",
        "-1",
        "9" * 400,
        "9" * 5_000,
        "0x7f",
        "1.5",
        "NaN",
        "00000000",
        "١٢٣",
        "1,000",
    ):
        line = ",".join([f'"{number}"', *FIELDS])
        yield Hostile("giant and odd keys", f"{good(1)}{line}\n".encode(), "", "", (0, 0))
    for value in ("99999999999999999999", "-5", "1e99", "∞", "0000-00-00", "13/45/2026", "2026-02-30T99:99:99Z"):
        changed = f"{HEADER},Capacity,Issue Date\n{ROW.format(1)},{value},{value}\n"
        yield Hostile("giant and odd numbers and dates", changed.encode(), "", LOADED, (1, 0))
    for depth in (1_000, 100_000):
        yield Hostile("nested brackets", ("[" * depth + "]" * depth).encode(), "required columns are missing")
        yield Hostile(
            "nested objects", ('{"a":' * depth + "1" + "}" * depth).encode(), "is a JSON document, and no table"
        )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    for what, begin in (
        ("a web page (HTML)", b"\n<!DOCTYPE html><html><body>Sign in</body></html>"),
        ("a web page (HTML)", b"<html lang=en>"),
        ("an XML document", b'<?xml version="1.0"?><a/>'),
        ("a JSON document", b'{"error": "expired"}'),
        ("a JSON document", b'[ {"Operation": 1} ]'),
        ("a document (RTF)", b"{\\rtf1 x}"),
        ("a PDF document", b"%PDF-1.7\n\0\xff"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("a picture", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("a picture", b"GIF89a\0"),
        ("a program", b"\x7fELF\x02\x01\x01\0\0"),
        ("a database of SQLite", b"SQLite format 3\0"),
        ("an archive of 7-Zip", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("an archive of RAR", b"Rar!\x1a\x07\x01\0"),
        ("an archive of Zstandard", b"\x28\xb5\x2f\xfd\x04\0"),
        ("an archive of bzip2", bz2.compress(text)),
        ("an archive of xz", lzma.compress(text)),
        ("an archive of tar", out.getvalue()),
    ):
        yield Hostile(f"{what} under the name of a table", begin, re.escape(f"the file is {what}, and no table"))
    for name, begin in (("mail", b"From: a\r\nTo: b\r\n\r\nx"), ("script", b"#!/bin/sh\nrm -rf /\n")):
        yield Hostile(f"{name} under the name of a table", begin, "required columns are missing")
    yield Hostile("font under the name of a table", b"\0\1\0\0\0\x0f", "line 1 holds a NUL byte")
    yield Hostile(
        "old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a workbook of the old kind, or locked"
    )


def gzips() -> Iterator[Hostile]:
    """Return hostile files of gzip."""
    text = good(1, 2).encode()
    packed = gzip.compress(text)
    for at in range(3, len(packed) - 1, len(packed) // 8):
        yield Hostile("gzip cut", packed[:at], "the gzip archive is damaged", suffix="csv.gz")
    for at in range(10, len(packed), len(packed) // 6):
        yield Hostile(
            "gzip with a changed byte",
            packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :],
            "the gzip archive is damaged",
            suffix="csv.gz",
        )
    yield Hostile("gzip with garbage behind", packed + b"garbage", "the gzip archive is damaged", suffix="csv.gz")
    yield Hostile(
        "gzip of two parts", packed + gzip.compress(f"{ROW.format(3)}\n".encode()), "", LOADED, (3, 0), "csv.gz"
    )
    yield Hostile("gzip of nothing", gzip.compress(b""), "the file is empty", suffix="csv.gz")
    yield Hostile("gzip in gzip", gzip.compress(packed), "an archive lies within the archive", suffix="csv.gz")
    yield Hostile(
        "bomb of gzip",
        gzip.compress(bytes(MOST_BYTES + 1)),
        "archive unpacks to more than 30,000,000 bytes",
        suffix="csv.gz",
    )
    yield Hostile("gzip of NUL bytes", gzip.compress(bytes(1_000)), "holds a NUL byte", suffix="csv.gz")
    yield Hostile(
        "gzip of another method", packed[:2] + b"\x07" + packed[3:], "the gzip archive is damaged", suffix="csv.gz"
    )


def archive_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return out.getvalue()


def zips() -> Iterator[Hostile]:
    """Return hostile archives."""
    text = good(1, 2).encode()
    one = archive_of(("a.csv", text))
    yield Hostile(
        "ZIP of two",
        archive_of(("a.csv", text), ("b.csv", text)),
        r"holds 2 files \(a.csv, b.csv\), not one",
        suffix="zip",
    )
    yield Hostile(
        "ZIP of a thousand", archive_of(*((f"{at}.csv", b"x") for at in range(1_000))), "holds 1000 files", suffix="zip"
    )
    yield Hostile("ZIP of nothing", archive_of(), "an archive without files, and no table", suffix="zip")
    yield Hostile("ZIP of folders", archive_of(("a/", b""), ("b/c/", b"")), r"holds 0 files \(none\)", suffix="zip")
    yield Hostile("ZIP of an empty file", archive_of(("a.csv", b"")), r"holds 0 files \(none\)", suffix="zip")
    yield Hostile("ZIP of a Mac", archive_of(("__MACOSX/._a.csv", b"x"), ("a.csv", text)), "", LOADED, (2, 0), "zip")
    for name in ("../../../tmp/evil.csv", "/etc/passwd", "C:\\a.csv", "a\x1b[2Jb.csv", "x" * 5_000):
        yield Hostile("ZIP with an odd name", archive_of((name, text)), "", LOADED, (2, 0), "zip")
    yield Hostile("ZIP in ZIP", archive_of(("a.zip", one)), "an archive lies within the archive", suffix="zip")
    yield Hostile(
        "gzip in ZIP", archive_of(("a.gz", gzip.compress(text))), "an archive lies within the archive", suffix="zip"
    )
    yield Hostile(
        "bomb of ZIP", archive_of(("a.csv", bytes(MOST_BYTES + 1))), "unpacks to more than 30,000,000", suffix="zip"
    )
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield Hostile(
            "ZIP packed in a rare way", archive_of(("a.csv", text), method=method), "packed in a rare way", suffix="zip"
        )
    locked = bytearray(one)
    locked[6] |= 1
    locked[one.index(b"PK\x01\x02") + 8] |= 1
    yield Hostile("ZIP with a password", bytes(locked), "locked with a password", suffix="zip")
    small = bytearray(archive_of(("a.csv", text * 100)))
    at = bytes(small).index(b"PK\x01\x02") + 24
    small[at : at + 4] = struct.pack("<I", 10)
    yield Hostile("ZIP that states a false size", bytes(small), "", "", suffix="zip")
    for at in range(5, len(one) - 1, len(one) // 10):
        yield Hostile("ZIP cut", one[:at], "the zip archive is damaged", suffix="zip")
    body = one.index(b"a.csv") + 5
    for at in range(body, body + 60, 12):
        changed = one[:at] + bytes([one[at] ^ 0xFF]) + one[at + 1 :]
        yield Hostile("ZIP with a changed byte", changed, "the zip archive is damaged", suffix="zip")
    yield Hostile("ZIP behind other bytes", b"PK\x03\x04" + bytes(40) + one, "", "", suffix="zip")
    yield Hostile(
        "ZIP of a workbook",
        archive_of(("a.xlsx", workbook([HEADER.split(","), ["1", *FIELDS]]))),
        "",
        LOADED,
        (1, 0),
        "zip",
    )


def workbook(
    rows: list[list[object]], sheet: str | None = None, change: dict[str, bytes | None] | None = None
) -> bytes:
    """Return a workbook of these rows; parts of it may be changed, or removed (None)."""
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    change = {**(change or {}), **({"xl/worksheets/sheet1.xml": sheet.encode()} if sheet is not None else {})}
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            content = change.get(item.filename, source.read(item))
            if content is not None:
                target.writestr(item.filename, content)
    return changed.getvalue()


def inline(*rows: list[str]) -> str:
    """Return the XML of a sheet of texts."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    return SHEET.format(cells)


def workbooks() -> Iterator[Hostile]:
    """Return hostile workbooks."""
    table: list[list[object]] = [[*HEADER.split(",")], ["1", *FIELDS], ["2", *FIELDS]]
    fine = workbook(table)
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    entities = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
        + "]>"
    )
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    header = HEADER.split(",")
    for kind, sheet, said in (
        (
            "far cell",
            SHEET.format(far),
            r"its reader ended within 900 MB of memory \(memory allocation of [0-9]+ bytes failed",
        ),
        ("endless sheet", SHEET.format("<row><c>" * 50_000), "workbook"),
        ("sheet of nothing", SHEET.format(""), "the first sheet of the workbook is empty"),
        ("sheet cut", SHEET.format("<row><c><v>1</v>")[:-40], "workbook"),
        ("sheet that is no XML", "no XML", "the first sheet of the workbook is empty|workbook"),
        ("entities in entities", entities + inline([*header], ["&j;", *FIELDS]), "unrecognized entity `&j;`"),
        ("entity of a file", outside + inline([*header], ["&a;", *FIELDS]), "unrecognized entity `&a;`"),
        ("shared text that is not there", SHEET.format('<row><c t="s"><v>999999</v></c></row>'), "workbook"),
        ("two thousand columns", inline([str(at) for at in range(2_000)]), "it has 2,000 columns; 1,000 are taken"),
        (
            "cell of ten million",
            inline([*header], ["1", "x" * 11_000_000, *FIELDS[1:]]),
            "longer than 10,000,000 bytes",
        ),
        ("cells at odd places", SHEET.format('<row r="0"><c r="ZZZZZ0"><v>1</v></c></row>'), "workbook"),
        ("wrong numbers", SHEET.format('<row><c t="n"><v>one</v></c></row>'), "workbook"),
        (
            "row at the end of all",
            SHEET.format('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'),
            r"it has 50,001 rows; 50,000 are taken",
        ),
    ):
        yield Hostile(f"workbook: {kind}", workbook([], sheet), said, suffix="xlsx")
    odd = ["=1+1", "#REF!", True, datetime(2026, 1, 1), date(2026, 1, 1), timedelta(hours=30), 1e300, 0.1, None]
    yield Hostile(
        "workbook: cells of all types",
        workbook([*table[:1], *([key, *odd[:-1]] for key in (1, 2))]),
        "",
        "",
        suffix="xlsx",
    )
    yield Hostile(
        "workbook: whole numbers", workbook([table[0], [1.0, *FIELDS], [2.0, *FIELDS]]), "", LOADED, (2, 0), "xlsx"
    )
    yield Hostile(
        "workbook: line breaks in cells",
        workbook([table[0], ["1", 'A\nB\r\n"C"', *FIELDS[1:]]]),
        "",
        LOADED,
        (1, 0),
        "xlsx",
    )
    yield Hostile("workbook: title above", workbook([["Report"], [], *table]), "below a title", suffix="xlsx")
    for part in ("xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "[Content_Types].xml"):
        content = workbook(table, change={part: None})
        if part.startswith("xl/w") or part.startswith("xl/_"):
            yield Hostile(f"workbook without {part}", content, "the workbook is damaged", suffix="xlsx")
        else:
            yield Hostile(f"workbook without {part}", content, "", LOADED, (2, 0), "xlsx")
    yield Hostile(
        "workbook without sheets",
        workbook(
            table,
            change={
                "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>'
            },
        ),
        "workbook",
        suffix="xlsx",
    )
    for at in (30, 500, len(fine) // 2, len(fine) - 30):
        yield Hostile("workbook cut", fine[:at], "the zip archive is damaged", suffix="xlsx")
    for at in (len(fine) // 4, len(fine) // 2):
        changed = fine[:at] + bytes(byte ^ 0xFF for byte in fine[at : at + 40]) + fine[at + 40 :]
        yield Hostile("workbook with changed bytes", changed, "", "", suffix="xlsx")
    yield Hostile("workbook under the name of a text", fine, "", LOADED, (2, 0))


def parquet_of(table: pa.Table, **more: object) -> bytes:
    """Return a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out, **more)
    return out.getvalue()


def parquets() -> Iterator[Hostile]:
    """Return hostile Parquet files."""
    columns = {name: ["1", "2"] if not at else [FIELDS[at - 1]] * 2 for at, name in enumerate(HEADER.split(","))}
    fine = parquet_of(pa.table(columns))
    said = "the Parquet file is damaged"
    for at in range(4, len(fine) - 1, len(fine) // 8):
        yield Hostile("Parquet cut", fine[:at], said, suffix="parquet")
    for at in (len(fine) - 5, len(fine) - 8, len(fine) - 300, len(fine) - 1):
        yield Hostile(
            "Parquet with a changed footer",
            fine[:at] + bytes([fine[at] ^ 0x7F]) + fine[at + 1 :],
            "",
            "",
            suffix="parquet",
        )
    yield Hostile("Parquet of marks alone", b"PAR1PAR1", said, suffix="parquet")
    yield Hostile(
        "Parquet with a length beyond all", b"PAR1" + bytes(20) + b"\xff\xff\xff\x7fPAR1", said, suffix="parquet"
    )
    yield Hostile("Parquet, locked", b"PARE" + fine[4:-4] + b"PARE", "is an encrypted Parquet file", suffix="parquet")
    yield Hostile(
        "Parquet without rows", parquet_of(pa.table(columns).slice(0, 0)), "a header and no rows", suffix="parquet"
    )
    yield Hostile("Parquet without columns", parquet_of(pa.table({})), said, suffix="parquet")
    yield Hostile(
        "Parquet of 1,500 columns",
        parquet_of(pa.table({f"c{at}": ["1"] for at in range(1_500)})),
        "it has 1,500 columns; 1,000 are taken",
        suffix="parquet",
    )
    body = len(fine) // 3
    changed = fine[:body] + bytes(byte ^ 0xFF for byte in fine[body : body + 60]) + fine[body + 60 :]
    yield Hostile("Parquet with changed rows", changed, "", "", suffix="parquet")
    for kind, values in (
        ("lists", pa.array([["a"], ["b", None]])),
        ("structs", pa.array([{"a": {"b": 1}}, None])),
        ("bytes", pa.array([b"\xff\xfe", b"\0"])),
        ("nothing", pa.nulls(2)),
        ("times", pa.array([0, 2**62], pa.timestamp("us"))),
        ("numbers beyond all", pa.array([1e308, float("nan")])),
        ("signs that are obeyed", pa.array(["\x1b[2J", "\0"])),
        ("words", pa.array(["a", "b"]).dictionary_encode()),
        ("truths", pa.array([True, None])),
        ("quotes and line breaks", pa.array(['"', 'a\n"b"\r\n,'])),
    ):
        table = pa.table({**columns, "Extra": values})
        yield Hostile(f"Parquet with {kind}", parquet_of(table), "", "", suffix="parquet")
    doubled = pa.Table.from_arrays(
        [*(pa.array(value) for value in columns.values()), pa.array(["a", "b"])], names=[*columns, "City"]
    )
    yield Hostile("Parquet with a column twice", parquet_of(doubled), "", "", suffix="parquet")
    long = {**columns, "Operation Name": ["x" * 2_000_000, "y"]}
    yield Hostile("Parquet with a huge cell", parquet_of(pa.table(long)), "", LOADED, (1, 1), "parquet")
    longer = {**columns, "Operation Name": ["x" * 11_000_000, "y"]}
    yield Hostile(
        "Parquet with a line without end",
        parquet_of(pa.table(longer)),
        "longer than 10,000,000 bytes",
        suffix="parquet",
    )
    constant = pa.DictionaryArray.from_arrays(pa.array([0] * 45_000, pa.int32()), pa.array(["x" * 1_000]))
    yield Hostile(
        "bomb of Parquet",
        parquet_of(pa.table({"a": constant})),
        "unpacks to more than 30,000,000 bytes",
        suffix="parquet",
    )


def manifests() -> Iterator[Hostile]:
    """Return good files with hostile manifests."""
    for kind, manifest, said in (
        ("of another number", b'{"rows": 5}', r"5 rows are stated \(by manifest\), 1 came"),
        ("of 10^24", b'{"rows": 1' + b"0" * 24 + b"}", "states no row count"),
        ("of 5,000 digits", b'{"rows": 1' + b"0" * 5_000 + b"}", "no JSON object"),
        ("that is deep", b"[" * 60_000, "no JSON object"),
        ("that is long", b'{"rows": ' + b" " * 100_000 + b"1}", "more than 65,536 bytes"),
        ("of a truth", b'{"rows": true}', "states no row count"),
        ("of a text", b'{"rows": "1"}', "states no row count"),
        ("below nothing", b'{"rows": -1}', "states no row count"),
        ("of no UTF-8", b"\xff\xfe", "no JSON object"),
        ("that is empty", b"", "no JSON object"),
        ("beyond all", b'{"rows": 1e400}', "states no row count"),
        ("by signs that are obeyed", json.dumps({"rows": 2, "stated_by": "\x1b[2J"}).encode(), r"by \\x1b\[2J"),
    ):

        def put(path: Path, manifest: bytes = manifest) -> None:
            path.write_text(good(1))
            path.with_name(f"{path.name}.manifest.json").write_bytes(manifest)

        yield Hostile(f"manifest {kind}", put, said)
    yield Hostile(
        "manifest without end",
        lambda path: (path.write_text(good(1)), path.with_name(f"{path.name}.manifest.json").symlink_to("/dev/zero")),
        "the manifest is no file",
    )


def names() -> Iterator[Hostile]:
    """Return files with hostile names; the content is good."""
    key = 100
    for name in (
        "texas_2026-03-01[*].csv",
        "texas_2026-03-02?.csv",
        "texas_2026-03-03'\".csv",
        "texas_2026-03-04 ;rm -rf.csv",
        "texas_2026-03-05\x1b[2J.csv",
        "texas_2026-03-06\n.csv",
        "texas_2026-03-07\u202evsc.csv",
        b"texas_2026-03-08\xe9\xff.csv",
        "texas_2026-03-09_" + "x" * 220 + ".csv",
        "texas_2026-03-10%s%n.csv",
        "texas_2026-03-11{a,b}.csv",
        "texas_2026-03-12_2026-03-13.csv",
        "texas_2026-03-14.csv.csv",
        "texas_2026-03-15\\a.csv",
        "texas_2026-03-16$HOME`id`.csv",
        "texas_2026-03-17--reason=x.csv",
        "texas_2026-03-18 🏫.csv",
    ):
        key += 1
        yield Hostile("odd name", good(1, key).encode(), "", LOADED, (2, 0), name=name)
    for name, said in (
        ("texas_2026-02-30.csv", "2026-02-30 in the name is no date"),
        ("texas_2062-01-01.csv", "dated 2062-01-01, a day"),
        ("texas_1066-10-14.csv", "dated 1066-10-14, before 2000-01-01"),
        ("texas_0000-00-00.csv", "0000-00-00 in the name"),
    ):
        key += 1
        yield Hostile("date that cannot be", good(1, key).encode(), said, name=name)
    for name in ("-rf", "CON", "nul.", "%00", "texas.exe", "~", "#a#", "a:b", "texas_20260101.csv", "💥"):
        key += 1
        yield Hostile("name without a date", good(1, key).encode(), "", LOADED, (2, 0), name=name)


def others() -> Iterator[Hostile]:
    """Return what is no file."""
    yield Hostile("folder", lambda path: path.mkdir(), "it is a folder, and no file")
    yield Hostile("pipe", lambda path: os.mkfifo(path), "it is a pipe, and no file")
    yield Hostile("link to nothing", lambda path: path.symlink_to("/nowhere"), "a link to /nowhere, which cannot be")
    yield Hostile("link to itself", lambda path: path.symlink_to(path.name), "which cannot be reached")
    yield Hostile("link to a device", lambda path: path.symlink_to("/dev/zero"), "it is a link to a device")
    yield Hostile("link to a folder", lambda path: path.symlink_to("/tmp"), "it is a link to a folder")


def corpus() -> list[Hostile]:
    """Return all of it."""
    parts = (texts, gzips, zips, workbooks, parquets, manifests, names, others)
    return [item for part in parts for item in part()]
