"""Every distinct address, name, phone and e-mail of the demo and of the real samples, read by the staging models."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import zipcodes

from conftest import ROOT, SAMPLES
from lead_enrichment.contracts import lead_contracts
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.sqlmesh_internals import query_of_file
from lead_enrichment.warehouse.connection import connect
from models.staging.stg_phone_irregular import read_phone

# Files of the samples by the source whose contract they have.
OF_SOURCES = {"salesforce": "salesforce_leads", "nevada": "nevada", "oklahoma": "oklahoma", "texas": "texas"}
# The columns of the others, which come in as leads of Texas.
OF_OTHERS = {
    "restaurant": {"operation_name": "name", "address": "addr", "phone": "phone", "city": "city"},
    "chicago_sites": {"operation_name": "Site name", "address": "Address", "phone": "Phone", "zip": "Zip"},
}
MODELS = ("stg_name", "stg_phone", "stg_email", "stg_address")
Rows = list[dict[str, str]]


def rows_of(path: Path) -> Rows:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        return list(csv.DictReader(stream))


def sample_rows() -> Iterator[tuple[str, Rows]]:
    """Yield the rows of the samples by source, under the names of its contract."""
    for source, name in OF_SOURCES.items():
        headers = {column.name: column.header for column in lead_contracts()[source].columns}
        rows = rows_of(SAMPLES / f"{name}.csv")
        yield source, [{name: row.get(header) or "" for name, header in headers.items()} for row in rows]
    for name, columns in OF_OTHERS.items():
        yield "texas", [{column: row[header] for column, header in columns.items()} for row in rows_of(SAMPLES / f"{name}.csv")]


def demo_rows(folder: Path) -> Iterator[tuple[str, Rows]]:
    """Yield the rows of a demo of 300 facilities by source, under the names of its contract."""
    write_demo(folder, 300, 2, __import__("datetime").date(2026, 11, 23), 1)
    for source, contract in lead_contracts().items():
        headers = {column.name: column.header for column in contract.columns}
        for path in sorted((folder / "landing" / source).glob("*.csv")):
            yield source, [{name: row.get(header) or "" for name, header in headers.items()} for row in rows_of(path)]


@cache
def queries() -> dict[str, str]:
    """Return the queries of the models, for DuckDB."""
    macros = [path for path in sorted((ROOT / "macros").rglob("*.py")) if path.stem != "__init__"]
    files = {model: ROOT / "models" / "staging" / f"{model}.sql" for model in MODELS}
    return {model: query_of_file(path, macros, ("2026-11-01", "2026-11-30")) for model, path in files.items()}


def parsed(rows: Iterator[tuple[str, Rows]]) -> duckdb.DuckDBPyConnection:
    """Return a database with the tables of values that the models make of rows."""
    connection = connect()
    connection.execute("CREATE SCHEMA bronze; CREATE SCHEMA staging; CREATE SCHEMA seeds")
    for source, contract in lead_contracts().items():
        columns = ", ".join(f"{column.name} TEXT" for column in contract.columns)
        connection.execute(f"CREATE TABLE bronze.{source} ({columns}, received_on DATE)")
    for source, delivered in rows:
        names = [column.name for column in lead_contracts()[source].columns]
        values = [[*(row.get(name, "") for name in names), "2026-11-02"] for row in delivered]
        places = ", ".join("?" for _ in [*names, "received_on"])
        connection.executemany(f"INSERT INTO bronze.{source} VALUES ({places})", values)
    for seed in ("placeholder_email", "placeholder_phone"):
        connection.execute(f"CREATE TABLE seeds.{seed} AS FROM READ_CSV('{ROOT}/seeds/{seed}.csv', all_varchar = TRUE)")
    connection.execute("CREATE TABLE staging.stg_zip_code (postal_code TEXT, city TEXT, city_names TEXT, state TEXT)")
    places_of = {place["zip_code"]: place for place in zipcodes.list_all()}
    connection.executemany(
        "INSERT INTO staging.stg_zip_code VALUES (?, ?, ?, ?)",
        [
            (code, place["city"].upper(), f"|{'|'.join([place['city'], *place['acceptable_cities'], *place['unacceptable_cities']]).upper()}|", place["state"])
            for code, place in places_of.items()
        ],
    )  # fmt: skip
    phones = {
        row[column]
        for source, contract in lead_contracts().items()
        for column in (*contract.tagged("phone"), *contract.tagged("mobile"))
        for row in [dict(zip(("x", column), ("", value), strict=True)) for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM bronze.{source}").fetchall()]
        if row[column]
    }
    connection.execute(
        "CREATE TABLE staging.stg_phone_irregular (phone_raw TEXT, phone_e164 TEXT, phone_type TEXT, phone_reason TEXT, "
        "phones_other TEXT)"
    )
    connection.executemany(
        "INSERT INTO staging.stg_phone_irregular VALUES (?, ?, ?, ?, ?)", [(raw, *read_phone(raw)) for raw in phones]
    )
    for model, query in queries().items():
        connection.execute(f"CREATE TABLE staging.{model} AS {query}")
    return connection
