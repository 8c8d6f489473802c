"""Addresses, states, postcodes and dates are read as the Postal Service writes them, on every engine."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import duckdb
import pytest
import sqlglot
import usaddress
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.address_line
import macros.address_parts
import macros.address_street
import macros.address_unit
import macros.address_unit_text
import macros.parse_date
import macros.postal_code
import macros.state_code  # noqa: F401

SAMPLES = Path(os.environ.get("LEADS_SAMPLES_DIR", Path(__file__).parents[3] / "shared" / "samples"))


def written(name: str, *columns: str) -> str:
    """Give the SQL that a macro writes for columns, several projections separated by commas."""
    text = macro.get_registry()[name].func(None, *(exp.column(column) for column in columns))
    return text if isinstance(text, str) else ", ".join(text)


ADDRESS_QUERY = f"""
    SELECT house_number, {written("address_street", "p")}, {written("address_unit", "unit_text")} AS unit FROM (
      SELECT *, {written("address_parts", "line", "unit_text")} FROM (
        SELECT *, {written("address_unit_text", "line")} AS unit_text FROM (
          SELECT position, {written("address_line", "raw")} AS line FROM delivered
        ) AS lines
      ) AS units
    ) AS p ORDER BY position
"""


def read_addresses(raw: list[str]) -> list[tuple[str | None, ...]]:
    """Give house number, street, reason and unit of each address."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE delivered (position BIGINT, raw TEXT)")
        connection.executemany("INSERT INTO delivered VALUES (?, ?)", list(enumerate(raw)))
        return connection.execute(ADDRESS_QUERY).fetchall()


def read_value(name: str, raw: str) -> object:
    """Give what a macro of one column makes of a text."""
    with duckdb.connect() as connection:
        row = connection.execute(
            f"SELECT {written(name, 'raw')} FROM (SELECT ?::TEXT AS raw) AS given", [raw]
        ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("3502 SLIDE RD A25", ("3502", "SLIDE RD", None, "# A25")),
        ("3103 - 52 AVENUE", ("3103", "52 AVE", None, None)),
        ("12 1/2 ELM ST", ("12 1/2", "ELM ST", None, None)),
        ("2421 Farm Road 1110", ("2421", "FM 1110", None, None)),
        ("18778 RM 1431", ("18778", "RM 1431", None, None)),
        ("4990 FM 3455 RD", ("4990", "FM 3455", None, None)),
        ("401 FM 685 STE 104", ("401", "FM 685", None, "STE 104")),
        ("500 FM 685 N", ("500", "FM 685 N", None, None)),
        ("500 COUNTY ROAD 12 WEST", ("500", "CR 12 W", None, None)),
        ("5500 Highway 6 N", ("5500", "HWY 6 N", None, None)),
        ("12138 Sheep Farm Rd", ("12138", "SHEEP FARM RD", None, None)),
        ("10900 NW 38TH TERRACE", ("10900", "NW 38TH TER", None, None)),
        ("525 Comanche Street,", ("525", "COMANCHE ST", None, None)),
        ("3980 W. ANN RD., STE 1", ("3980", "W ANN RD", None, "STE 1")),
        ("1061 St Nicholas Ave", ("1061", "ST NICHOLAS AVE", None, None)),
        ("3350 W 7800 S", ("3350", "W 7800 S", None, None)),
        ("100 NORTH ST", ("100", "NORTH ST", None, None)),
        ("100 North Main Street", ("100", "N MAIN ST", None, None)),
        ("100 SUITE ST", ("100", "SUITE ST", None, None)),
        ("12 Main St, Building A, Suite 5", ("12", "MAIN ST", None, "BLDG A STE 5")),
        ("12 Main St Suite #5", ("12", "MAIN ST", None, "STE 5")),
        ("12 Main St # 5", ("12", "MAIN ST", None, "# 5")),
        ("12 Main St Unit B & C", ("12", "MAIN ST", None, "UNIT B & C")),
        ("12 Main St 2nd Floor", ("12", "MAIN ST", None, "FL 2")),
        ("12 Main St Floor 2", ("12", "MAIN ST", None, "FL 2")),
        ("12 MAIN ST PO BOX 5", ("12", "MAIN ST", None, "PO BOX 5")),
        ("12 MAIN ST P.O. Box #5", ("12", "MAIN ST", None, "PO BOX 5")),
        ("P.O. Box 12", (None, "PO BOX 12", "post office box", None)),
        ("P.O. Box 12, Hays", (None, "PO BOX 12", "post office box; not read: HAYS", None)),
        ("the old mill", (None, None, "no house number", None)),
        ("", (None, None, None, None)),
    ],
)
def test_address_is_read_in_postal_form(raw: str, expected: tuple[str | None, ...]) -> None:
    assert read_addresses([raw]) == [expected]


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("postal_code", "89027-1234", "89027"),
        ("postal_code", "8902", None),
        ("postal_code", "t2n1n4", "T2N 1N4"),
        ("state_code", "Nevada", "NV"),
        ("state_code", "ab", "AB"),
        ("state_code", "Other", None),
        ("parse_date", "10/13/11", "2011-10-13"),
        ("parse_date", "10/13/2011", "2011-10-13"),
        ("parse_date", "2026-03-01", "2026-03-01"),
        ("parse_date", "2/30/2023", None),
        ("parse_date", "pending", None),
    ],
)
def test_value_is_read_or_left_empty(name: str, raw: str, expected: str | None) -> None:
    value = read_value(name, raw)
    assert (None if value is None else str(value)) == expected


@pytest.mark.parametrize(
    "words",
    [
        ("postal_code", "raw"),
        ("state_code", "raw"),
        ("parse_date", "raw"),
        ("address_line", "raw"),
        ("address_unit_text", "line"),
        ("address_unit", "unit_text"),
        ("address_parts", "line", "unit_text"),
        ("address_street", "p"),
    ],
)
def test_macro_is_written_for_spark_too(words: tuple[str, ...]) -> None:
    query = f"SELECT {written(*words)} FROM given AS p"
    rendered = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    assert sqlglot.parse_one(rendered, read="spark").selects


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real sample files are not part of the project")
def test_house_number_agrees_with_usaddress_on_the_real_files() -> None:
    with (SAMPLES / "texas.csv").open(encoding="utf-8", errors="replace", newline="") as texas:
        raw = [row["Address"] for row in csv.DictReader(texas) if row["Address"]]
    sure = []
    for text, (house_number, *_) in zip(raw, read_addresses(raw), strict=True):
        try:
            tags, kind = usaddress.tag(text)
        except usaddress.RepeatedLabelError:
            continue
        if kind == "Street Address":
            sure.append((text, house_number, tags.get("AddressNumber")))
    assert sure
    assert [case for case in sure if case[1] != case[2]] == []
