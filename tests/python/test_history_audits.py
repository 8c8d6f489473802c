"""Each audit of history finds what breaks its promise, and nothing where it is kept."""

from __future__ import annotations

import re

import duckdb
import pytest

from conftest import ROOT

DAY = "TIMESTAMPTZ '2026-11-0{} 00:00:00+00:00'"


def offending(audit: str, tables: dict[str, str], this_model: str) -> list[tuple[object, ...]]:
    """Give the rows that an audit returns on tables of a test, its parameters at their defaults."""
    header, query = (ROOT / "audits" / f"{audit}.sql").read_text(encoding="utf-8").split("\n);\n", 1)
    query = query.replace("@this_model", this_model)
    for name, default in re.findall(r"\b(\w+) = ([\d.]+)", header):
        query = query.replace(f"@{name}", default)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA intermediate; CREATE SCHEMA dims")
        for name, rows in tables.items():
            connection.execute(f"CREATE TABLE {name} AS {rows}")
        return connection.execute(query).fetchall()


def validity(*spans: tuple[int, int | None]) -> str:
    """Give a table of validity rows of one lead from (first day, last day)."""
    rows = (
        f"('texas:1', 'v{start}', {DAY.format(start)}, {DAY.format(end) if end else 'NULL::TIMESTAMPTZ'})"
        for start, end in spans
    )
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t(lead_key, lead_version_key, valid_from, valid_to)"


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(1, 2), (2, None)], 0),
        ([(1, 2), (2, 3)], 1),
        ([(1, None), (2, None)], 1),
    ],
    ids=["one open", "none open", "two open"],
)
def test_one_open_version_per_lead(spans: list[tuple[int, int | None]], found: int) -> None:
    assert len(offending("one_open_version_per_lead", {"v": validity(*spans)}, "v")) == found


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(1, 2), (2, None)], 0),
        ([(1, 2), (3, None)], 1),
        ([(1, 3), (2, None)], 1),
        ([(2, 2), (2, None)], 1),
        ([(1, None), (2, None)], 1),
    ],
    ids=["chained", "gap", "overlap", "empty", "open before the last"],
)
def test_no_gap_or_overlap_in_validity(spans: list[tuple[int, int | None]], found: int) -> None:
    assert len(offending("no_gap_or_overlap_in_validity", {"v": validity(*spans)}, "v")) == found


@pytest.mark.parametrize(("received", "found"), [(1, 0), (2, 1)], ids=["of the delivery", "of another time"])
def test_every_validity_has_its_version(received: int, found: int) -> None:
    tables = {
        "dims.dim_lead_validity": validity((1, None)),
        "intermediate.int_lead_version": (
            f"SELECT 'texas:1' AS lead_key, 'v1' AS lead_version_key, {DAY.format(received)} AS received_at"
        ),
    }
    assert len(offending("every_validity_has_its_version", tables, "dims.dim_lead")) == found


def deliveries(before: int, after: int) -> str:
    """Give two full snapshots of a source with their row counts."""
    return (
        "SELECT *, 'texas' AS source_key, TRUE AS is_effective, 'full_snapshot' AS delivery_mode, "
        f"received_at::DATE AS file_date FROM (VALUES ('a', NULL, {before}, {DAY.format(1)}), "
        f"('b', 'a', {after}, {DAY.format(2)})) AS t(file_id, previous_file_id, rows_loaded, received_at)"
    )


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [(1000, 1199, 0), (1000, 1201, 1), (1000, 799, 1), (10, 25, 0)],
    ids=["usual", "many more", "many fewer", "small"],
)
def test_warn_row_count_jumps(before: int, after: int, found: int) -> None:
    tables = {"intermediate.int_delivery": deliveries(before, after)}
    assert len(offending("warn_row_count_jumps", tables, "intermediate.int_delivery")) == found


@pytest.mark.parametrize(
    ("before", "gone", "found"), [(100, 20, 0), (100, 21, 1), (20, 19, 0)], ids=["usual", "many", "small"]
)
def test_warn_many_leads_delisted(before: int, gone: int, found: int) -> None:
    tables = {
        "intermediate.int_delivery": deliveries(before, before),
        "intermediate.int_lead_version": (
            f"SELECT 'texas' AS source_key, FALSE AS is_listed, {DAY.format(2)} AS received_at FROM RANGE({gone}) "
            f"UNION ALL SELECT 'texas', TRUE, {DAY.format(2)} FROM RANGE(50)"
        ),
    }
    assert len(offending("warn_many_leads_delisted", tables, "intermediate.int_lead_version")) == found
