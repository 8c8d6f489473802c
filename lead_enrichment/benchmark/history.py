"""The project's step of type 2, from the log into the narrow table of validity, beside SQLMesh's on all attributes."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp, parse_one
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter
from sqlmesh.utils.date import to_timestamp

from lead_enrichment.benchmark.alone import alone
from lead_enrichment.benchmark.result import Result
from lead_enrichment.memory import peak_bytes
from lead_enrichment.warehouse.connection import connect, literal
from lead_enrichment.warehouse.type_2 import History, renew

NOW = "2030-01-01 00:00:00+00:00"
# One lead of so many has changed.
ONE_OF = 50
DAY = 86_400_000
WIDE = """
    SELECT * EXCLUDE (lead_version_key), {changed} AS lead_version_key
    FROM leads.intermediate.int_lead_current
"""
CHANGED = f"CASE WHEN HASH(lead_key) % {ONE_OF} = 0 THEN 'changed' ELSE lead_version_key END"


LOG = """
    SELECT lead_key, lead_version_key, received_at AS valid_from, NULL::TIMESTAMPTZ AS valid_to FROM log
"""
COLUMNS = ("lead_key", "lead_version_key", "valid_from", "valid_to")


def time_type_2(warehouse: Path) -> Result:
    """Time the step of a day on which one lead in fifty has changed, each form in a process of its own."""
    leads, narrow, peak = alone(_time_step_from_log, warehouse)
    _, wide, _ = alone(_time_step_of_sqlmesh, warehouse)
    return Result("type 2 step", "SQLMesh's type 2 on all attributes", leads, narrow, wide, peak)


def _open(warehouse: Path) -> tuple[duckdb.DuckDBPyConnection, Any]:
    # SQLMesh imports it with the first table that it makes, which takes longer than the step.
    import_module("pandas")
    connection = connect()
    connection.execute("SET threads = 2")
    connection.execute(f"ATTACH {literal(warehouse)} AS leads (READ_ONLY)")
    return connection, DuckDBEngineAdapter(lambda: connection)


def _time_step_from_log(warehouse: Path) -> tuple[int, float, int]:
    """Return the leads, the seconds that the project's step of type 2 took, and the most memory held."""
    connection, adapter = _open(warehouse)
    connection.execute(
        f"""
        CREATE TABLE log AS
        SELECT lead_key, lead_version_key, received_at FROM leads.intermediate.int_lead_current
        UNION ALL
        SELECT lead_key, 'changed', TIMESTAMPTZ '{NOW}' FROM leads.intermediate.int_lead_current
        WHERE HASH(lead_key) % {ONE_OF} = 0
        """
    )
    day = to_timestamp(NOW), to_timestamp(NOW) + DAY
    connection.execute(f"CREATE TABLE history AS {LOG} WHERE received_at < TIMESTAMPTZ '{NOW}'")
    (leads,) = connection.execute("SELECT COUNT(*) FROM history").fetchone() or (0,)
    log, changes = (parse_one(query, dialect="duckdb") for query in (LOG, f"{LOG} WHERE received_at >= '{NOW}'"))
    assert isinstance(log, exp.Query) and isinstance(changes, exp.Query)
    began = time.perf_counter()
    history = History("lead_key", "lead_version_key", COLUMNS, log)
    renew(adapter, "history", history, changes, day, [day], adapter.execute)
    return int(leads), time.perf_counter() - began, peak_bytes()


def _time_step_of_sqlmesh(warehouse: Path) -> tuple[int, float, int]:
    """Return the leads, the seconds that SQLMesh's step of type 2 took, and the most memory held."""
    connection, adapter = _open(warehouse)
    for name, key in (("first", "lead_version_key"), ("next", CHANGED)):
        connection.execute(f"CREATE TABLE {name} AS {WIDE.format(changed=key)}")
    columns = {
        name: exp.DataType.build(kind, dialect="duckdb")
        for name, kind, *_ in connection.execute("DESCRIBE first").fetchall()
    }
    validity = {"valid_from": exp.DataType.build("TIMESTAMPTZ"), "valid_to": exp.DataType.build("TIMESTAMPTZ")}
    connection.execute(
        "CREATE TABLE history AS SELECT *, received_at AS valid_from, NULL::TIMESTAMPTZ AS valid_to FROM first"
    )
    (leads,) = connection.execute("SELECT COUNT(*) FROM history").fetchone() or (0,)
    began = time.perf_counter()
    adapter.scd_type_2_by_column(
        target_table="history",
        source_table=parse_one("SELECT * FROM next", dialect="duckdb"),
        unique_key=[exp.column("lead_key")],
        valid_from_col=exp.column("valid_from"),
        valid_to_col=exp.column("valid_to"),
        execution_time=NOW,
        check_columns=[exp.column("lead_version_key")],
        invalidate_hard_deletes=False,
        execution_time_as_valid_from=True,
        target_columns_to_types={**columns, **validity},
    )
    return int(leads), time.perf_counter() - began, peak_bytes()
