"""What the project takes from SQLMesh although SQLMesh does not promise it: private names, and text that it prints.

Tried on the version in TRIED. tests/python/test_sqlmesh_internals.py has a test of each function, which fails where
another version of SQLMesh differs. It takes a second to import: modules of quick commands import it where they use it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from ast import literal_eval
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import Scope
from sqlmesh import Context
from sqlmesh.core import renderer
from sqlmesh.core.config.connection import BaseDuckDBConnectionConfig
from sqlmesh.core.console import get_console
from sqlmesh.core.constants import EPOCH, SQLMESH_VARS
from sqlmesh.core.context import BaseContext
from sqlmesh.core.dialect import Jinja, MacroVar, parse
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.core.engine_adapter.duckdb import DuckDBEngineAdapter
from sqlmesh.core.environment import Environment
from sqlmesh.core.lineage import CACHE
from sqlmesh.core.loader import SqlMeshLoader
from sqlmesh.core.macros import RuntimeStage, macro
from sqlmesh.core.model import Model, SqlModel, load_sql_based_model
from sqlmesh.core.model.cache import OptimizedQueryCache
from sqlmesh.core.plan.builder import PlanBuilder
from sqlmesh.core.renderer import QueryRenderer
from sqlmesh.core.scheduler import Scheduler
from sqlmesh.core.snapshot import DeployabilityIndex, Snapshot, SnapshotEvaluator, SnapshotId
from sqlmesh.core.snapshot.definition import parent_snapshots_by_name
from sqlmesh.core.test import ModelTest, ModelTestMetadata
from sqlmesh.utils import sys_path
from sqlmesh.utils.cache import FileCache
from sqlmesh.utils.date import make_inclusive, now, to_ds, to_timestamp
from sqlmesh.utils.errors import AuditError, LinterError, NodeAuditsErrors, SQLMeshError
from sqlmesh.utils.hashing import crc32
from sqlmesh.utils.metaprogramming import import_python_file

from lead_enrichment.warehouse.build_log import BuildLog, Input
from lead_enrichment.warehouse.change_log import short_name
from lead_enrichment.warehouse.replaced_by_key import (
    Reading,
    built_from,
    changed_since_audited,
    is_replaced_by_key,
    logged_columns,
)

TRIED = "0.236.4"
# The first and the last day of an interval, as queries and macros ask for them.
DAYS = ("start_date", "end_date")
ASKS_FOR_DAYS = re.compile(r"\bevaluator\.locals\[.(?:start|end)_date.\]")
# What a macro may ask its evaluator without the answer depending on more of the run than days.
ASKS_WHEN_OR_WHERE = re.compile(rf"(?!{ASKS_FOR_DAYS.pattern})\bevaluator\.(?!(?:dialect|parse_one|transform|var)\b)")
# The interval for which queries are loaded: days on which nothing happens, and that no query names otherwise.
LOADED_DAYS = ("1801-01-02", "2201-11-12")
DEEPEST_CALLS = 5000
# How the variables begin that tell a model for when it is built.
TIME_VARIABLES = ("start_", "end_", "execution_", "latest_")
# What the identity of a table's build begins with where its changes are logged; the number of the last follows.
CHANGE = "change "
# How the schemas begin in which SQLMesh keeps the tables that its views show.
PHYSICAL_SCHEMA = "sqlmesh__"


def connect_duckdb_by(connect: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    """Make SQLMesh open every DuckDB file of this process by a function of ours.

    Args:
        connect: Takes the settings that SQLMesh would pass to `duckdb.connect`.
    """
    BaseDuckDBConnectionConfig._connection_factory = property(lambda self: connect)  # type: ignore[assignment]


def say_what_to_plan_first() -> None:
    """Let a run in an environment that nobody has planned, or whose plan failed, say what to do.

    SQLMesh says that the environment was not found, and waits six hours for a plan that failed. Where DuckDB holds its
    state, no plan is at work: this process could not have opened the file. Its own command `sqlmesh run` reads no file
    of the project by then, so this holds where the project's commands call it.
    """
    own = Context.run
    if hasattr(own, "says_what_to_plan"):
        return

    @wraps(own)
    def run(self: Context, environment: str | None = None, *args: Any, **settings: Any) -> Any:
        name = Environment.sanitize_name(environment or self.config.default_target_environment)
        target = "" if name == self.config.default_target_environment else f" {name}"
        planned = self.state_reader.get_environment(name)
        if planned is None:
            raise SQLMeshError(f"The environment {name} has not been planned yet. Run: sqlmesh plan{target}")
        if not planned.finalized_ts and self.state_sync.state_type() == "duckdb":
            raise SQLMeshError(f"The last plan of the environment {name} failed. Run: sqlmesh plan{target}")
        return own(self, environment, *args, **settings)

    run.says_what_to_plan = True  # type: ignore[attr-defined]
    Context.run = run  # type: ignore[method-assign, assignment]


def allow_deep_sql() -> None:
    """Let Python call as deep as the parser of SQL needs: it recurses some twenty calls for each nested expression.

    The rules of texts and addresses nest 35 expressions, which beneath a test runner's own calls passes Python's 1,000.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), DEEPEST_CALLS))


def render_queries_once() -> None:
    """Let a query be built as it was rendered when it was loaded, where it depends on nothing but its interval's days.

    SQLMesh's own evaluation expands the macros of every query and optimises it again, which on a small warehouse costs
    a third of a run. As loaded it lies in the cache, and only its tables and days have to be named. So that days can be
    told from other dates, queries are loaded for an interval that nothing else names.
    """
    own = QueryRenderer.render
    if hasattr(own, "__wrapped__"):
        return
    own_interval: Callable[..., Any] = vars(renderer)["make_inclusive"]

    @wraps(own_interval)
    def interval(start: Any, end: Any, dialect: Any = "") -> Any:
        of_loading = start is EPOCH and end is EPOCH
        return own_interval(*(LOADED_DAYS if of_loading else (start, end)), dialect)

    @wraps(own)
    def render(self: QueryRenderer, *args: Any, **settings: Any) -> exp.Query | None:
        is_loading = settings.get("runtime_stage", RuntimeStage.LOADING) is RuntimeStage.LOADING
        # A unit test may give variables other values.
        is_as_configured = settings.get("needs_optimization", True) and not settings.get("variables")
        if is_loading or not is_as_configured or not is_timeless(self):
            return own(self, *args, **settings)
        loaded = own(self)
        if loaded is None:
            return None
        if not asks_for_days(self):
            return self._resolve_tables(loaded, **settings)
        start, end = settings.get("start"), settings.get("end")
        days = [to_ds(day) for day in own_interval(start or EPOCH, end or EPOCH, self._dialect)]
        # A copy already, where there are tables to name.
        named = self._resolve_tables(loaded, **settings)
        dated = _with_days(loaded.copy() if named is loaded else named, days)
        return dated or own(self, *args, **settings)

    renderer.make_inclusive = interval  # type: ignore[attr-defined]
    QueryRenderer.render = render  # type: ignore[method-assign]


def _with_days(query: exp.Query, days: list[str]) -> exp.Query | None:
    """Put the days of an interval into a query in place of those it was loaded for.

    Returns:
        None where it names none of them: before this process began to load queries so, another one may have loaded it.
    """
    of_loading = dict(zip(LOADED_DAYS, days, strict=True))
    found = [literal for literal in query.find_all(exp.Literal) if literal.is_string and literal.this in of_loading]
    for literal in found:
        literal.set("this", of_loading[literal.this])
    return query if found else None


def read_queries_once() -> None:
    """Let a process read each query of SQLMesh's cache from the disk once.

    SQLMesh's own reads it for the model, and once or twice more for the version of the model in the state: three tenths
    of the time of a command that finds nothing to do. A query that lies in the cache is never changed in place.
    """
    own = OptimizedQueryCache.__init__
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def init(self: OptimizedQueryCache, path: Path) -> None:
        own(self, path)
        self._file_cache = _ReadOnce(path, prefix="optimized_query")

    OptimizedQueryCache.__init__ = init  # type: ignore[method-assign]


class _ReadOnce(FileCache[Any]):
    """A cache of files that remembers what it read or wrote. Its names have a hash of what is in them."""

    remembered: ClassVar[dict[Path, Any]] = {}

    def get(self, name: str, entry_id: str = "") -> Any:
        """Return the entry, or None where there is none."""
        path = self._cache_entry_path(name, entry_id)
        if path not in self.remembered:
            entry = super().get(name, entry_id)
            if entry is None:
                return None
            self.remembered[path] = entry
        return self.remembered[path]

    def put(self, name: str, entry_id: str = "", *, value: Any) -> None:
        """Write the entry."""
        super().put(name, entry_id, value=value)
        self.remembered[self._cache_entry_path(name, entry_id)] = value


def comment_on_views_only() -> None:
    """Let DuckDB hold the descriptions of tables and columns on the views that people read, and not on what lies below.

    SQLMesh's own describes each column of a physical table in a statement of its own whenever the table is replaced:
    700 statements and a tenth of a refresh of a small warehouse.
    """
    for method in ("_create_table_comment", "_create_column_comments"):
        own = getattr(EngineAdapter, method)
        if hasattr(DuckDBEngineAdapter.__dict__.get(method), "__wrapped__"):
            continue
        setattr(DuckDBEngineAdapter, method, _for_views_of_people(own))


def _for_views_of_people(own: Callable[..., None]) -> Callable[..., None]:
    @wraps(own)
    def comment(self: EngineAdapter, table_name: exp.Table | str, *args: Any, **settings: Any) -> None:
        if not exp.to_table(table_name).db.startswith(PHYSICAL_SCHEMA):
            # One commit for all columns of a view.
            with self.transaction():
                own(self, table_name, *args, **settings)

    return comment


def leave_unchanged_models(log: BuildLog, left: Callable[[Snapshot], None]) -> None:
    """Let a run leave a model as it is where it would come out the same, and mark its interval as done.

    Only a run: whoever plans and restates a model wants it built. Only tables that production reads, and no model that
    asks what time it is. A model that is left is not audited either: its rows are those that the audits have seen.

    Args:
        log: What the models were built from; takes the place of the one given before.
        left: Called with each model that is left.
    """
    own = getattr(Scheduler.evaluate, "__wrapped__", Scheduler.evaluate)

    @wraps(own)
    def evaluate(
        self: Scheduler, snapshot: Snapshot, start: Any, end: Any, execution_time: Any,
        deployability_index: DeployabilityIndex, *args: Any, **settings: Any,
    ) -> list[Any]:  # fmt: skip
        adapter = self.snapshot_evaluator.get_adapter(snapshot.model_gateway)
        if adapter.dialect != "duckdb" or not snapshot.is_model or not deployability_index.is_deployable(snapshot):
            return own(self, snapshot, start, end, execution_time, deployability_index, *args, **settings)
        table = snapshot.table_name(is_deployable=True)
        parents = [self.snapshots_by_name[parent.name] for parent in snapshot.parents]
        # What reads delivered files by the day only looks up in its other inputs what stands in them.
        if snapshot.is_incremental_by_time_range and any(parent.is_external for parent in parents):
            parents = [parent for parent in parents if parent.is_external]
        inputs = {parent.name: _input(parent, log, deployability_index) for parent in parents}
        # The first batch that is built writes down what the model was built from: those after it are built too.
        is_run = not PlanIntoToday.has_planned and not settings.get("batch_index")
        may_stay = is_run and bool(snapshot.intervals) and not asks_for_the_time(snapshot.model)
        if may_stay and log.stays(table, inputs):
            left(snapshot)
            self.state_sync.add_interval(snapshot, start, end, is_dev=False)
            return []
        last_build = log.begins(table)
        is_by_day, is_kept = snapshot.is_incremental_by_time_range, is_replaced_by_key(snapshot.model)
        days = _days(snapshot.model, start, end) if is_by_day and last_build else ""
        # The changes of a model by the day matter to others where it names the keys that it refers to.
        logged = logged_columns(snapshot.model) if is_by_day and snapshot.model.references else []
        before = log.rows_of(table, days) if days and not logged else ""
        if days and logged:
            log.changes.keep_rows(table, logged, days)
        reading = _reading(self, parents, log, deployability_index, may_stay) if is_kept else None
        if reading and may_stay and last_build.startswith(CHANGE):
            reading = replace(reading, audited=(table, int(last_build.removeprefix(CHANGE))))
        with built_from(reading):
            if may_stay and snapshot.model.kind.is_view:
                # It shows what its tables hold, and need not be made again; whether its audits hold may have changed.
                results = self._audit_snapshot(
                    snapshot, deployability_index, parent_snapshots_by_name(snapshot, self.snapshots),
                    start=start, end=end, execution_time=execution_time,
                    environment_naming_info=settings.get("environment_naming_info"),
                )  # fmt: skip
                self.state_sync.add_interval(snapshot, start, end, is_dev=False)
            else:
                results = own(self, snapshot, start, end, execution_time, deployability_index, *args, **settings)
        if snapshot.model.kind.is_view:
            identity = log.inputs_of(inputs)
        elif is_kept:
            identity = f"{CHANGE}{log.changes.newest(table)}"
        elif days:
            # All other days are as they were.
            is_other = log.changes.add_difference(table, logged, days) if logged else log.rows_of(table, days) != before
            identity = "" if is_other else last_build
        elif is_by_day:
            identity = ""
            if logged:
                log.changes.built_whole(table)
        else:
            identity = log.rows_of(table)
        log.was_built(table, inputs, identity)
        return results

    Scheduler.evaluate = evaluate  # type: ignore[method-assign]
    _audit_changed_keys_only()


def _audit_changed_keys_only() -> None:
    """Let the audits that a table's key is unique count only keys that changed: the others were unique before.

    Of five million rows it takes a twentieth of the time.
    """
    own = getattr(SqlModel.render_audit_query, "__wrapped__", SqlModel.render_audit_query)

    @wraps(own)
    def render_audit_query(self: SqlModel, audit: Any, **settings: Any) -> exp.Query:
        changed = changed_since_audited()
        keys = asked_unique(audit.name, settings.get("columns"), logged_columns(self)) if changed else []
        if changed and keys:
            may_be_twice = exp.or_(*(_is_among(key, changed) for key in keys))
            settings["condition"] = exp.and_(may_be_twice, settings.get("condition"))
        return own(self, audit, **settings)

    SqlModel.render_audit_query = render_audit_query  # type: ignore[method-assign, assignment]


def _is_among(key: list[str], rows: exp.Query) -> exp.In:
    """Return the condition that some row of a query has the key."""
    columns = [exp.column(name, quoted=True) for name in key]
    listed = exp.select(*columns).from_(rows.subquery("changed"))
    return exp.In(this=exp.Tuple(expressions=columns), query=listed.subquery())


def asked_unique(audit: str, columns: Any, logged: list[str]) -> list[list[str]]:
    """Return the keys that an audit asks to be unique, where only a change that is logged by them makes two the same.

    Args:
        audit: The audit's name.
        columns: SQL of the columns that it is given; None where it takes none.
        logged: The columns by which changes of the table are logged.

    Returns:
        The columns of each; none where the audit asks something else, or of something else.
    """
    given = columns.find_all(exp.Column) if isinstance(columns, exp.Expr) else ()
    asked = [*dict.fromkeys(column.name for column in given)]
    if not asked or not {*asked} <= {*logged}:
        return []
    # The one asks that the columns are unique together, the other that each is.
    keys = {"unique_combination_of_columns": [asked], "unique_values": [[name] for name in asked]}
    return keys.get(audit, [])


def _days(model: Model, start: Any, end: Any) -> str:
    """Return the condition that a row of an incremental model is of the days of an interval."""
    column = model.time_column.column.sql(dialect="duckdb")  # type: ignore[union-attr]
    first, last = (to_ds(day) for day in make_inclusive(start, end))
    return f"{column} >= DATE '{first}' AND {column} < DATE '{last}' + 1"


def _reading(
    scheduler: Scheduler, parents: Iterable[Snapshot], log: BuildLog, deployability_index: DeployabilityIndex,
    may_narrow: bool,
) -> Reading:  # fmt: skip
    """Return what a run knows of what a model reads; behind a view stand the tables that it shows."""

    def behind(parent: Snapshot) -> list[Input]:
        if not parent.is_model or not parent.model.kind.is_view:
            return [_input(parent, log, deployability_index)]
        return [item for shown in parent.parents for item in behind(scheduler.snapshots_by_name[shown.name])]

    read = {
        short_name(_input(parent, log, deployability_index).table): {
            short_name(item.table): item for item in behind(parent)
        }
        for parent in parents
    }
    identities = log.identities({table: item for items in read.values() for table, item in items.items()})
    known = {name: {table: identities[table] for table in items} for name, items in read.items()}
    return Reading(log.changes, known, may_narrow)


def _input(parent: Snapshot, log: BuildLog, deployability_index: DeployabilityIndex) -> Input:
    if parent.is_external:
        return Input(parent.name, log.bronze.get(exp.to_table(parent.name).name) or uuid.uuid4().hex)
    table = parent.table_name(is_deployable=deployability_index.is_deployable(parent))
    return Input(table, table if parent.is_seed else None)


def asks_for_the_time(model: Model) -> bool:
    """Whether a model may come out otherwise at another time although what it reads stays the same.

    One of a kind with intervals is free to ask for its interval, which is empty where it reads nothing new.
    """
    if not isinstance(model, SqlModel):
        return False
    has_intervals = model.kind.is_incremental_by_time_range or (model.kind.is_custom and not is_replaced_by_key(model))
    clock = ("execution_",) if has_intervals else TIME_VARIABLES
    query = model.render_query()
    return (
        query is None
        or any(variable.name.lower().startswith(clock) for variable in model.query.find_all(MacroVar))
        or query.find(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentDatetime) is not None
    )


def migrate_older_tables_only() -> None:
    """Let a plan compare the columns of those tables with their models that it has not just created from them.

    SQLMesh's own creates each new table that one of a kind without versions reads, such as a type 2 table, a second
    time under another name, and compares the two: a tenth of a first plan.
    """
    own_migrate = SnapshotEvaluator.migrate
    if hasattr(own_migrate, "__wrapped__"):
        return
    created: set[SnapshotId] = set()

    def noting(own: Callable[..., Any]) -> Callable[..., Any]:
        places = signature(own)

        @wraps(own)
        def create(self: SnapshotEvaluator, snapshot: Snapshot, *args: Any, **settings: Any) -> Any:
            given = places.bind(self, snapshot, *args, **settings).arguments
            index = given.get("deployability_index")
            table = snapshot.table_name() if snapshot.is_model and index and index.is_deployable(snapshot) else ""
            # Evaluation is told; where it is not, or a table is only created, the engine knows.
            exists = given.get("target_table_exists") or (
                not table or self.get_adapter(snapshot.model_gateway).table_exists(table)
            )
            result = own(self, snapshot, *args, **settings)
            if not exists:
                created.add(snapshot.snapshot_id)
            return result

        return create

    @wraps(own_migrate)
    def migrate(self: SnapshotEvaluator, target_snapshots: Iterable[Snapshot], *args: Any, **settings: Any) -> None:
        older = [model for model in target_snapshots if not model.is_model or model.snapshot_id not in created]
        own_migrate(self, older, *args, **settings)

    SnapshotEvaluator.create_snapshot = noting(SnapshotEvaluator.create_snapshot)  # type: ignore[method-assign]
    SnapshotEvaluator.evaluate = noting(SnapshotEvaluator.evaluate)  # type: ignore[method-assign]
    SnapshotEvaluator.migrate = migrate  # type: ignore[method-assign]


def parse_test_files_once() -> None:
    """Let SQLMesh keep what it read in a file of unit tests beside the models in its cache, by the file's content.

    Every command that loads the project parses all of them, although few run them: half of its time, were it not kept.
    """
    own = SqlMeshLoader._load_model_test_file
    if hasattr(own, "__wrapped__"):
        return
    caches: dict[Path, FileCache[dict[str, ModelTestMetadata]]] = {}

    @wraps(own)
    def load(self: SqlMeshLoader, path: Path) -> dict[str, ModelTestMetadata]:
        source = path.read_text(encoding="utf-8")
        # What Jinja makes of a file may depend on more than the file.
        if "{{" in source or "{%" in source:
            return own(self, path)
        folder = self.context.cache_dir
        if folder not in caches:
            caches[folder] = FileCache(folder, prefix="model_test")
        return caches[folder].get_or_load(path.stem, crc32([str(path), source]), loader=lambda: own(self, path))

    SqlMeshLoader._load_model_test_file = load  # type: ignore[method-assign]


def take_unnamed_inputs_as_empty() -> None:
    """Let a unit test name only the inputs that it needs; a table that it does not name is empty.

    SQLMesh's own refuses such a test. So a new source, which models that join all sources read from then on, would ask
    for a change in the tests of each.
    """
    own = ModelTest._validate_and_normalize_test
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def validate(self: ModelTest) -> None:
        inputs = self.body.get("inputs") or {}
        named = {self._normalize_model_name(name) for name in inputs}
        unnamed = [name for name in self.model.depends_on or () if self._normalize_model_name(name) not in named]
        self.body["inputs"] = {**inputs, **{name: {"rows": []} for name in unnamed}}
        own(self)

    ModelTest._validate_and_normalize_test = validate  # type: ignore[method-assign]


def is_timeless(query: QueryRenderer) -> bool:
    """Whether a query differs in nothing but days in whatever interval, stage and environment it is rendered."""
    written, environment = query._expression, query._python_env
    configured = literal_eval(environment[SQLMESH_VARS].payload) if SQLMESH_VARS in environment else {}
    return (
        not isinstance(written, Jinja)
        and not query._macro_definitions
        and all(variable.name.lower() in (*configured, *DAYS) for variable in written.find_all(MacroVar))
        and not any(ASKS_WHEN_OR_WHERE.search(used.payload) for used in environment.values())
    )


def asks_for_days(query: QueryRenderer) -> bool:
    """Whether a query or a macro of it asks for the first or last day of the interval."""
    return any(variable.name.lower() in DAYS for variable in query._expression.find_all(MacroVar)) or any(
        ASKS_FOR_DAYS.search(used.payload) for used in query._python_env.values()
    )


class PlanIntoToday(PlanBuilder):
    """A plan that builds into the day that is not over, as `sqlmesh run --ignore-cron` does in a refresh.

    SQLMesh's own ends where the cron of a model last came due. A plan of an environment would then lack what a refresh
    brought today, or the first file of a new source; one of production would take away again what the refresh showed.
    So production is planned as far as it is built already, and any other environment up to now.
    """

    # Whether this process has planned.
    has_planned = False

    def __init__(self, *args: Any, **settings: Any) -> None:
        PlanIntoToday.has_planned = True
        settings["ignore_cron"] = True
        built_until = settings.get("end_override_per_model")
        if settings.get("is_dev") and built_until and not settings.get("end") and not settings.get("execution_time"):
            moment = now()
            settings["default_end"] = to_timestamp(moment)
            settings["end_override_per_model"] = dict.fromkeys(built_until, moment)
        super().__init__(*args, **settings)


def plan_into_today() -> None:
    """Let every plan of this process build into the day that is not over; see PlanIntoToday."""
    Context.PLAN_BUILDER_TYPE = PlanIntoToday


def failed_audits(error: BaseException) -> list[AuditError]:
    """Return the audits that did not hold where they are why a model failed."""
    cause = error.__cause__
    return [*cause.errors] if isinstance(cause, NodeAuditsErrors) else []


def listen_to_failures(console: Any, failed: Callable[..., None]) -> None:
    """Hear from a console which models failed, after the console itself; `failed` is called with their errors."""
    _listen(console, "log_failed_models", failed)


def macros_of(context: Context) -> dict[str, Any]:
    """Return the macros of a project by name; the `func` of each is the Python function."""
    return {**context._macros}


def qualified_scope(model: Model) -> Scope:
    """Return the qualified query of a model, which SQLMesh keeps when it is asked for the model's lineage."""
    return CACHE[model.name][2]


class _ThreadSafeQueue(asyncio.Queue[Any]):
    """A queue that may be filled from any thread, and whose reader wakes at once."""

    _reader: asyncio.AbstractEventLoop | None = None

    async def get(self) -> Any:
        self._reader = asyncio.get_running_loop()
        return await super().get()

    def put_nowait(self, item: Any) -> None:
        if self._reader is None:
            super().put_nowait(item)
        else:
            self._reader.call_soon_threadsafe(super().put_nowait, item)


def serve_from_threads() -> None:
    """Make SQLMesh fit for its own page, which plans in one thread while others answer requests.

    Without this, what a plan reports goes into a queue that is not made for threads: the last event lies there until
    the next one, and the page says "Running Task" for ever. And all threads share one cursor of DuckDB, so that one
    takes the rows that another asked for, and a plan fails that has no fault. A cursor of each thread may leave a
    transaction open, so that DuckDB gives no room of the file back while the page is open. And a request that finds a
    file saved since loads the project anew, which empties it first: requests wait while a plan reads it. What the
    linter finds stands on the page of errors, not in the server's terminal alone.
    """
    from web.server.api.endpoints import plan
    from web.server.console import api_console
    from web.server.settings import get_loaded_context_lock

    api_console.queue = _ThreadSafeQueue()
    own: Callable[..., PlanBuilder] = plan._get_plan_builder

    def get_plan_builder(*words: Any) -> PlanBuilder:
        with get_loaded_context_lock:
            return own(*words)

    plan._get_plan_builder = get_plan_builder
    _tell_what_linter_finds()
    create = BaseDuckDBConnectionConfig.create_engine_adapter

    def create_for_threads(config: BaseDuckDBConnectionConfig, *words: Any, **settings: Any) -> EngineAdapter:
        return create(config, *words, **settings | {"concurrent_tasks": 2})

    BaseDuckDBConnectionConfig.create_engine_adapter = create_for_threads  # type: ignore[method-assign, assignment]


def _tell_what_linter_finds() -> None:
    own = Context.lint_models

    @wraps(own)
    def lint_models(self: Context, models: Any = None, raise_on_error: bool = True, **settings: Any) -> Any:
        found = own(self, models, raise_on_error=False, **settings)
        errors = [f"{one.model.name}: {one}" for one in found if one.violation_type == "error"]
        if errors and raise_on_error:
            raise LinterError("\n".join(errors))
        return found

    Context.lint_models = lint_models  # type: ignore[method-assign, assignment]


def current_console() -> Any:
    """Return the console that SQLMesh tells of its progress."""
    return get_console()


def listen_to_models(
    console: Any, began: Callable[..., None], ended: Callable[..., None], stopped: Callable[..., None]
) -> None:
    """Hear from a console when SQLMesh builds models, each time after the console itself.

    Args:
        console: SQLMesh's console.
        began: Called with the snapshot of a model that begins, and `audit_only`.
        ended: Called with the snapshot, its interval, the number and the milliseconds of each batch that ended, and
            more. The milliseconds are None where the batch failed.
        stopped: Called with `success` after the last model.
    """
    _listen(console, "start_snapshot_evaluation_progress", began)
    _listen(console, "update_snapshot_evaluation_progress", ended)
    _listen(console, "stop_evaluation_progress", stopped)


@dataclass(frozen=True)
class AuditAnswer:
    """What one audit found in one batch of a model.

    Args:
        model_name: Name of the model, as SQLMesh spells it.
        audit_name: Name of the audit.
        arguments: What the model gave it, as SQL.
        failed_rows: Rows that failed.
        is_blocking: Whether they stop the run.
        seconds: How long it took.
    """

    model_name: str
    audit_name: str
    arguments: str
    failed_rows: int
    is_blocking: bool
    seconds: float


def listen_to_audits(heard: Callable[[AuditAnswer], None]) -> None:
    """Hear what every audit of this process finds; of several listeners the last one hears it.

    SQLMesh tells its console only how many audits of a model passed and how many did not.
    """
    own = SnapshotEvaluator._audit
    original = getattr(own, "__wrapped__", own)

    @wraps(original)
    def audit(self: SnapshotEvaluator, *args: Any, **settings: Any) -> Any:
        began = time.perf_counter()
        result = original(self, *args, **settings)
        if not result.skipped:
            given = ", ".join(f"{name} := {value.sql()}" for name, value in result.audit_args.items())
            name = result.model.fqn if result.model else ""
            seconds = time.perf_counter() - began
            heard(AuditAnswer(name, result.audit.name, given, result.count or 0, bool(result.blocking), seconds))
        return result

    SnapshotEvaluator._audit = audit  # type: ignore[method-assign]


def _listen(console: Any, method: str, listener: Callable[..., None]) -> None:
    original = getattr(console, method)

    @wraps(original)
    def both(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        listener(*args, **kwargs)
        return answer

    setattr(console, method, both)


def snapshots_of(connection: duckdb.DuckDBPyConnection, environment: str) -> dict[str, dict[str, Any]]:
    """Return the models of an environment by name, as SQLMesh's state holds them: `fingerprint` and `node` of each.

    Args:
        connection: A warehouse.
        environment: Name of the environment.

    Returns:
        None of them where there is no such environment, or the state lies in another database.
    """
    try:
        listed = connection.execute(
            "SELECT snapshots FROM sqlmesh._environments WHERE name = ?", [environment]
        ).fetchone()
        known = connection.execute("SELECT name, identifier, fingerprint FROM sqlmesh._snapshots").fetchall()
    except duckdb.CatalogException:
        return {}
    wanted = {model["name"]: model["fingerprint"] for model in json.loads(listed[0])} if listed else {}
    keys = [(name, identifier) for name, identifier, hashes in known if wanted.get(name) == json.loads(hashes)]
    found = {}
    for key in keys:
        row = connection.execute("SELECT snapshot FROM sqlmesh._snapshots WHERE (name, identifier) = (?, ?)", key)
        (text,) = row.fetchone() or ("{}",)
        snapshot = json.loads(text)
        found[snapshot["node"]["name"]] = snapshot
    return found


def failures(printed: str) -> list[str]:
    """Return the models that failed and the audits that do not hold, as a command of SQLMesh printed them."""
    listed = printed.partition("Failed models")[2]
    models = re.findall(r'"\w+"\."(?!sqlmesh__)(\w+)"\."(\w+)"', listed)
    audits = re.findall(r"'\w+' audit error: [\d,]+ rows? failed", listed)
    return list(dict.fromkeys([*(".".join(model) for model in models), *audits]))


def query_of_file(
    model: Path, macros: Iterable[Path], days: tuple[str, str], variables: Mapping[str, Any] | None = None
) -> str:
    """Return the query of one model in DuckDB's SQL, without loading the project, which takes ten times as long.

    Args:
        model: The file of the model.
        macros: The files of the macros that it calls, in the project in the current directory.
        days: First and last day of the interval, as ISO text.
        variables: Those of config.yaml that it names.
    """
    before = macro.get_registry()
    try:
        with sys_path(Path().absolute()):
            for path in macros:
                import_python_file(path)
        head, *body = parse(model.read_text(encoding="utf-8"), default_dialect="duckdb")
        # The project's own audits are unknown here, and a query needs none.
        head.set("expressions", [item for item in head.expressions if item.name.lower() != "audits"])
        loaded = load_sql_based_model(
            [head, *body],
            macros=macro.get_registry(), dialect="duckdb", path=model.absolute(), module_path=Path().absolute(),
            variables=dict(variables or {}),
        )  # fmt: skip
        return loaded.render_query_or_raise(start=days[0], end=days[1]).sql(dialect="duckdb")
    finally:
        macro.set_registry(before)


class EngineLessContext(BaseContext):
    """Stands in for the context of a Python model where there is no engine; a subclass answers `fetchdf`.

    Args:
        context: The context of the project.
        model: The Python model. The tables of the models that it reads bear the names of the models.
    """

    def __init__(self, context: Context, model: Model) -> None:
        self._context, self._model = context, model

    @property
    def default_dialect(self) -> str | None:
        """The dialect of the project."""
        return self._context.default_dialect

    @property
    def default_catalog(self) -> str | None:
        """The catalog of the project."""
        return self._context.default_catalog

    @property
    def _model_tables(self) -> dict[str, str]:
        # A model may ask what its own table holds already.
        return {fqn: fqn for fqn in (self._model.fqn, *(self._model.depends_on or ()))}

    @property
    def engine_adapter(self) -> Any:
        """An engine without a table; asking more of it raises SQLMeshError."""
        return _NoEngine()

    def with_variables(self, *_: Any, **__: Any) -> EngineLessContext:
        """Return this context, whatever the variables."""
        return self


class _NoEngine:
    def table_exists(self, *_: Any, **__: Any) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        raise SQLMeshError(f"there is no engine to ask for {name}")
