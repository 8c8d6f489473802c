"""A process is charged with its own memory and not with that of the one that started it, and a run holds little."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from lead_enrichment import sqlmesh_internals
from lead_enrichment.benchmark.alone import alone
from lead_enrichment.hooks.registration import ingest_and_register
from lead_enrichment.memory import peak_bytes
from lead_enrichment.paths import DataPaths
from lead_enrichment.sqlmesh_internals import PlanIntoToday
from lead_enrichment.warehouse import connection
from lead_enrichment.warehouse.connection import connect, hold_less

MUCH = 400_000_000


def held_after(size: int) -> int:
    assert len(bytearray(size)) == size
    return peak_bytes()


def test_a_new_process_does_not_inherit_the_peak_of_its_parent() -> None:
    assert held_after(MUCH) > MUCH
    assert alone(held_after, 1) < MUCH < alone(held_after, MUCH)


def held_by(database: duckdb.DuckDBPyConnection) -> int:
    """What DuckDB holds at most, which it tells to two digits."""
    (held,) = database.execute("SELECT PARSE_FORMATTED_BYTES(CURRENT_SETTING('memory_limit'))").fetchone() or (0,)
    return int(held)


def limit(database: str, before: str = "50 GB") -> int:
    with connect(database) as warehouse:
        warehouse.execute(f"SET memory_limit = '{before}'")
        hold_less(warehouse.cursor())
        return held_by(warehouse)


def test_a_run_holds_half_of_a_large_warehouse_and_of_a_small_one_all_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "leads.duckdb"
    with connect(str(file)) as warehouse:
        warehouse.execute("CREATE TABLE lead AS SELECT HASH(i) AS lead_key FROM RANGE(1000000) AS r(i)")
    assert limit(str(file)) == pytest.approx(2_000_000_000, rel=0.06)
    assert limit(":memory:") == pytest.approx(2_000_000_000, rel=0.06)
    monkeypatch.setattr(connection, "LEAST_HELD", 1000)
    assert file.stat().st_size > 5_000_000
    assert limit(str(file)) == pytest.approx(file.stat().st_size / 2, rel=0.06)
    # Whoever set a lower limit in config.yaml keeps it.
    assert limit(str(file), "1 MB") == pytest.approx(1_000_000, rel=0.06)
    assert limit(str(file), "none") == pytest.approx(file.stat().st_size / 2, rel=0.06)


@pytest.mark.parametrize(("has_planned", "held"), [(False, 2_000_000_000), (True, 50_000_000_000)])
def test_a_run_holds_less_and_a_plan_does_not(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, has_planned: bool, held: int
) -> None:
    # What else is done to SQLMesh's classes would stay for the tests that follow.
    for change in (
        "comment_on_views_only", "leave_unchanged_models", "migrate_older_tables_only", "render_queries_once"
    ):  # fmt: skip
        monkeypatch.setattr(sqlmesh_internals, change, lambda *given: None)
    monkeypatch.setattr(PlanIntoToday, "has_planned", has_planned)
    with connect() as warehouse:
        warehouse.execute("SET memory_limit = '50 GB'")
        ingest_and_register(SimpleNamespace(dialect="duckdb", cursor=warehouse.cursor()))
        assert held_by(warehouse) == pytest.approx(held, rel=0.06)
