"""What SQLMesh does not promise and the project uses is still as it was in the version that it was tried on.

Where one of these fails after an update, mend lead_enrichment/sqlmesh_internals.py, then name the new version there.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from rich.console import Console as RichConsole
from sqlglot import exp, parse_one
from sqlmesh import Context
from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig
from sqlmesh.core.config.connection import BaseDuckDBConnectionConfig
from sqlmesh.core.console import Console, NoopConsole, TerminalConsole
from sqlmesh.core.dialect import parse
from sqlmesh.core.lineage import lineage
from sqlmesh.core.loader import SqlMeshLoader
from sqlmesh.core.macros import RuntimeStage, macro
from sqlmesh.core.model import SqlModel, load_sql_based_model
from sqlmesh.core.model.cache import OptimizedQueryCache
from sqlmesh.core.plan.builder import PlanBuilder
from sqlmesh.core.renderer import QueryRenderer
from sqlmesh.core.snapshot import SnapshotEvaluator, SnapshotId
from sqlmesh.core.test import ModelTest, ModelTestMetadata
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import AuditError, LinterError, NodeAuditsErrors, SQLMeshError
from web.server import settings as settings_of_page
from web.server.api.endpoints import plan as page_of_plans
from web.server.console import api_console

from conftest import ROOT
from lead_enrichment import sqlmesh_internals


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A project without a model, in memory."""
    config = Config(
        gateways={"": GatewayConfig(connection=DuckDBConnectionConfig())},
        model_defaults=ModelDefaultsConfig(dialect="duckdb"),
    )
    return Context(paths=[str(tmp_path_factory.mktemp("project"))], config=config)


def test_run_in_an_environment_that_was_never_planned_says_what_to_do(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "run", Context.run)
    sqlmesh_internals.say_what_to_plan_first()
    sqlmesh_internals.say_what_to_plan_first()
    with pytest.raises(SQLMeshError, match=r"^The environment dev has not been planned yet\. Run: sqlmesh plan dev$"):
        context.run("dev")


def test_run_after_a_plan_that_failed_says_so_at_once(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.sql").write_text("MODEL (name a.one, kind FULL); SELECT 1 AS one")
    context = Context(paths=[str(tmp_path)], config=context.config)
    monkeypatch.setattr(Context, "run", Context.run)
    sqlmesh_internals.say_what_to_plan_first()
    context.plan("dev", auto_apply=True, no_prompts=True, include_unmodified=True)
    context.run("dev")
    planned = context.state_reader.get_environment("dev")
    assert planned is not None
    context.state_sync.promote(
        planned.copy(update={"plan_id": "failed", "previous_plan_id": planned.plan_id, "finalized_ts": None})
    )
    with pytest.raises(SQLMeshError, match=r"^The last plan of the environment dev failed\. Run: sqlmesh plan dev$"):
        context.run("dev")


def test_one_model_is_rendered_without_its_project() -> None:
    macros = {*macro.get_registry()}
    query = sqlmesh_internals.query_of_file(
        Path("models/staging/stg_match_decision.sql"),
        [Path("macros/parse/parse_instant.py"), Path("macros/parse/unguarded.py")],
        ("2026-01-01", "2026-01-31"),
    )
    assert "decisions" in query and "2026-01-31" in query
    assert "@start_date" not in query and "@parse_instant" not in query
    assert {*macro.get_registry()} == macros


def test_the_installed_version_is_the_one_that_was_tried() -> None:
    assert version("sqlmesh") == sqlmesh_internals.TRIED


@pytest.fixture
def sqlmesh_own_factory() -> Iterator[None]:
    own = BaseDuckDBConnectionConfig._connection_factory
    yield
    BaseDuckDBConnectionConfig._connection_factory = own  # type: ignore[method-assign]


@pytest.mark.usefixtures("sqlmesh_own_factory")
def test_sqlmesh_opens_a_file_of_duckdb_by_our_function(tmp_path: Path) -> None:
    opened = []

    def connect(**settings: object) -> duckdb.DuckDBPyConnection:
        opened.append(settings["database"])
        return duckdb.connect(**settings)  # type: ignore[arg-type]

    sqlmesh_internals.connect_duckdb_by(connect)
    file = str(tmp_path / "leads.duckdb")
    adapter = DuckDBConnectionConfig(database=file).create_engine_adapter()
    assert adapter.fetchone("SELECT 42") == (42,)
    adapter.close()
    assert opened == [file]


def test_a_project_knows_its_macros_by_name(context: Context) -> None:
    assert callable(sqlmesh_internals.macros_of(context)["each"].func)


def test_lineage_keeps_the_qualified_query() -> None:
    text = "MODEL (name e.f, dialect duckdb); SELECT a.b FROM c.a AS a WHERE d > 0"
    model = load_sql_based_model(parse(text, default_dialect="duckdb"))
    lineage("b", model, trim_selects=False)
    columns = sqlmesh_internals.qualified_scope(model).columns
    assert sorted(column.sql() for column in columns) == ['"a"."b"', '"a"."d"']


def test_the_console_is_told_of_models() -> None:
    console, heard = NoopConsole(), []
    sqlmesh_internals.listen_to_models(
        console,
        lambda snapshot, audit_only=False: heard.append(("began", snapshot, audit_only)),
        lambda snapshot, interval, batch_idx, duration_ms, *_: heard.append(("ended", snapshot, interval, duration_ms)),
        lambda success=True: heard.append(("stopped", success)),
    )
    snapshot = SimpleNamespace(name="a")
    console.start_snapshot_evaluation_progress(snapshot, audit_only=True)  # type: ignore[arg-type]
    console.update_snapshot_evaluation_progress(snapshot, (1, 2), 0, 7, 0, 0)  # type: ignore[arg-type]
    console.stop_evaluation_progress(success=False)
    assert heard == [("began", snapshot, True), ("ended", snapshot, (1, 2), 7), ("stopped", False)]
    # Every console of SQLMesh's is called with these.
    parameters = [*signature(Console.update_snapshot_evaluation_progress).parameters]
    assert parameters[1:5] == ["snapshot", "interval", "batch_idx", "duration_ms"]


def test_a_plan_builds_as_far_as_production_is_built(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ignore_cron" in signature(PlanBuilder).parameters
    monkeypatch.setattr(Context, "PLAN_BUILDER_TYPE", Context.PLAN_BUILDER_TYPE)
    context.upsert_model(
        load_sql_based_model(
            parse(
                "MODEL (name a.b, kind INCREMENTAL_BY_TIME_RANGE (time_column d), start '2026-01-01', cron '@daily', "
                "allow_partials TRUE); SELECT @start_date AS d",
                default_dialect="duckdb",
            )
        )
    )
    moment = "2026-01-03 14:00:00"
    sqlmesh_internals.plan_into_today()
    plan = context.plan_builder("dev", execution_time=moment, skip_tests=True).build()
    assert [*plan.missing_intervals[0].intervals][-1][1] == 1767448800000


@pytest.fixture
def own_render(monkeypatch: pytest.MonkeyPatch) -> Callable[..., exp.Query]:
    """SQLMesh's own rendering, while the project's is in force."""
    own = getattr(QueryRenderer.render, "__wrapped__", QueryRenderer.render)
    monkeypatch.setattr(QueryRenderer, "render", own)
    sqlmesh_internals.render_queries_once()
    return own


def test_every_model_is_built_from_the_query_that_sqlmesh_would_render(own_render: Callable[..., exp.Query]) -> None:
    project = Context(paths=[str(ROOT)])
    run = {
        "start": "2026-11-02", "end": "2026-11-03", "execution_time": "2026-11-04",
        "snapshots": project.snapshots, "runtime_stage": RuntimeStage.EVALUATING,
    }  # fmt: skip
    queries = {name: model._query_renderer for name, model in project.models.items() if isinstance(model, SqlModel)}
    for name, query in queries.items():
        assert query.render(**run) == own_render(query, **run), name
    timeless = {name.split('"')[-2] for name, query in queries.items() if sqlmesh_internals.is_timeless(query)}
    assert {"int_match_lead_key", "int_match_score", "fact_lead_match", "dim_date"} <= timeless
    assert {"stg_texas_facility", "int_lead_version"} <= timeless
    assert not {"stg_phone", "fact_match_status_change"} & timeless


def test_a_query_takes_the_variables_of_a_unit_test(own_render: Callable[..., exp.Query]) -> None:
    key = Context(paths=[str(ROOT)]).get_model("intermediate.int_match_key_share", raise_if_missing=True)
    told = key.render_query_or_raise(variables={"max_shared_key": 4321}, runtime_stage=RuntimeStage.TESTING)
    assert "4321" in told.sql() and "4321" not in key.render_query_or_raise().sql()


def test_a_timeless_query_is_rendered_once(own_render: Callable[..., exp.Query]) -> None:
    renderer = load_sql_based_model(
        parse("MODEL (name a.b, dialect duckdb); SELECT 1 AS c", default_dialect="duckdb")
    )._query_renderer  # type: ignore[attr-defined]
    first, second = (renderer.render(start="2026-11-02", runtime_stage=RuntimeStage.EVALUATING) for _ in range(2))
    assert first is second and first == own_render(renderer, runtime_stage=RuntimeStage.EVALUATING)


def test_a_query_of_the_cache_is_read_from_the_disk_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlmesh_internals.read_queries_once()
    monkeypatch.setattr(sqlmesh_internals._ReadOnce, "remembered", {})
    model = load_sql_based_model(parse("MODEL (name a.b, dialect duckdb); SELECT 1 AS c", default_dialect="duckdb"))
    # Written by another process
    OptimizedQueryCache(tmp_path).put(model)
    sqlmesh_internals._ReadOnce.remembered.clear()
    caches = [OptimizedQueryCache(tmp_path), OptimizedQueryCache(tmp_path)]
    first, second = (cache.get_or_create_entry(model) for cache in caches)
    assert first is not None and first is second and first.optimized_rendered_query == model.render_query()
    # One that is not there is rendered, and remembered as it was written
    other = load_sql_based_model(parse("MODEL (name a.b, dialect duckdb); SELECT 2 AS c", default_dialect="duckdb"))
    written = caches[0].get_or_create_entry(other)
    assert written is caches[1].get_or_create_entry(other) and written is not first


def test_a_file_of_unit_tests_is_parsed_again_only_where_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = getattr(SqlMeshLoader._load_model_test_file, "__wrapped__", SqlMeshLoader._load_model_test_file)
    parsed: list[str] = []

    def parse_file(self: SqlMeshLoader, path: Path) -> dict[str, ModelTestMetadata]:
        parsed.append(path.name)
        return own(self, path)

    monkeypatch.setattr(SqlMeshLoader, "_load_model_test_file", parse_file)
    sqlmesh_internals.parse_test_files_once()
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_a.yaml").write_text("test_a: {model: a.b, outputs: {query: [{c: 1}]}}")
    (tests / "test_b.yaml").write_text("test_b: {model: a.b, outputs: {query: [{c: '{{ env_var('HOME') }}'}]}}")
    config = Config(
        gateways={"": GatewayConfig(connection=DuckDBConnectionConfig())}, cache_dir=str(tmp_path / "cache")
    )

    def bodies() -> dict[str, Any]:
        context = Context(paths=[str(tmp_path)], config=config)
        return {test.test_name: test.body["outputs"]["query"] for test in context._model_test_metadata}

    first = bodies()
    assert first["test_a"] == [{"c": 1}] and sorted(parsed) == ["test_a.yaml", "test_b.yaml"]
    # What Jinja fills in is read each time.
    assert bodies() == first and sorted(parsed) == ["test_a.yaml", "test_b.yaml", "test_b.yaml"]
    (tests / "test_a.yaml").write_text("test_a: {model: a.b, outputs: {query: [{c: 2}]}}")
    assert bodies()["test_a"] == [{"c": 2}]


@pytest.mark.parametrize("inputs", ["", "inputs: {c.d: {rows: [{e: 1}]}}, "])
def test_an_input_that_a_unit_test_does_not_name_is_empty(
    tmp_path: Path, inputs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = getattr(ModelTest._validate_and_normalize_test, "__wrapped__", ModelTest._validate_and_normalize_test)
    monkeypatch.setattr(ModelTest, "_validate_and_normalize_test", own)
    sqlmesh_internals.take_unnamed_inputs_as_empty()
    for folder, text in {
        "models/a_b.sql": "MODEL (name a.b); SELECT e::INT AS e FROM c.d UNION ALL SELECT e::INT AS e FROM c.f",
        "models/c_d.sql": "MODEL (name c.d); SELECT 1::INT AS e",
        "models/c_f.sql": "MODEL (name c.f); SELECT 2::INT AS e",
        "tests/test_a.yaml": f"test_a: {{model: a.b, {inputs}outputs: {{query: [{'{e: 1}' if inputs else ''}]}}}}",
    }.items():
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text(text)
    config = Config(
        gateways={"": GatewayConfig(connection=DuckDBConnectionConfig())},
        model_defaults=ModelDefaultsConfig(dialect="duckdb"), cache_dir=str(tmp_path / "cache"),
    )  # fmt: skip
    assert Context(paths=[str(tmp_path)], config=config).test().wasSuccessful()


def test_the_console_is_told_of_failures(context: Context) -> None:
    console, heard = NoopConsole(), []
    sqlmesh_internals.listen_to_failures(console, heard.append)
    audit = AuditError("not_null", {}, 2, parse_one("SELECT 1"), adapter_dialect="duckdb")
    error = NodeExecutionFailedError(SnapshotId(name="a", identifier="1"))
    error.__cause__ = NodeAuditsErrors([audit])
    console.log_failed_models([error])
    assert heard == [[error]]
    assert sqlmesh_internals.failed_audits(error) == [audit]
    assert sqlmesh_internals.failed_audits(SQLMeshError("another")) == []


def test_what_every_audit_finds_is_heard(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever this test hangs in front of it is taken away again.
    monkeypatch.setattr(SnapshotEvaluator, "_audit", SnapshotEvaluator._audit)
    heard: list[sqlmesh_internals.AuditAnswer] = []
    unheard: list[sqlmesh_internals.AuditAnswer] = []
    sqlmesh_internals.listen_to_audits(unheard.append)
    sqlmesh_internals.listen_to_audits(heard.append)
    definition = """
        MODEL (name quality.three, kind FULL, audits (
            NOT_NULL(columns := (a)), NOT_NULL_NON_BLOCKING(columns := (b)), NUMBER_OF_ROWS(threshold := 5)
        ));
        SELECT 1 AS a, NULL AS b UNION ALL SELECT 2 AS a, NULL AS b
    """
    context.upsert_model(load_sql_based_model(parse(definition), dialect="duckdb"))
    with pytest.raises(Exception, match="Plan application failed"):
        context.plan(auto_apply=True, no_prompts=True)
    assert not unheard
    assert [(item.audit_name, item.arguments, item.failed_rows, item.is_blocking) for item in heard] == [
        ("not_null", "columns := (a)", 0, True),
        ("not_null_non_blocking", "columns := (b)", 2, False),
        ("number_of_rows", "threshold := 5", 1, True),
    ]
    assert all(item.seconds > 0 and item.model_name.endswith('"quality"."three"') for item in heard)


def test_what_failed_is_read_from_what_is_printed() -> None:
    audit = AuditError("not_null", {}, 1234, parse_one("SELECT 1"), adapter_dialect="duckdb")
    error = NodeExecutionFailedError(SnapshotId(name='"leads"."dims"."dim_lead"', identifier="1"))
    error.__cause__ = NodeAuditsErrors([audit])
    printed = RichConsole(record=True, width=200, quiet=True)
    console = TerminalConsole(console=printed)
    with printed.capture() as captured:
        printed.quiet = False
        console.log_failed_models([error])
    assert sqlmesh_internals.failures(captured.get()) == ["dims.dim_lead", "'not_null' audit error: 1234 rows failed"]
    assert sqlmesh_internals.failures("All is well") == []


def test_a_python_model_finds_its_tables_without_an_engine(context: Context) -> None:
    model = SimpleNamespace(fqn='"memory"."staging"."stg_phone"', depends_on={'"memory"."staging"."stg_lead"'})
    stand_in = sqlmesh_internals.EngineLessContext(context, model)  # type: ignore[arg-type]
    assert stand_in.resolve_table("staging.stg_lead") == '"memory"."staging"."stg_lead"'
    assert stand_in.resolve_table("staging.stg_phone") == '"memory"."staging"."stg_phone"'
    assert not stand_in.engine_adapter.table_exists("staging.stg_phone")
    with pytest.raises(SQLMeshError, match="no engine"):
        stand_in.engine_adapter.execute("SELECT 1")
    assert stand_in.with_variables({}) is stand_in
    with pytest.raises(SQLMeshError):
        stand_in.fetchdf("SELECT 1")


def test_a_plan_compares_columns_with_older_tables_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for method in ("create_snapshot", "evaluate", "migrate"):
        monkeypatch.setattr(SnapshotEvaluator, method, getattr(SnapshotEvaluator, method))
    sqlmesh_internals.migrate_older_tables_only()
    compared: list[str] = []
    own = SnapshotEvaluator._migrate_snapshot

    def migrate(self: SnapshotEvaluator, snapshot: Any, *args: Any) -> None:
        compared.append(snapshot.name)
        own(self, snapshot, *args)

    monkeypatch.setattr(SnapshotEvaluator, "_migrate_snapshot", migrate)
    (tmp_path / "models").mkdir()
    config = Config(
        gateways={"": GatewayConfig(connection=DuckDBConnectionConfig(database=str(tmp_path / "w.duckdb")))},
        model_defaults=ModelDefaultsConfig(dialect="duckdb"),
    )

    def plan(query: str, **settings: bool) -> list[str]:
        (tmp_path / "models" / "b.sql").write_text(f"MODEL (name a.b, kind FULL); {query}")
        type_2 = "kind SCD_TYPE_2_BY_COLUMN (unique_key c, columns [c])"
        (tmp_path / "models" / "h.sql").write_text(f"MODEL (name a.h, {type_2}); SELECT c FROM a.b")
        compared.clear()
        project = Context(paths=[str(tmp_path)], config=config)
        project.plan(auto_apply=True, no_prompts=True, skip_tests=True, **settings)
        columns = [*project.engine_adapter.columns("a.b")]
        project.close()
        return columns

    assert plan("SELECT 1::INT AS c") == ["c"] and compared == []
    # The table stays, and gets the column.
    assert plan("SELECT 1::INT AS c, 2::INT AS d", forward_only=True) == ["c", "d"]
    assert '"w"."a"."b"' in compared


def test_the_models_of_an_environment_are_read_from_the_state(planned_demo: Path) -> None:
    with duckdb.connect(str(planned_demo / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        found = sqlmesh_internals.snapshots_of(connection, "prod")
        assert sqlmesh_internals.snapshots_of(connection, "none") == {}
        views = connection.execute("SELECT schema_name || '.' || view_name FROM duckdb_views()").fetchall()
    assert {"facts.fact_lead_match", "seeds.match_weight"} <= {*found} <= {name for (name,) in views} | {*found}
    assert "SELECT" in str(found["facts.fact_lead_match"]["node"]["query"])
    assert {"data_hash", "metadata_hash", "parent_data_hash"} <= {*found["facts.fact_lead_match"]["fingerprint"]}


def test_a_state_that_lies_elsewhere_holds_no_models() -> None:
    with duckdb.connect() as connection:
        assert sqlmesh_internals.snapshots_of(connection, "prod") == {}


def serve_own_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make SQLMesh's page one as `leads ui` serves it, for one test."""
    for owner, name in (
        (api_console, "queue"),
        (page_of_plans, "_get_plan_builder"),
        (BaseDuckDBConnectionConfig, "create_engine_adapter"),
        (Context, "lint_models"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    sqlmesh_internals.serve_from_threads()


def test_what_a_plan_reports_from_its_own_thread_reaches_the_page_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    serve_own_page(monkeypatch)

    async def read() -> tuple[list[int], float]:
        api_console.queue.put_nowait(1)
        first = await api_console.queue.get()
        began = time.monotonic()
        threading.Timer(0.1, api_console.queue.put_nowait, [2]).start()
        return [first, await asyncio.wait_for(api_console.queue.get(), timeout=10)], time.monotonic() - began

    # In a thread of its own: Playwright's tests keep a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        events, seconds = thread.submit(asyncio.run, read()).result()
    assert events == [1, 2]
    assert seconds < 5


def test_each_thread_of_the_page_gets_the_rows_that_it_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve_own_page(monkeypatch)
    # As SQLMesh asks for it where one model is built at a time.
    adapter = DuckDBConnectionConfig(database=str(tmp_path / "t.duckdb")).create_engine_adapter(concurrent_tasks=1)

    def ask(number: int) -> set[Any]:
        return {adapter.fetchone(f"SELECT {number} AS n") for _ in range(500)}

    with ThreadPoolExecutor(8) as threads:
        assert [*threads.map(ask, range(8))] == [{(number,)} for number in range(8)]


def test_a_request_of_the_page_waits_while_a_plan_reads_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    planning, go_on = threading.Event(), threading.Event()

    def plan(*words: Any) -> None:
        planning.set()
        assert go_on.wait(timeout=10)

    monkeypatch.setattr(page_of_plans, "_get_plan_builder", plan)
    monkeypatch.setattr(settings_of_page, "_get_loaded_context", lambda *words: "project")
    serve_own_page(monkeypatch)
    request = contextmanager(settings_of_page.get_loaded_context)

    def ask() -> str:
        with request(settings_of_page.Settings()) as loaded:
            return str(loaded)

    with ThreadPoolExecutor(2) as threads:
        planned = threads.submit(page_of_plans.get_plan_builder, None, None)
        assert planning.wait(timeout=10)
        asked = threads.submit(ask)
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.3)
        go_on.set()
        planned.result(timeout=10)
        assert asked.result(timeout=10) == "project"


def test_a_plan_on_the_page_says_which_rule_a_model_breaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    serve_own_page(monkeypatch)
    (tmp_path / "config.yaml").write_text(
        "gateways: {duckdb: {connection: {type: duckdb}}}\n"
        "model_defaults: {dialect: duckdb}\n"
        "linter: {enabled: true, rules: [nomissingaudits], warn_rules: [noselectstar]}\n"
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "numbers.sql").write_text("MODEL (name main.numbers); SELECT * FROM RANGE(3)")
    context = Context(paths=str(tmp_path))
    with pytest.raises(LinterError, match=r"^main\.numbers: nomissingaudits: [^\n]+$"):
        context.lint_models()
    assert len(context.lint_models(raise_on_error=False)) == 2
