"""Every distinct address, name, phone and e-mail of the demo and of the real samples, read by the staging models."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
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


def rows_of(path: Path, columns: dict[str, str]) -> Rows:
    """Return the rows of a CSV file: of each name the values below its header."""
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        return [{name: row.get(header) or "" for name, header in columns.items()} for row in csv.DictReader(stream)]


def headers_of(source: str) -> dict[str, str]:
    """Return the headers of a source by the names of its columns."""
    return {column.name: column.header for column in lead_contracts()[source].columns}


def sample_rows() -> Iterator[tuple[str, Rows]]:
    """Yield the rows of the samples with their source."""
    for source, name in OF_SOURCES.items():
        yield source, rows_of(SAMPLES / f"{name}.csv", headers_of(source))
    for name, columns in OF_OTHERS.items():
        yield "texas", rows_of(SAMPLES / f"{name}.csv", columns)


def demo_rows(folder: Path) -> Iterator[tuple[str, Rows]]:
    """Yield the rows of a demo of 300 facilities with their source."""
    write_demo(folder, 300, 2, date(2026, 11, 23), 1)
    for source in lead_contracts():
        for path in sorted((folder / "landing" / source).glob("*.csv")):
            yield source, rows_of(path, headers_of(source))


@cache
def queries() -> dict[str, str]:
    """Return the queries of the models, for DuckDB."""
    macros = [path for path in sorted((ROOT / "macros").rglob("*.py")) if path.stem != "__init__"]
    files = {model: ROOT / "models" / "staging" / f"{model}.sql" for model in MODELS}
    return {model: query_of_file(path, macros, ("2026-11-01", "2026-11-30")) for model, path in files.items()}


def zip_codes() -> pd.DataFrame:
    """Return what staging.stg_zip_code has and the models read."""
    places = {place["zip_code"]: place for place in zipcodes.list_all()}
    names = {
        code: [place["city"], *place["acceptable_cities"], *place["unacceptable_cities"]]
        for code, place in places.items()
    }
    return pd.DataFrame(
        {
            "postal_code": places.keys(),
            "city": [place["city"].upper() for place in places.values()],
            "city_names": [f"|{'|'.join(each).upper()}|" for each in names.values()],
            "state": [place["state"] for place in places.values()],
        }
    )


def parsed(deliveries: Iterable[tuple[str, Rows]]) -> duckdb.DuckDBPyConnection:
    """Return a database with the tables of values that the models make of rows."""
    connection = connect()
    connection.execute("CREATE SCHEMA bronze; CREATE SCHEMA staging; CREATE SCHEMA seeds")
    delivered: dict[str, Rows] = {source: [] for source in lead_contracts()}
    for source, rows in deliveries:
        delivered[source] += rows
    phones = {""}
    for source, rows in delivered.items():
        frame = pd.DataFrame(rows, columns=[*headers_of(source)], dtype="object").fillna("")
        connection.register("frame", frame)
        connection.execute(f"CREATE TABLE bronze.{source} AS SELECT *, DATE '2026-11-02' AS received_on FROM frame")
        contract = lead_contracts()[source]
        phones.update(*(frame[column] for column in (*contract.tagged("phone"), *contract.tagged("mobile"))))
    for seed in ("placeholder_email", "placeholder_phone"):
        connection.execute(f"CREATE TABLE seeds.{seed} AS FROM READ_CSV('{ROOT}/seeds/{seed}.csv', all_varchar = TRUE)")
    connection.register("frame", zip_codes())
    connection.execute("CREATE TABLE staging.stg_zip_code AS FROM frame")
    columns = ["phone_raw", "phone_e164", "phone_type", "phone_reason", "phones_other"]
    irregular = pd.DataFrame(
        [(raw, *read_phone(raw)) for raw in sorted(phones - {""})], columns=columns, dtype="object"
    )
    connection.register("frame", irregular)
    connection.execute("CREATE TABLE staging.stg_phone_irregular AS FROM frame")
    for model, query in queries().items():
        connection.execute(f"CREATE TABLE staging.{model} AS {query}")
    return connection
