"""A run builds what has changed and leaves the rest, whatever was stopped, restated or put back before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlmesh import Context
from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.core.snapshot.evaluator import ViewStrategy

from lead_enrichment import sqlmesh_internals
from lead_enrichment.sqlmesh_internals import PlanIntoToday
from small_project import SmallProject

EXTERNAL = """
- name: bronze.x
  columns: {id: int, received_on: date}
- name: bronze.y
  columns: {id: int, received_on: date}
"""
INCREMENTAL = "INCREMENTAL_BY_TIME_RANGE (time_column received_on)"
OF_INTERVAL = "WHERE b.received_on BETWEEN @start_date AND @end_date"
KNOWN = "JOIN staging.known AS v ON v.id = b.id"
MODELS = {
    "staging.known": ("FULL", "SELECT id FROM bronze.x UNION SELECT id FROM bronze.y"),
    "staging.of_x": (INCREMENTAL, f"SELECT b.id, b.received_on FROM bronze.x AS b {KNOWN} {OF_INTERVAL}"),
    "staging.of_y": (INCREMENTAL, f"SELECT b.id, b.received_on FROM bronze.y AS b {KNOWN} {OF_INTERVAL}"),
    "dims.seen": ("VIEW", "SELECT id FROM staging.of_x"),
    "facts.counted": ("FULL", "SELECT COUNT(*)::INT AS leads FROM dims.seen"),
    "facts.of_y": ("FULL", "SELECT COUNT(*)::INT AS leads FROM staging.of_y"),
    "facts.of_known": ("FULL", "SELECT COUNT(*)::INT AS leads FROM staging.known"),
    "facts.dated": ("FULL", "SELECT COUNT(*)::INT AS leads, @execution_date::DATE AS as_of FROM staging.of_y"),
}
ALL = {*MODELS}
# What a new file of x changes, and what asks for the time.
OF_X = {"staging.known", "staging.of_x", "dims.seen", "facts.counted", "facts.of_known", "facts.dated"}


class Project(SmallProject):
    """The small project, planned on a delivery of each table."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, EXTERNAL, MODELS, "2026-11-01")
        self.deliver("x", 1)
        self.deliver("y", 1)
        self.plan()
        # A plan of production ends with yesterday until a run has begun the day.
        self.run()

    def deliver(self, table: str, nth: int, ids: str = "1") -> None:
        self.deliver_rows(table, nth, f"SELECT {ids}::INT AS id, CURRENT_DATE AS received_on")

    def run(self) -> set[str]:
        """Return the models that a run of production builds."""
        self.refresh()
        return ALL - {*self.left}

    def leads(self, table: str = "facts.counted") -> int:
        return int(self.ask(f"SELECT leads FROM {table}")[0][0])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(Context, "PLAN_BUILDER_TYPE", PlanIntoToday)
    before, planned = Scheduler.evaluate, PlanIntoToday.has_planned
    yield Project(tmp_path)
    Scheduler.evaluate, PlanIntoToday.has_planned = before, planned  # type: ignore[method-assign]


def test_where_nothing_is_new_only_what_asks_for_the_time_is_built(project: Project) -> None:
    assert project.run() == {"facts.dated"}
    assert project.run() == {"facts.dated"}


def test_a_new_file_builds_what_reads_it_and_no_other_source(project: Project) -> None:
    project.deliver("x", 2, "2")
    # Values are looked up only for delivered rows: of_y has none.
    assert project.run() == OF_X
    assert (project.leads(), project.leads("facts.of_y")) == (2, 1)
    assert project.run() == {"facts.dated"}


def test_what_reads_a_table_that_came_out_as_it_was_is_left(project: Project) -> None:
    """The file brings a row of a lead that is known."""
    project.deliver("x", 2, "1")
    assert project.run() == OF_X - {"facts.of_known"} and project.leads() == 2
    assert project.run() == {"facts.dated"}


def test_what_reads_days_that_came_out_as_they_were_is_left(project: Project) -> None:
    """The file brings a row that the model of its source takes no notice of, and so neither does the view of that."""
    project.deliver("x", 2, "NULL")
    assert project.run() == {"staging.known", "staging.of_x", "facts.of_known", "facts.dated"}
    project.deliver("x", 3, "3")
    assert project.run() == OF_X and (project.leads(), project.leads("facts.of_known")) == (2, 3)


def test_a_table_that_was_emptied_and_built_again_is_as_it_was(project: Project) -> None:
    project.deliver("x", 2, "2")
    project.run()
    project.file("x", 2).unlink()
    assert project.run() == OF_X and (project.leads(), project.leads("facts.of_known")) == (1, 1)


def test_a_view_is_audited_and_not_made_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    own = ViewStrategy.insert

    def insert(self: ViewStrategy, table_name: str, *args: Any, **settings: Any) -> None:
        made.append(table_name)
        own(self, table_name, *args, **settings)

    monkeypatch.setattr(ViewStrategy, "insert", insert)
    path = project.folder / "models" / "dims.seen.sql"
    path.write_text(
        path.read_text().replace("kind VIEW", "kind VIEW, audits (ACCEPTED_RANGE(column := id, max_v := 2))")
    )
    project.plan()
    made.clear()
    project.deliver("x", 2, "2")
    assert project.run() == OF_X and not made
    project.deliver("x", 3, "3")
    project.run()
    # What reads the view whose audit does not hold is not built.
    assert project.leads() == 2


def test_a_file_that_is_replaced_or_gone_is_a_change(project: Project) -> None:
    project.deliver("x", 1, "UNNEST([7, 8, 9])")
    assert project.run() == OF_X and project.leads() == 3
    project.deliver("x", 2, "10")
    project.run()
    project.file("x", 1).unlink()
    assert project.run() == OF_X and project.leads() == 1


def test_what_a_stopped_run_left_undone_is_built_by_the_next(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.deliver("x", 2, "2")
    own: Callable[..., object] = Scheduler._audit_snapshot

    def stop(self: Scheduler, snapshot: object, *args: object, **settings: object) -> object:
        if "of_x" in snapshot.name:  # type: ignore[attr-defined]
            raise RuntimeError("killed")
        return own(self, snapshot, *args, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(Scheduler, "_audit_snapshot", stop)
        project.run()
    built = project.run()
    assert {"staging.of_x", "dims.seen", "facts.counted"} <= built and project.leads() == 2


def test_whoever_restates_a_model_gets_it_built(project: Project) -> None:
    project.run()
    with duckdb.connect(str(project.folder / "w.duckdb")) as connection:
        (table,) = connection.execute(
            "SELECT physical_table FROM build_log.model_build WHERE physical_table LIKE '%of_y%' "
            "AND physical_table LIKE '%staging%'"
        ).fetchall()[0]
        connection.execute(f"DELETE FROM {'.'.join(table.split('.')[-2:])}")
    project.plan(restate_models=["staging.of_y"], start="today")
    assert project.leads("facts.of_y") == 1
    # What reads a table that was built again is built again.
    assert project.run() == {"facts.dated"}


def test_a_changed_model_is_built_and_what_reads_it(project: Project) -> None:
    path = project.folder / "models" / "facts.counted.sql"
    path.write_text(path.read_text().replace("COUNT(*)", "10 + COUNT(*)"))
    project.plan()
    assert project.leads() == 11
    assert project.run() == {"facts.dated"}


def test_a_warehouse_without_its_record_is_built_whole(project: Project) -> None:
    with duckdb.connect(str(project.folder / "w.duckdb")) as connection:
        connection.execute("DELETE FROM build_log.model_build")
    assert project.run() == ALL
    assert project.run() == {"facts.dated"}


def test_a_clock_that_was_set_back_hides_no_file(project: Project) -> None:
    import os

    project.deliver("x", 2, "2")
    os.utime(project.file("x", 2), (1, 1))
    assert "staging.of_x" in project.run() and project.leads() == 2


def test_descriptions_stand_on_the_views_that_people_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter

    for method in ("_create_table_comment", "_create_column_comments"):
        monkeypatch.setattr(DuckDBEngineAdapter, method, getattr(DuckDBEngineAdapter, method))
    sqlmesh_internals.comment_on_views_only()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text(
        "MODEL (name a.b, kind FULL, description 'Rows.'); SELECT 1 AS c /* One */"
    )
    config = Config(
        gateways={"": GatewayConfig(connection=DuckDBConnectionConfig())},
        model_defaults=ModelDefaultsConfig(dialect="duckdb"),
    )
    context = Context(paths=[str(tmp_path)], config=config)
    context.plan(auto_apply=True, no_prompts=True, skip_tests=True)
    found = dict(context.engine_adapter.fetchall(
        "SELECT schema_name, comment FROM duckdb_columns() WHERE column_name = 'c'"
    ))  # fmt: skip
    assert found == {"a": "One", "sqlmesh__a": None}
