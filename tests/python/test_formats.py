"""Whatever the format, the same content gives the same rows; what cannot be read says why."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from helpers import bronze_rows, take_in
from lead_enrichment.contracts import contracts
from lead_enrichment.errors import DataError
from lead_enrichment.ingest import formats
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import Outcome
from lead_enrichment.paths import DataPaths

HEADER = ["Operation", "Operation Name", "Address", "City", "State", "Zip", "Phone", "Type", "Status"]
ROWS = [
    ["00123", 'K"" Street "Learning"', "1 ELM ST, STE 2", "AUSTIN", "TX", "07870", "512-555-0100", "Center", "Full"],
    ["00124", "Café Niño École über", "2 Línea St", "SAN JOSÉ", "TX", "78702", "512-555-0101", "Center", "Full"],
    ["00125", "Two\nlines; and, more|still", "3 ELM ST", "AUSTIN", "TX", "78703", "", "Home", ""],
]


def text(delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *ROWS])
    return out.getvalue()


def workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.create_sheet("Notes").append(["not this one"])
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    columns = {name: [row[at] or None for row in ROWS] for at, name in enumerate(HEADER)}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    # Without the time, so that the tests bear the same names in every process.
    return gzip.compress(content, mtime=0)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def deliver(paths: DataPaths, content: bytes, name: str) -> Outcome:
    """Take in a Texas file, and see that no copy of it is left."""
    outcome = take_in(paths, name, content, "texas")
    assert not [left for left in paths.bronze.glob(".*") if left.is_file()], "a copy was left"
    return outcome


def bronze(paths: DataPaths) -> list[tuple[object, ...]]:
    columns = "operation, operation_name, address, city, state, zip, phone, type, status, row_number"
    return sorted(bronze_rows(paths, "texas", columns), key=lambda row: row[-1])


EXPECTED = [(*(value or None for value in row), number) for number, row in enumerate(ROWS, start=1)]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a_2026-11-06.csv", text().encode(), "utf-8"),
        ("a_2026-11-06.csv", text().encode("utf-8-sig"), "utf-8-sig"),
        ("a_2026-11-06.csv", text().encode("utf-16"), "utf-16"),
        ("a_2026-11-06.csv", b"\xfe\xff" + text().encode("utf-16-be"), "utf-16"),
        ("a_2026-11-06.csv", text().encode("cp1252"), "cp1252"),
        ("a_2026-11-06.csv", text().encode("mac_roman"), "mac_roman"),
        ("a_2026-11-06.tsv", text("\t").encode(), "utf-8"),
        ("a_2026-11-06.csv", text(";").encode(), "utf-8"),
        ("a_2026-11-06.txt", text("|").encode("cp1252"), "cp1252"),
        ("a_2026-11-06.csv.gz", gzipped(text().encode()), "gzip, utf-8"),
        ("a_2026-11-06.csv.gz", gzipped(text("|").encode("utf-16")), "gzip, utf-16"),
        ("a_2026-11-06.zip", zipped(**{"a.csv": text().encode(), "__MACOSX/._a.csv": b"x"}), "zip, utf-8"),
        ("a_2026-11-06.zip", zipped(**{"a.xlsx": workbook()}), "zip, xlsx"),
        ("a_2026-11-06.xlsx", workbook(), "xlsx"),
        ("a_2026-11-06.parquet", parquet(), "parquet"),
        ("a_2026-11-06.csv", workbook(), "xlsx"),
        ("a_2026-11-06.csv", gzipped(text().encode()), "gzip, utf-8"),
        ("a_2026-11-06.xlsx", text().encode(), "utf-8"),
    ],
)
def test_same_content_gives_the_same_rows(paths: DataPaths, name: str, content: bytes, kind: str) -> None:
    outcome = deliver(paths, content, name)
    assert (outcome.status, outcome.rows_loaded) == ("loaded", len(ROWS)), outcome.reason
    assert bronze(paths) == EXPECTED
    assert [row["encoding"] for row in Ledger(paths.bronze).attempts()] == [kind]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_row_that_does_not_fit_keeps_its_line_whatever_the_delimiter(paths: DataPaths, delimiter: str) -> None:
    lines = text(delimiter) + "short\n" + delimiter.join(ROWS[0]).replace('"', "").replace("00123", "00999") + "\n"
    outcome = deliver(paths, lines.replace("1 ELM ST, STE 2", "1 ELM ST").encode(), "a_2026-11-06.csv")
    assert (outcome.rows_loaded, outcome.rows_rejected) == (4, 1)
    # Line 6: the third row takes two lines.
    assert bronze_rows(paths, "rejected_row", "line_number, raw_text") == [(6, "short")]


def with_blank_rows(kind: str) -> bytes:
    rows = [[], [" ", ""], HEADER, ROWS[0], [], ["", ""], ["", "keyless"], ROWS[1]]
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue().encode()
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            book.active.cell(number, column, value)
    # A sheet starts at its first row even where that is empty, as Excel writes it.
    book.active.cell(1, 1, " ")
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_blank_rows_are_passed_over_and_the_others_keep_their_numbers(paths: DataPaths, kind: str) -> None:
    outcome = deliver(paths, with_blank_rows(kind), f"a_2026-11-06.{kind}")
    assert outcome.rows_loaded == 2, outcome.reason
    assert [row[:2] for row in bronze(paths)] == [EXPECTED[0][:2], EXPECTED[1][:2]]
    lines = dict(bronze_rows(paths, "rejected_row", "raw_text, line_number"))
    assert next(line for text, line in lines.items() if "keyless" in text) == 7


def damaged(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a_2026-11-06.csv.gz", damaged(gzipped(text().encode() * 50)), "the gzip archive is damaged"),
        ("a_2026-11-06.zip", damaged(zipped(**{"a.csv": text().encode() * 50})), "the zip archive is damaged"),
        ("a_2026-11-06.zip", zipped(**{"a.csv": b"1", "b.csv": b"2"}), "holds 2 files (a.csv, b.csv), not one"),
        ("a_2026-11-06.zip", zipped(), "the file is an archive without files"),
        ("a_2026-11-06.zip", zipped(**{"a.zip": zipped(**{"b.csv": b"1"})}), "an archive lies within the archive"),
        ("a_2026-11-06.gz", gzipped(b""), "the file is empty"),
        ("a_2026-11-06.xlsx", workbook()[:-40], "archive is damaged"),
        ("a_2026-11-06.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "workbook of the old kind, or locked"),
        ("a_2026-11-06.parquet", damaged(parquet()), "the Parquet file is damaged"),
        ("a_2026-11-06.csv", text().encode("utf-16")[:-1], "the text is no utf-16"),
        ("a_2026-11-06.csv", text().encode("utf-16-le"), "the file is no text"),
    ],
)
def test_what_cannot_be_read_says_why(paths: DataPaths, name: str, content: bytes, said: str) -> None:
    outcome = deliver(paths, content, name)
    assert outcome.status == "quarantined"
    assert said in (outcome.reason or ""), outcome.reason
    assert (outcome.reason or "").startswith(name)
    (kept,) = [path for path in paths.quarantine.glob("texas/*") if not path.name.endswith(".reason.txt")]
    assert kept.read_bytes() == content


def test_locked_zip_says_so(paths: DataPaths) -> None:
    content = bytearray(zipped(**{"a.csv": text().encode()}))
    # The flag of encryption, in the local header and in the directory.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "locked with a password" in (deliver(paths, bytes(content), "a_2026-11-06.zip").reason or "")


def test_archive_that_unpacks_without_end_is_stopped(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "LARGEST_BYTES", 1 << 20)
    outcome = deliver(paths, gzipped(b"0" * (5 << 20)), "a_2026-11-06.csv.gz")
    assert "unpacks to more than" in (outcome.reason or "")


def test_empty_sheet_says_so(paths: DataPaths) -> None:
    out = io.BytesIO()
    Workbook().save(out)
    assert "first sheet of the workbook is empty" in (deliver(paths, out.getvalue(), "a_2026-11-06.xlsx").reason or "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 11, 6), "2026-11-06"),
        (datetime(2026, 11, 6, 5, 30), "2026-11-06 05:30:00"),
        (12, "12"),
        (12.5, "12.5"),
        (True, "TRUE"),
        ("007", "007"),
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_typed_value_is_written_as_a_csv_export_would(
    paths: DataPaths, kind: str, value: object, expected: str
) -> None:
    row = [*ROWS[0][:3], value, *ROWS[0][4:]]
    out = io.BytesIO()
    if kind == "xlsx":
        book = Workbook()
        assert book.active is not None
        book.active.append(HEADER)
        book.active.append(row)
        book.save(out)
    else:
        pq.write_table(pa.table({name: [cell] for name, cell in zip(HEADER, row, strict=True)}), out)
    assert deliver(paths, out.getvalue(), f"a_2026-11-06.{kind}").status == "loaded"
    assert bronze(paths)[0][3] == expected


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize("word", ["Niño", "Café", "São José", "Élan", "D’Or", "Zoë’s", "Über–Kita"])
def test_one_accent_is_enough_to_tell_the_encoding(paths: DataPaths, encoding: str, word: str) -> None:
    content = text().replace("Café Niño École über", word).replace("Línea", "Linea").replace("JOSÉ", "JOSE")
    assert deliver(paths, content.encode(encoding), "a_2026-11-06.csv").status == "loaded"
    assert bronze(paths)[1][1] == word


def test_text_in_none_of_the_contracts_encodings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\x81\x8d,b\n")
    contract = replace(contracts()["texas"], encodings=("cp1252",))
    with pytest.raises(DataError, match="neither UTF-8 nor cp1252"):
        formats.detect_encoding(path, path.name, contract)
