"""No value that the project writes into a CSV file is run as a formula by a spreadsheet that opens it."""

from __future__ import annotations

import ast
import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from conftest import ROOT
from lead_enrichment.demo.files import CsvFile
from lead_enrichment.matching.decisions import Decision, submit
from lead_enrichment.paths import DataPaths
from lead_enrichment.spreadsheet import GuardedWriter

FORMULAS = ("=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("//a.b")')
# Numbers, phones and texts with the signs elsewhere
HARMLESS = ("-3.5", "+1 (512) 474-4571", "+15124744571", "a=b", "'=1", "", "ann@school.org")
# What no spreadsheet opens, and what has to be as it was delivered: an apostrophe would be a value of its own.
NOT_GUARDED = {"ingest/reader.py", "salesforce/pull.py", "salesforce/sender.py", "demo/faults.py", "quality/lineage.py"}


@pytest.mark.parametrize("value", FORMULAS)
def test_formula_has_an_apostrophe_in_front(value: str) -> None:
    text = io.StringIO(newline="")
    GuardedWriter(text).writerows([[value, 5]])
    assert next(csv.reader(io.StringIO(text.getvalue(), newline=""))) == [f"'{value}", "5"]


@pytest.mark.parametrize("value", HARMLESS)
def test_what_is_no_formula_stays(value: str) -> None:
    text = io.StringIO(newline="")
    GuardedWriter(text).writerow([value, -3.5])
    assert next(csv.reader(io.StringIO(text.getvalue(), newline=""))) == [value, "-3.5"]


def test_demo_writes_no_formula(tmp_path: Path) -> None:
    values = [*FORMULAS, *HARMLESS]
    with CsvFile(tmp_path / "demo.csv") as file:
        file.write({"name": pa.array(values), "number": pa.array(["5"] * len(values))})
    with (tmp_path / "demo.csv").open(encoding="utf-8", newline="") as stream:
        written = [row["name"] for row in csv.DictReader(stream)]
    assert written == [*(f"'{value}" for value in FORMULAS), *HARMLESS]


def test_reason_of_a_decision_is_no_formula(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    decision = Decision("texas:1", "h", "salesforce:1", "h", "same", "=1+1", "@ana", moment)
    with submit(DataPaths(tmp_path), [decision]).open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["decided_by"], row["reason"]) == ("'@ana", "'=1+1")


def test_every_csv_file_is_written_through_the_guard() -> None:
    """Another writer would write formulas: use GuardedWriter."""
    found = set()
    for path in sorted((ROOT / "lead_enrichment").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter", "to_csv", "write_csv"):
                found.add(path.relative_to(ROOT / "lead_enrichment").as_posix())
    assert found == {"spreadsheet.py", *NOT_GUARDED}
