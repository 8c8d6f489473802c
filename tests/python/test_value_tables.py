"""Each distinct value is parsed once, in whatever order its days are loaded."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from sqlmesh.core.context import Context

from conftest import ROOT, Run
from helpers import quick_spark
from lead_enrichment.benchmark.alone import alone
from lead_enrichment.contracts import contracts
from lead_enrichment.warehouse.connection import connect

TABLES = {
    "stg_name": "name_raw",
    "stg_phone": "phone_raw",
    "stg_phone_irregular": "phone_raw",
    "stg_address": "address_raw",
}
# `staging.*` without what Texas does not feed.
RESTATED = [
    word
    for table in (*TABLES, "stg_email", "stg_text", "stg_texas_facility")
    for word in ("--restate-model", f"staging.{table}")
]
PLAN = (
    "plan", "--auto-apply", "--no-prompts", "--skip-tests", "--skip-linter",
    "--select-model", "+staging.stg_texas_facility",
)  # fmt: skip


def deliver(data: Path, day: int, names: list[str]) -> None:
    """Write a list of Texas for a day of November, with a facility for each name."""
    header = {column.name: column.header for column in contracts()["texas"].columns}
    folder = data / "landing" / "texas"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"texas_2026-11-{day:02}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(header.values()))
        writer.writeheader()
        for number, name in enumerate(names):
            row = {
                "operation": f"{day}{number}", "operation_name": name, "address": f"{len(name)} {name} ST",
                "city": "AUSTIN", "state": "TX", "zip": "78701", "county": "TRAVIS",
                "phone": f"512-456-78{len(name):02} x{len(name)}", "type": "Licensed Center", "status": "Full Permit",
                "issue_date": "10/13/11", "capacity": "20", "email_address": f"{name}@example.org",
            }  # fmt: skip
            writer.writerow({header[column]: value for column, value in row.items()})


def tables(data: Path, gateway: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the tables of values, and what staging takes from them."""
    queries = {
        table: f"SELECT {key}, CAST(received_on AS STRING) FROM staging.{table}" for table, key in TABLES.items()
    }
    queries["stg_texas_facility"] = "SELECT name_raw, name, street, phone_e164 FROM staging.stg_texas_facility"
    if gateway == "duckdb":
        with connect(str(data / "warehouse" / "leads.duckdb"), read_only=True) as connection:
            return {table: connection.execute(query).fetchall() for table, query in queries.items()}
    # In a process of its own: Java holds Spark's metastore until the process that started it ends.
    return alone(spark_rows, queries)


def spark_rows(queries: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
    adapter = Context(paths=[str(ROOT)], gateway="spark", load=False).engine_adapter
    return {table: [tuple(row) for row in adapter.fetchall(query)] for table, query in queries.items()}


@pytest.mark.parametrize("gateway", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_a_value_has_one_row_whatever_day_is_loaded_or_restated(
    gateway: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (data / "warehouse").mkdir(parents=True)
    monkeypatch.setenv("LEADS_DATA_DIR", str(data))
    monkeypatch.setenv("LEADS_START", "2026-11-01")
    plan, restatements = ("sqlmesh", *PLAN), [(3, 3), (3, 5), (5, 5)]
    if gateway == "spark":
        quick_spark(monkeypatch, tmp_path)
        monkeypatch.setenv("LEADS_SPARK_MASTER", "local[2]")
        # Each costs Spark half a minute, and this one has both kinds of day.
        plan, restatements = ("sqlmesh", "--gateway", "spark", *PLAN), [(3, 5)]
    deliver(data, 5, ["ACORN", "BEE"])
    run("leads", "ingest", "--backfill", data=data)
    run(*plan, data=data)
    assert sorted(tables(data, gateway)["stg_name"]) == [("ACORN", "2026-11-05"), ("BEE", "2026-11-05")]
    # Of an earlier day, and delivered later: one name is known, the other is not.
    deliver(data, 3, ["ACORN", "CEDARS"])
    run("leads", "ingest", "--backfill", data=data)
    if gateway == "duckdb":
        # Restated without them, staging would lack what the tables of values do not know yet.
        only_staging = ("--restate-model", "staging.stg_texas_facility", "--start", "2026-11-03")
        said = run(*plan, *only_staging, data=data, expect=1).stderr
        assert "staging.stg_name has no row for 1 of the delivered values, such as CEDARS. Restate 'staging.*'" in said
    for first, last in restatements:
        days = ("--start", f"2026-11-{first:02}", "--end", f"2026-11-{last:02}")
        run(*plan, *RESTATED, *days, data=data)
        found = tables(data, gateway)
        for table in TABLES:
            assert Counter(key for key, _ in found[table]).most_common(1)[0][1] == 1, f"{table}, day {first} to {last}"
            assert len(found[table]) == 3
        assert sorted(found["stg_texas_facility"]) == [
            ("ACORN", "ACORN", "ACORN ST", "+15124567805"),
            ("ACORN", "ACORN", "ACORN ST", "+15124567805"),
            ("BEE", "BEE", "BEE ST", "+15124567803"),
            ("CEDARS", "CEDARS", "CEDARS ST", "+15124567806"),
        ]
