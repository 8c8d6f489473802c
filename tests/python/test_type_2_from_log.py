"""The kind type_2_from_log: in steps of any length and order, validity is what the log says."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.dialect import parse
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter
from sqlmesh.core.engine_adapter.shared import InsertOverwriteStrategy
from sqlmesh.core.model import load_sql_based_model
from sqlmesh.utils.errors import ConfigError

from conftest import ROOT
from lead_enrichment.benchmark.alone import alone

# A change of a lead: its key, the version that it has from then on, the day of the month and the hour.
Change = tuple[str, str, int, int]
CONFIG = """
project: history
gateways:
  local: {{connection: {connection}, state_connection: {{type: duckdb, database: '{folder}/state.duckdb'}}}}
model_defaults: {{dialect: duckdb, owner: test, start: 2026-11-01, cron: '@daily', allow_partials: true}}
disable_anonymized_analytics: true
"""
DUCKDB = "{type: duckdb, database: 'FOLDER/history.duckdb', connector_config: {TimeZone: UTC}}"
SPARK = """{type: spark, catalog: spark_catalog, config: {
  spark.master: 'local[2]', spark.sql.shuffle.partitions: 1, spark.sql.session.timeZone: UTC, spark.ui.enabled: false,
  spark.sql.ansi.enabled: true, spark.sql.legacy.createHiveTableByDefault: false, spark.log.level: FATAL,
  spark.sql.warehouse.dir: FOLDER/spark, spark.sql.parquet.outputTimestampType: TIMESTAMP_MICROS,
  spark.hadoop.javax.jdo.option.ConnectionURL: 'jdbc:derby:;databaseName=FOLDER/metastore;create=true',
  spark.driver.extraJavaOptions: '-Dderby.stream.error.file=FOLDER/derby.log'}}"""
LOG = "intermediate.int_lead_version"


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def on(day: int) -> str:
    return f"{at(day):%Y-%m-%d}"


def replay(log: Iterable[Change]) -> list[tuple[Any, ...]]:
    """Return validity as (lead, version, from, to): the last change of each day, where it changes something."""
    last_of_day = {
        (lead, day): (version, at(day, hour)) for lead, version, day, hour in sorted(log, key=lambda c: c[2:])
    }
    rows: list[tuple[Any, ...]] = []
    for (lead, _), (version, since) in sorted(last_of_day.items()):
        if rows and rows[-1][0] == lead:
            if rows[-1][1] == version:
                continue
            rows[-1] = (*rows[-1][:3], since)
        rows.append((lead, version, since, None))
    return rows


class Warehouse:
    """A project of the log and the project's own model of validity, with its audits."""

    def __init__(self, folder: Path, connection: str = DUCKDB) -> None:
        for name in ("models/dims/dim_lead_validity", "audits/one_open_version_per_lead",
                     "audits/no_gap_or_overlap_in_validity"):  # fmt: skip
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / f"{name}.sql", folder / f"{name}.sql")
        (folder / "config.yaml").write_text(
            CONFIG.format(connection=connection.replace("FOLDER", str(folder)), folder=folder), encoding="utf-8"
        )
        self.folder, self.context = folder, Context(paths=str(folder))
        self.adapter = self.context.engine_adapter
        self.adapter.create_schema("intermediate")
        kinds = {
            "lead_key": "TEXT", "lead_version_key": "TEXT", "content_hash": "TEXT", "is_listed": "BOOLEAN",
            "received_at": "TIMESTAMPTZ", "received_on": "DATE",
        }  # fmt: skip
        self.adapter.create_table(LOG, {name: exp.DataType.build(kind) for name, kind in kinds.items()})

    def log(self, *changes: Change) -> None:
        """Let the log hold these changes and no others."""
        rows = [(lead, version, version, True, at(day, hour), at(day).date()) for lead, version, day, hour in changes]
        columns = self.adapter.columns(LOG)
        self.adapter.replace_query(LOG, pd.DataFrame(rows, columns=[*columns]), columns)

    def plan(self, environment: str = "prod", **settings: Any) -> None:
        self.context.plan(environment, auto_apply=True, no_prompts=True, skip_tests=True, **settings)

    def run(self, day: int, hour: int = 0) -> None:
        """Let the clock show this time, and build what is due."""
        self.context.run(ignore_cron=True, execution_time=at(day, hour))

    def restate(self, first: int, last: int, **settings: Any) -> None:
        settings = {"execution_time": at(20), **settings}
        self.plan(restate_models=["dims.dim_lead_validity"], start=on(first), end=on(last), **settings)

    def rows(self, environment: str = "") -> list[tuple[Any, ...]]:
        found = self.adapter.fetchall(
            f"SELECT lead_key, lead_version_key, valid_from, valid_to FROM dims{environment}.dim_lead_validity "
            "ORDER BY lead_key, valid_from"
        )
        return [tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in found]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path / "project")
    yield made
    made.context.close()


STORY: tuple[Change, ...] = (
    ("a", "1", 2, 9),
    ("a", "2", 4, 9),
    ("a", "3", 4, 21),
    # Wrong in the morning and right again in the evening: nothing happened
    ("b", "1", 2, 9),
    ("b", "2", 5, 9),
    ("b", "1", 5, 21),
    ("c", "1", 8, 9),
)


def test_history_of_any_number_of_days_is_one_step(warehouse: Warehouse) -> None:
    warehouse.log(*STORY)
    steps: list[tuple[Any, ...]] = []
    told = warehouse.context.console.update_snapshot_evaluation_progress
    warehouse.context.console.update_snapshot_evaluation_progress = lambda *words, **named: (  # type: ignore[method-assign]
        steps.append(words[1]),
        told(*words, **named),
    )
    warehouse.plan(execution_time=at(20))
    assert len(steps) == 1
    assert warehouse.rows() == replay(STORY)


def test_an_empty_log_gives_an_empty_history_and_the_first_change_enters(warehouse: Warehouse) -> None:
    warehouse.plan(execution_time=at(3))
    assert warehouse.rows() == []
    warehouse.log(("a", "1", 4, 9))
    warehouse.run(5)
    assert warehouse.rows() == [("a", "1", at(4, 9), None)]


def test_a_day_touches_the_leads_that_changed_in_it_and_no_others(warehouse: Warehouse) -> None:
    warehouse.log(*STORY)
    warehouse.plan(execution_time=at(10))
    (table,) = (snapshot.table_name() for snapshot in warehouse.context.snapshots.values() if snapshot.is_custom)
    before = dict(warehouse.adapter.fetchall(f"SELECT lead_key, MAX(rowid) FROM {table} GROUP BY 1"))
    warehouse.log(*STORY, ("a", "4", 12, 9))
    warehouse.run(13)
    assert warehouse.rows() == replay([*STORY, ("a", "4", 12, 9)])
    after = dict(warehouse.adapter.fetchall(f"SELECT lead_key, MAX(rowid) FROM {table} GROUP BY 1"))
    assert {lead for lead in before if after[lead] != before[lead]} == {"a"}


def test_a_restated_day_in_the_middle_is_replaced_and_the_days_around_it_stay(warehouse: Warehouse) -> None:
    warehouse.log(*STORY)
    warehouse.plan(execution_time=at(20))
    # Another version on that day, a lead that was not there after all, and one that was
    corrected = (("a", "9", 4, 12), *(change for change in STORY if change[2] != 4), ("d", "1", 4, 9))
    warehouse.log(*corrected)
    warehouse.restate(4, 4)
    assert warehouse.rows() == replay(corrected)
    without = [change for change in corrected if change[0] != "d"]
    warehouse.log(*without)
    warehouse.restate(4, 4)
    assert warehouse.rows() == replay(without)


def test_a_change_that_was_none_shows_once_the_past_before_it_is_restated(warehouse: Warehouse) -> None:
    """On the fifth b became what it was; with another past, it changes on that day."""
    warehouse.log(*STORY)
    warehouse.plan(execution_time=at(20))
    corrected = [("b", "7", 2, 9) if change == ("b", "1", 2, 9) else change for change in STORY]
    warehouse.log(*corrected)
    warehouse.restate(2, 2)
    assert warehouse.rows() == replay(corrected)


def test_a_late_correction_closes_the_old_version_when_it_arrives(warehouse: Warehouse) -> None:
    warehouse.log(*STORY)
    warehouse.plan(execution_time=at(10))
    warehouse.log(*STORY, ("a", "2", 15, 9))
    warehouse.run(16)
    assert warehouse.rows()[:3] == [
        ("a", "1", at(2, 9), at(4, 21)), ("a", "3", at(4, 21), at(15, 9)), ("a", "2", at(15, 9), None)
    ]  # fmt: skip


def test_what_was_shown_before_a_later_change_of_the_day_stays_until_the_day_is_restated(warehouse: Warehouse) -> None:
    morning = [("a", "1", 2, 9), ("a", "2", 4, 9)]
    evening = [*morning, ("a", "3", 4, 21)]
    warehouse.log(*morning)
    warehouse.plan(execution_time=at(4, 12))
    warehouse.run(4, 12)
    warehouse.log(*evening)
    warehouse.run(4, 22)
    shown = [("a", "1", at(2, 9), at(4, 9)), ("a", "2", at(4, 9), at(4, 21)), ("a", "3", at(4, 21), None)]
    assert warehouse.rows() == shown
    warehouse.run(6)
    assert warehouse.rows() == shown, "the day was over, and then built again"
    warehouse.log(*evening, ("a", "4", 8, 9))
    warehouse.run(9)
    warehouse.restate(8, 8)
    assert warehouse.rows() == [*shown[:2], ("a", "3", at(4, 21), at(8, 9)), ("a", "4", at(8, 9), None)]
    warehouse.restate(4, 4)
    assert warehouse.rows() == replay([*evening, ("a", "4", 8, 9)])


def test_an_environment_has_all_of_the_history_whatever_days_it_is_given_and_in_any_order(warehouse: Warehouse) -> None:
    warehouse.log(*STORY)
    warehouse.plan("dev", start=on(4), end=on(5), execution_time=at(20))
    assert warehouse.rows("__dev") == replay(STORY)
    longer = [*STORY, ("c", "2", 9, 9), ("e", "1", 2, 9)]
    warehouse.log(*longer)
    warehouse.plan("dev", start=on(9), end=on(9), execution_time=at(20))
    warehouse.plan("dev", start=on(1), end=on(3), execution_time=at(20))
    assert warehouse.rows("__dev") == replay(longer)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_days_and_restatements_ends_as_the_replay(warehouse: Warehouse, seed: int) -> None:
    dice = random.Random(seed)

    def changes(days: Iterable[int]) -> list[Change]:
        made = [(lead, dice.choice("123"), day, hour) for lead in "abcde" for day in days for hour in (8, 20)]
        return [change for change in made if dice.random() < 0.3]

    log = changes(range(1, 8))
    warehouse.log(*log)
    warehouse.plan(execution_time=at(8))
    done = 8
    for _ in range(5):
        if dice.random() < 0.5:
            further = done + dice.randint(1, 3)
            log += changes(range(done, further))
            warehouse.log(*log)
            warehouse.run(further)
            done = further
        else:
            first = dice.randint(1, done - 1)
            last = dice.randint(first, done - 1)
            log = [c for c in log if not first <= c[2] <= last] + changes(range(first, last + 1))
            warehouse.log(*log)
            warehouse.restate(first, last, execution_time=at(done))
        assert warehouse.rows() == replay(log)


def test_an_engine_without_delete_writes_the_same_rows_anew(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.log(*STORY)
    warehouse.plan(execution_time=at(10))
    longer = [*STORY, ("a", "4", 12, 9), ("d", "1", 12, 9)]
    warehouse.log(*longer)
    monkeypatch.setattr(DuckDBEngineAdapter, "INSERT_OVERWRITE_STRATEGY", InsertOverwriteStrategy.INSERT_OVERWRITE)
    delete = DuckDBEngineAdapter.delete_from

    def refuse(adapter: DuckDBEngineAdapter, table_name: Any, where: Any) -> None:
        assert "validity" not in str(table_name), "no DELETE here"
        delete(adapter, table_name, where)

    monkeypatch.setattr(DuckDBEngineAdapter, "delete_from", refuse)
    warehouse.run(13)
    assert warehouse.rows() == replay(longer)


def history_on_spark(folder: Path) -> list[list[tuple[Any, ...]]]:
    """Return the rows after the first build, a day with changes, one without, and a restated day in the middle."""
    warehouse, found = Warehouse(folder, SPARK), []
    for step in (lambda: warehouse.plan(execution_time=at(10)), lambda: warehouse.run(13), lambda: warehouse.run(14),
                 lambda: warehouse.restate(4, 4, execution_time=at(14))):  # fmt: skip
        warehouse.log(*SPARK_LOGS[len(found)])
        step()
        found.append(warehouse.rows())
    return found


LATER = (*STORY, ("a", "4", 12, 9), ("d", "1", 12, 9))
SPARK_LOGS = [STORY, LATER, LATER, [("a", "9", 4, 12), *(change for change in LATER if change[2] != 4)]]


@pytest.mark.spark
def test_spark_builds_the_same_history_step_by_step(tmp_path: Path) -> None:
    assert alone(history_on_spark, tmp_path / "project") == [replay(log) for log in SPARK_LOGS]


@pytest.mark.parametrize("properties", ["(version = lead_version_key)", "(unique_key = (a, b), version = v)"])
def test_a_kind_that_lacks_a_column_says_which(properties: str) -> None:
    kind = f"CUSTOM (materialization 'type_2_from_log', materialization_properties {properties})"
    with pytest.raises(ConfigError, match="needs one column as unique_key"):
        load_sql_based_model(parse(f"MODEL (name a.b, kind {kind}); SELECT 1 AS v", default_dialect="duckdb"))
