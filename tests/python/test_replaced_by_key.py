"""The kind replaced_by_key in SQLMesh: a run replaces what changed, whatever happened before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import parse_one
from sqlmesh import Context
from sqlmesh.core.dialect import parse
from sqlmesh.core.model import load_sql_based_model
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.utils.errors import ConfigError

from lead_enrichment.sqlmesh_internals import PlanIntoToday, asked_unique
from lead_enrichment.warehouse import change_log, replaced_by_key
from small_project import SmallProject

EXTERNAL = """
- name: bronze.x
  columns: {lead_key: text, name: text, received_on: date}
"""
KEPT = "CUSTOM (materialization 'replaced_by_key')"
PAIRED = """CUSTOM (
  materialization 'replaced_by_key', materialization_properties (touched_by = (left_lead_key, right_lead_key))
)"""
TODAY = date.today()
MODELS = {
    "staging.lead": (
        "INCREMENTAL_BY_TIME_RANGE (time_column received_on), grain (lead_key, received_on), references (lead_key)",
        """SELECT b.lead_key::TEXT AS lead_key, b.name::TEXT AS name, b.received_on::DATE AS received_on
        FROM bronze.x AS b WHERE b.received_on BETWEEN @start_date AND @end_date""",
    ),
    "seeds.word": ("FULL, grain (name)", "SELECT 'ann'::TEXT AS name, 1::INT AS bits"),
    # The newest name of each lead, and which leads bear it
    "dims.lead": (
        f"{KEPT}, grain (lead_key), references (name)",
        """WITH touched AS (SELECT l.lead_key FROM staging.lead AS l)
        SELECT l.lead_key::TEXT AS lead_key, l.name::TEXT AS name, w.bits::INT AS bits
        FROM staging.lead AS l LEFT JOIN seeds.word AS w ON w.name = l.name
        WHERE l.lead_key IN (SELECT t.lead_key FROM touched AS t)
        QUALIFY ROW_NUMBER() OVER (PARTITION BY l.lead_key ORDER BY l.received_on DESC, l.name) = 1""",
    ),
    "facts.name": (
        f"{KEPT}, grain (name)",
        """WITH touched AS (SELECT l.name FROM dims.lead AS l)
        SELECT l.name::TEXT AS name, COUNT(*)::INT AS leads
        FROM dims.lead AS l WHERE l.name IN (SELECT t.name FROM touched AS t) GROUP BY l.name""",
    ),
    "facts.pair": (
        f"{PAIRED}, grain (left_lead_key, right_lead_key)",
        """WITH touched AS (SELECT l.lead_key FROM dims.lead AS l)
        SELECT a.lead_key::TEXT AS left_lead_key, b.lead_key::TEXT AS right_lead_key
        FROM dims.lead AS a JOIN dims.lead AS b ON b.name = a.name AND b.lead_key > a.lead_key
        WHERE a.lead_key IN (SELECT t.lead_key FROM touched AS t)
          OR b.lead_key IN (SELECT t.lead_key FROM touched AS t)""",
    ),
    "facts.common": (f"{KEPT}, grain (name)", "SELECT n.name::TEXT AS name FROM facts.name AS n WHERE n.leads > 1"),
}  # fmt: skip
WHOLE = {
    "dims.lead": "SELECT lead_key, ARG_MAX(name, received_on) FROM bronze GROUP BY 1",
    "facts.name": "SELECT name, COUNT(*) FROM ({}) AS lead(lead_key, name) GROUP BY 1",
    "facts.pair": "SELECT a.lead_key, b.lead_key FROM ({}) AS a(lead_key, name) JOIN ({}) AS b(lead_key, name) "
    "ON a.name = b.name AND b.lead_key > a.lead_key",
    "facts.common": "SELECT name FROM ({}) AS lead(lead_key, name) GROUP BY 1 HAVING COUNT(*) > 1",
}
COLUMNS = {"dims.lead": "lead_key, name", "facts.name": "name, leads", "facts.pair": "*", "facts.common": "name"}


class Project(SmallProject):
    """The small project, planned on twenty leads of four names."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, EXTERNAL, MODELS, str(TODAY - timedelta(days=5)))
        self.deliver(3, {f"lead:{number:02}": ("ann", "bob", "eve", "tom")[number % 4] for number in range(20)})
        self.plan()
        self.run()

    def change(self, name: str, before: str, after: str) -> None:
        """Change the query of a model."""
        kind, query = MODELS[name]
        assert before in query
        self.write(name, kind, query.replace(before, after))

    def deliver(self, days_ago: int, names: dict[str, str]) -> None:
        """Deliver leads as of a day, in place of what was delivered for it."""
        rows = ", ".join(f"('{key}', '{name}')" for key, name in names.items())
        day = TODAY - timedelta(days=days_ago)
        values = f"(VALUES {rows}) AS v(lead_key, name)"
        self.deliver_rows("x", days_ago, f"SELECT *, DATE '{day}' AS received_on FROM {values}")

    def run(self, environment: str = "prod") -> None:
        self.refresh(environment)

    def spoil(self, table: str, change: str) -> None:
        """Spoil a table behind SQLMesh's back: what a run leaves as it is stays spoilt."""
        ((view,),) = self.ask(f"SELECT sql FROM duckdb_views() WHERE schema_name || '.' || view_name = '{table}'")
        shown = view.partition(" FROM ")[2].strip(" ;")
        self.ask(change.format(shown))

    def is_right(self, suffix: str = "") -> bool:
        """Whether every table is what a full build gives."""
        with duckdb.connect(str(self.folder / "w.duckdb")) as connection:
            connection.execute(f"CREATE TEMP TABLE bronze AS FROM '{self.bronze / 'x'}/*/*.parquet'")
            lead = WHOLE["dims.lead"]
            for name, query in WHOLE.items():
                schema, _, table = name.partition(".")
                held = connection.execute(
                    f"SELECT {COLUMNS[name]} FROM {schema}{suffix}.{table} ORDER BY ALL"
                ).fetchall()
                if held != connection.execute(f"{query.format(lead, lead)} ORDER BY ALL").fetchall():
                    return False
        return True


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(Context, "PLAN_BUILDER_TYPE", PlanIntoToday)
    # Of a table of four rows most is touched soon.
    monkeypatch.setattr(replaced_by_key, "MOST", 1)
    before, planned = Scheduler.evaluate, PlanIntoToday.has_planned
    yield Project(tmp_path)
    Scheduler.evaluate, PlanIntoToday.has_planned = before, planned  # type: ignore[method-assign]


def test_a_run_replaces_the_rows_of_touched_keys_and_no_others(project: Project) -> None:
    assert project.is_right()
    project.spoil("facts.name", "UPDATE {} SET leads = 99 WHERE name = 'tom'")
    project.deliver(0, {"lead:00": "bob", "lead:77": "eve"})
    project.run()
    # ann has lost a lead, bob and eve have won one; nobody has looked at tom.
    assert dict(project.ask("SELECT name, leads FROM facts.name")) == {"ann": 4, "bob": 6, "eve": 6, "tom": 99}
    assert project.ask("SELECT name FROM dims.lead WHERE lead_key IN ('lead:00', 'lead:77') ORDER BY lead_key") == [
        ("bob",), ("eve",)
    ]  # fmt: skip
    pairs = project.ask("SELECT right_lead_key FROM facts.pair WHERE left_lead_key = 'lead:00' ORDER BY 1")
    assert [key for (key,) in pairs] == ["lead:01", "lead:05", "lead:09", "lead:13", "lead:17"]


def test_a_key_that_nothing_tells_any_more_goes(project: Project) -> None:
    project.deliver(0, {"lead:90": "zoe"})
    project.run()
    assert project.is_right() and ("zoe",) in project.ask("SELECT name FROM facts.name")
    project.deliver(0, {"lead:01": "bob"})
    project.run()
    assert project.is_right() and ("zoe",) not in project.ask("SELECT name FROM facts.name")


def test_a_table_without_touched_keys_replaces_what_differs(project: Project) -> None:
    project.deliver(0, {"lead:90": "zoe", "lead:91": "zoe"})
    project.run()
    assert project.is_right() and ("zoe",) in project.ask("FROM facts.common")


def test_another_table_that_changed_builds_the_whole(project: Project) -> None:
    project.spoil("dims.lead", "UPDATE {} SET name = 'spoilt' WHERE lead_key = 'lead:03'")
    project.change("seeds.word", "'ann'", "'bob'")
    project.plan()
    assert project.is_right()
    assert project.ask("SELECT DISTINCT name FROM dims.lead WHERE bits = 1") == [("bob",)]


def test_a_table_of_which_most_is_touched_is_built_whole(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaced_by_key, "MOST", 0.3)
    project.spoil("facts.name", "UPDATE {} SET leads = 99 WHERE name = 'tom'")
    project.deliver(0, {f"lead:{number:02}": "ann" for number in range(15)})
    project.run()
    assert project.is_right()


def test_a_table_of_which_much_was_replaced_is_written_in_one_piece(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaced_by_key, "MOST", 0.5)
    for nth in range(3):
        project.deliver(0, {f"lead:{number:02}": f"name {nth}" for number in range(4)})
        project.run()
        assert project.is_right()
    # Of 12 rows that went and 12 that came, those since the table was last written in one piece.
    ((replaced,),) = project.ask(
        "SELECT replaced FROM build_log.changed_table WHERE physical_table LIKE '%dims__lead%'"
    )
    assert replaced == 8


def test_what_a_stopped_run_left_undone_is_built_by_the_next(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    own: Callable[..., object] = replaced_by_key.KeyedTable._replace
    for name, stopped in (("bob", "dims__lead"), ("eve", "facts__name"), ("tom", "facts__pair")):
        project.deliver(0, {"lead:00": name})

        def stop(self: Any, *args: Any, stopped: str = stopped) -> object:
            result = own(self, *args)
            if stopped in self.name:
                raise RuntimeError("killed")
            return result

        with monkeypatch.context() as patch:
            patch.setattr(replaced_by_key.KeyedTable, "_replace", stop)
            project.run()
        assert not project.is_right()
    project.run()
    assert project.is_right()


def test_an_audit_that_fails_keeps_no_change_from_those_who_read_on(project: Project) -> None:
    audit = "audits (ACCEPTED_VALUES(column := name, is_in := ('ann', 'bob', 'eve', 'tom')))"
    path = project.folder / "models" / "dims.lead.sql"
    path.write_text(path.read_text().replace("allow_partials true", f"allow_partials true, {audit}"))
    project.plan()
    project.deliver(0, {"lead:00": "zoe", "lead:01": "tom"})
    project.run()
    project.deliver(0, {"lead:00": "eve", "lead:01": "tom"})
    project.run()
    assert project.is_right()


def test_that_a_key_is_unique_is_asked_of_the_keys_that_changed(project: Project) -> None:
    kind, query = MODELS["facts.name"]
    twice = " UNION ALL SELECT l.name, 0 AS leads FROM dims.lead AS l WHERE l.name = 'zoe'"
    project.write("facts.name", f"{kind}, audits (UNIQUE_VALUES(columns := (name)))", query + twice)
    project.plan()
    # What changed behind the back of all runs is not looked at again.
    project.spoil("facts.name", "INSERT INTO {} VALUES ('tom', 0)")
    project.deliver(0, {"lead:00": "bob"})
    assert project.refresh()
    project.deliver(0, {"lead:00": "zoe"})
    assert not project.refresh()
    # Nor is zoe unique because the next run changes only others; tom is looked at too now.
    project.deliver(0, {"lead:00": "zoe", "lead:01": "ann"})
    assert not project.refresh()
    project.deliver(0, {"lead:00": "ann", "lead:01": "ann"})
    assert not project.refresh()
    project.spoil("facts.name", "DELETE FROM {} WHERE leads = 0")
    project.deliver(0, {"lead:00": "ann", "lead:01": "bob"})
    assert project.refresh()
    project.deliver(0, {"lead:00": "zoe", "lead:01": "bob"})
    assert not project.refresh()


def test_of_several_keys_each_is_asked_to_be_unique_where_it_changed(project: Project) -> None:
    kind, query = MODELS["facts.name"]
    titled = query.replace(" AS leads", " AS leads, REPLACE(l.name, 'zoe', 'ann')::TEXT AS title")
    audit = "references (title), audits (UNIQUE_VALUES(columns := (name, title)))"
    project.write("facts.name", f"{kind}, {audit}", titled)
    project.plan()
    project.spoil("facts.name", "INSERT INTO {} VALUES ('tom', 0, 'tom')")
    project.deliver(0, {"lead:00": "bob"})
    assert project.refresh()
    # No other row has the name zoe, but ann, which did not change, has her title.
    project.deliver(0, {"lead:00": "zoe"})
    assert not project.refresh()


@pytest.mark.parametrize(
    ("audit", "columns", "keys"),
    [
        ("unique_values", "(x)", [["x"]]), ("unique_values", "(y)", [["y"]]), ("unique_values", "(z)", []),
        ("unique_values", "(x, y)", [["x"], ["y"]]), ("unique_values", "(x, z)", []),
        ("unique_combination_of_columns", "(y, x)", [["y", "x"]]), ("unique_combination_of_columns", "(y, z)", []),
        ("not_null", "(x)", []), ("one_open_version_per_lead", None, []),
    ],
)  # fmt: skip
def test_only_an_audit_of_a_key_by_which_changes_are_logged_is_narrowed(
    audit: str, columns: str | None, keys: list[list[str]]
) -> None:
    assert asked_unique(audit, parse_one(columns) if columns else None, ["x", "y"]) == keys


def test_a_day_that_is_restated_is_right_in_what_follows(project: Project) -> None:
    project.deliver(3, {f"lead:{number:02}": ("ann", "bob")[number % 2] for number in range(18)})
    project.plan(restate_models=["staging.lead"], start=str(TODAY - timedelta(days=3)))
    assert project.is_right()
    project.deliver(0, {"lead:00": "bob"})
    project.run()
    assert project.is_right()


def test_an_environment_catches_up_with_all_that_changed_since_its_own_last_build(project: Project) -> None:
    project.change("facts.name", "COUNT(*)", "0 + COUNT(*)")
    project.plan("dev", include_unmodified=True)
    assert project.is_right("__dev")
    for nth in range(3):
        project.deliver(0, {f"lead:{nth:02}": "bob", f"lead:{50 + nth}": "eve"})
        project.run()
    assert not project.is_right("__dev")
    project.run("dev")
    assert project.is_right("__dev") and project.is_right()


def test_one_that_was_not_built_for_longer_than_is_remembered_is_built_whole(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_log, "KEPT", 2)
    project.change("facts.name", "COUNT(*)", "0 + COUNT(*)")
    project.plan("dev", include_unmodified=True)
    for nth in range(4):
        project.deliver(0, {f"lead:{nth:02}": "bob", f"lead:{50 + nth}": "eve"})
        project.run()
    remembered = project.ask("SELECT COUNT(DISTINCT change_number) FROM build_log." + _changes(project, "dims__lead"))
    assert remembered == [(2,)]
    project.run("dev")
    assert project.is_right("__dev") and project.is_right()


def test_a_table_that_is_logged_by_other_keys_from_now_on_is_built_whole_once(project: Project) -> None:
    path = project.folder / "models" / "staging.lead.sql"
    path.write_text(path.read_text().replace("references (lead_key)", "references (lead_key, name)"))
    project.plan()
    project.deliver(0, {"lead:00": "bob"})
    project.run()
    assert project.is_right()
    project.deliver(0, {"lead:00": "tom"})
    project.run()
    assert project.is_right()


def test_what_is_logged_of_a_table_that_is_gone_is_forgotten(project: Project) -> None:
    project.deliver(0, {"lead:00": "bob"})
    project.run()
    project.spoil("facts.pair", "DROP VIEW facts.pair; DROP TABLE {}")
    with project.context():
        pass
    assert not project.ask("SELECT * FROM build_log.changed_table WHERE physical_table LIKE '%pair%'")
    assert not project.ask("SELECT * FROM duckdb_tables() WHERE table_name LIKE 'changes_of%pair%'")


def _changes(project: Project, table: str) -> str:
    found = project.ask(f"SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'changes_of%{table}%'")
    return f'"{found[0][0]}"'


@pytest.mark.parametrize(
    ("touched_by", "query"),
    [("touched_by = 1", "SELECT 1 AS a"), ("touched_by = (a, 2)", "SELECT 1 AS a")],
)
def test_settings_that_name_no_column_are_refused(touched_by: str, query: str) -> None:
    kind = f"CUSTOM (materialization 'replaced_by_key', materialization_properties ({touched_by}))"
    model = load_sql_based_model(parse(f"MODEL (name a.b, kind {kind}); {query}", default_dialect="duckdb"))
    with pytest.raises(ConfigError, match="needs columns as touched_by"):
        model.kind.touched_by  # type: ignore[union-attr]  # noqa: B018
