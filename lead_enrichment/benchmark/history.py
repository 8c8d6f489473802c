"""The step of type 2 on the narrow table of validity, beside the same step on all attributes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter

from lead_enrichment.benchmark.alone import alone
from lead_enrichment.benchmark.result import Result
from lead_enrichment.memory import peak_bytes
from lead_enrichment.warehouse.connection import connect, literal

NOW = "2030-01-01 00:00:00+00:00"
# One lead of so many has changed.
ONE_OF = 50
NARROW = """
    SELECT lead_key, {changed} AS lead_version_key, received_at
    FROM leads.intermediate.int_lead_current
"""
WIDE = """
    SELECT * EXCLUDE (lead_version_key), {changed} AS lead_version_key
    FROM leads.intermediate.int_lead_current
"""
CHANGED = f"CASE WHEN HASH(lead_key) % {ONE_OF} = 0 THEN 'changed' ELSE lead_version_key END"


def time_type_2(warehouse: Path) -> Result:
    """Time the step of a day on which one lead in fifty has changed, each form in a process of its own."""
    leads, narrow, peak = alone(_time_step, warehouse, NARROW)
    _, wide, _ = alone(_time_step, warehouse, WIDE)
    return Result("type 2 step", "type 2 on all attributes", leads, narrow, wide, peak)


def _time_step(warehouse: Path, form: str) -> tuple[int, float, int]:
    """Return the leads, the seconds that SQLMesh's step of type 2 took, and the most memory held."""
    connection = connect()
    connection.execute("SET threads = 2")
    connection.execute(f"ATTACH {literal(warehouse)} AS leads (READ_ONLY)")
    adapter: Any = DuckDBEngineAdapter(lambda: connection)
    for name, key in (("first", "lead_version_key"), ("next", CHANGED)):
        connection.execute(f"CREATE TABLE {name} AS {form.format(changed=key)}")
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
