"""Whatever bytes a delivery is made of, it is loaded or refused with a sentence, and no row of it is lost."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from gzip import compress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conftest import SAMPLES
from helpers import bronze_rows
from hostile import FIELDS, HEADER, workbook
from lead_enrichment.contracts import contracts, fold
from lead_enrichment.ingest.archive import archived_file
from lead_enrichment.ingest.ledger import DUPLICATE, LOADED, QUARANTINED
from lead_enrichment.ingest.run import Outcome, ingest
from lead_enrichment.paths import DataPaths

ROWS = [[str(number), f"CEDAR KIDS É{number}", *FIELDS[1:]] for number in range(1, 13)]
TEXT = "\n".join([HEADER, *(",".join(row) for row in ROWS)]) + "\n"
# Readers of these formats are processes of their own, each of which takes a third of a second to begin.
BINARY = ("xlsx", "parquet")
# What an error says that no rule foresaw.
GENERIC = "it cannot be read ("
# The same examples in every run; without the phase that looks for the smallest one, so that time is bounded.
BOUNDED = settings(
    derandomize=True, deadline=None, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
BATCH = 10


def samples() -> dict[str, tuple[str, bytes]]:
    """Return a small file in each format: the source and the content, by the end of its name."""
    packed, table = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", TEXT)
    columns = {name: [row[at] for row in ROWS] for at, name in enumerate(HEADER.split(","))}
    pq.write_table(pa.table(columns), table)
    found = {
        "csv": TEXT.encode(),
        "1252.csv": TEXT.encode("cp1252"),
        "mac.csv": TEXT.encode("mac_roman"),
        "mark.csv": TEXT.encode("utf-8-sig"),
        "utf16.csv": TEXT.encode("utf-16"),
        "crlf.csv": TEXT.replace("\n", "\r\n").encode(),
        "tab.csv": TEXT.replace(",", "\t").encode(),
        "quoted.csv": "".join('"' + line.replace(",", '","') + '"\n' for line in TEXT.splitlines()).encode(),
        "csv.gz": compress(TEXT.encode(), mtime=0),
        "zip": packed.getvalue(),
        "xlsx": workbook([HEADER.split(","), *ROWS]),
        "parquet": table.getvalue(),
    }
    made = {end: ("texas", content) for end, content in found.items()}
    # The heads of the real files, where they are.
    for source, name in (
        ("nevada", "nevada"), ("oklahoma", "oklahoma"), ("texas", "texas"), ("salesforce", "salesforce_leads"),
    ):  # fmt: skip
        path = SAMPLES / f"{name}.csv"
        if path.is_file():
            with path.open("rb") as stream:
                made[f"{source}.csv"] = (source, b"".join(itertools.islice(stream, 12)))
    return made


MADE = samples()
PIECES = st.sampled_from(
    [
        *(bytes([number]) for number in b"\0\"\n\r,\t;=\\'\x1b\xff\xfe\xc3"),
        *(b'""', b"\r\n", b"{}", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xf0\x9f\x8f\xab", b"\x80" * 9, b"9" * 40),
        *(b"\x1f\x8b", b"PK\x03\x04", b"PAR1"),
    ]
)


@st.composite
def spoiled(draw: st.DrawFn, ends: Sequence[str]) -> tuple[str, bytes]:
    """Return the end of a name, and the content of that sample with a few bytes changed, cut, put in or doubled."""
    end = draw(st.sampled_from(ends))
    content = bytearray(MADE[end][1])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.sampled_from(["flip", "set", "insert", "cut", "remove", "double", "move"]))
        if kind == "flip" and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "set":
            piece = draw(PIECES)
            content[at : at + len(piece)] = piece
        elif kind == "insert":
            content[at:at] = draw(st.one_of(PIECES, st.binary(min_size=1, max_size=12)))
        elif kind == "cut":
            del content[at:]
        else:
            length = draw(st.integers(1, 60))
            span = content[at : at + length]
            if kind == "remove":
                del content[at : at + length]
            else:
                to = at if kind == "double" else draw(st.integers(0, len(content)))
                content[to:to] = span
    return end, bytes(content)


def lines_of(content: bytes) -> tuple[int, int] | None:
    """Return how few and how many lines the rows of a text take; None where its encoding or header hides them.

    A blank line is one within quotes only.
    """
    if any(sign in content for sign in (b"\r", b"\0", b"\xef\xbb\xbf")) or content.startswith(
        (b"\xff\xfe", b"\xfe\xff")
    ):
        return None
    lines = content.removesuffix(b"\n").split(b"\n")
    # Lines of blanks and delimiters alone may stand above the header.
    if b'"' in lines[0] or not lines[0].strip(b" ,;|\t"):
        return None
    filled = sum(line != b"" for line in lines) - 1
    return filled, len(lines) - 1 if b'"' in content else filled


def lines_kept(paths: DataPaths, outcome: Outcome) -> int:
    """Return how many lines the rows of a load take, those that were rejected too."""
    columns = [column.name for column in contracts()[outcome.source_key].columns]
    whole = f"CONCAT_WS('', {', '.join(columns)}, REPLACE(rescued, '\\n', CHR(10)))"
    kept = 0
    for table, text in ((outcome.source_key, whole), ("rejected_row", "raw_text")):
        lines = f"COALESCE(SUM(1 + LENGTH({text}) - LENGTH(REPLACE({text}, CHR(10), ''))), 0)::INT"
        ((found,),) = bronze_rows(paths, table, lines, f"file_id = '{outcome.file_id}'")
        kept += found
    return kept


def check(paths: DataPaths, outcome: Outcome, content: bytes, end: str) -> None:
    """Check what became of a file."""
    reason = outcome.reason or ""
    assert outcome.status in (LOADED, QUARANTINED, DUPLICATE), outcome
    assert GENERIC not in reason and "Traceback" not in reason, outcome
    if outcome.status == QUARANTINED:
        assert reason.rstrip().endswith((".", ")")), reason
        assert content in [path.read_bytes() for path in paths.quarantine.glob("*/*") if path.suffix != ".txt"]
    elif outcome.status == LOADED:
        for table, count in ((outcome.source_key, outcome.rows_loaded), ("rejected_row", outcome.rows_rejected)):
            kept = bronze_rows(paths, table, "COUNT(*)", f"file_id = '{outcome.file_id}'")
            assert kept == [(count,)], (table, outcome)
        assert archived_file(paths, outcome.file_id).exists()
        lines = lines_of(content) if end.endswith("csv") else None
        assert lines is None or lines[0] <= lines_kept(paths, outcome) <= lines[1], (outcome, content)


def taken_in(files: Sequence[tuple[str, bytes]]) -> None:
    """Take files in together, each as a delivery of its day, and check each."""
    with tempfile.TemporaryDirectory() as folder:
        paths = DataPaths(Path(folder))
        expected = {}
        for number, (end, content) in enumerate(files):
            source = MADE[end][0]
            path = paths.landing / source / f"{source}_{date(2026, 1, 1) + timedelta(days=number)}_{end}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            expected[path.name] = (content, end)
        outcomes = ingest(paths)
        assert sorted(outcome.file_name for outcome in outcomes) == sorted(expected)
        for outcome in outcomes:
            check(paths, outcome, *expected[outcome.file_name])
        assert ingest(paths) == []


@settings(BOUNDED, max_examples=25)
@given(st.lists(spoiled([end for end in MADE if end not in BINARY]), min_size=BATCH, max_size=BATCH))
def test_spoiled_text_is_loaded_or_refused_with_a_sentence(files: list[tuple[str, bytes]]) -> None:
    taken_in(files)


@pytest.mark.parametrize("end", BINARY)
@settings(BOUNDED, max_examples=4)
@given(data=st.data())
def test_spoiled_workbook_or_parquet_file_is_loaded_or_refused_with_a_sentence(end: str, data: st.DataObject) -> None:
    taken_in(data.draw(st.lists(spoiled([end]), min_size=BATCH, max_size=BATCH)))


@settings(BOUNDED, max_examples=12)
@given(
    order=st.permutations(range(len(HEADER.split(",")))),
    spelling=st.sampled_from(
        [str, str.upper, str.lower, lambda name: f" {name} ", lambda name: name.replace(" ", "_")]
    ),
    more=st.lists(st.sampled_from(["X", "Größe", "x", "County2", '"a,b"', "=1"]), max_size=3),
)
def test_columns_in_any_order_and_spelling_hold_their_own_values(
    order: list[int], spelling: object, more: list[str]
) -> None:
    names = HEADER.split(",")
    header = [spelling(names[at]) for at in order]  # type: ignore[operator]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, *more])
    writer.writerows([*(row[at] for at in order), *("?" for _ in more)] for row in ROWS)
    columns = {fold(column.header): column.name for column in contracts()["texas"].columns}
    delivered = [columns[fold(name)] for name in names]
    with tempfile.TemporaryDirectory() as folder:
        paths = DataPaths(Path(folder))
        path = paths.landing / "texas" / "texas_2026-01-01.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text.getvalue(), encoding="utf-8")
        (outcome,) = ingest(paths)
        assert (outcome.status, outcome.rows_loaded) == (LOADED, len(ROWS)), outcome
        assert sorted(bronze_rows(paths, "texas", ", ".join(delivered))) == sorted(map(tuple, ROWS))
