"""What the project takes from SQLMesh although SQLMesh does not promise it: private names, and text that it prints.

Tried on the version in TRIED. tests/python/test_sqlmesh_internals.py has a test of each function, which fails where
another version of SQLMesh differs. It takes a second to import: modules of quick commands import it where they use it.
"""

from __future__ import annotations

import re
import sys
from ast import literal_eval
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.optimizer.scope import Scope
from sqlmesh import Context
from sqlmesh.core.config.connection import BaseDuckDBConnectionConfig
from sqlmesh.core.console import get_console
from sqlmesh.core.constants import SQLMESH_VARS
from sqlmesh.core.context import BaseContext
from sqlmesh.core.dialect import Jinja, MacroVar, parse
from sqlmesh.core.lineage import CACHE
from sqlmesh.core.loader import SqlMeshLoader
from sqlmesh.core.macros import RuntimeStage, macro
from sqlmesh.core.model import Model, load_sql_based_model
from sqlmesh.core.plan.builder import PlanBuilder
from sqlmesh.core.renderer import QueryRenderer
from sqlmesh.core.test import ModelTest, ModelTestMetadata
from sqlmesh.utils import sys_path
from sqlmesh.utils.cache import FileCache
from sqlmesh.utils.date import now, to_timestamp
from sqlmesh.utils.errors import AuditError, NodeAuditsErrors, SQLMeshError
from sqlmesh.utils.hashing import crc32
from sqlmesh.utils.metaprogramming import import_python_file

TRIED = "0.236.4"
# What a macro may ask its evaluator without the answer depending on the run.
ASKS_WHEN_OR_WHERE = re.compile(r"\bevaluator\.(?!(?:dialect|parse_one|transform|var)\b)")
DEEPEST_CALLS = 5000


def connect_duckdb_by(connect: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    """Make SQLMesh open every DuckDB file of this process by a function of ours.

    Args:
        connect: Takes the settings that SQLMesh would pass to `duckdb.connect`.
    """
    BaseDuckDBConnectionConfig._connection_factory = property(lambda self: connect)  # type: ignore[assignment]


def allow_deep_sql() -> None:
    """Let Python call as deep as the parser of SQL needs: it recurses some twenty calls for each nested expression.

    The rules of texts and addresses nest 35 expressions, which beneath a test runner's own calls passes Python's 1,000.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), DEEPEST_CALLS))


def render_timeless_queries_once() -> None:
    """Let a query that depends on neither time nor environment be built as it was rendered when it was loaded.

    SQLMesh's own evaluation expands the macros of every query and optimises it again, which on a small warehouse costs
    a fifth of a run. As loaded it lies in the cache, and only its tables have to be named.
    """
    own = QueryRenderer.render
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def render(self: QueryRenderer, *args: Any, **settings: Any) -> exp.Query | None:
        stage = settings.get("runtime_stage", RuntimeStage.LOADING)
        if stage is RuntimeStage.LOADING or not settings.get("needs_optimization", True) or not is_timeless(self):
            return own(self, *args, **settings)
        loaded = own(self)
        return loaded and self._resolve_tables(loaded, **settings)

    QueryRenderer.render = render  # type: ignore[method-assign]


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


def is_timeless(renderer: QueryRenderer) -> bool:
    """Whether a query says the same in whatever interval, stage and environment it is rendered."""
    query, environment = renderer._expression, renderer._python_env
    configured = literal_eval(environment[SQLMESH_VARS].payload) if SQLMESH_VARS in environment else {}
    return (
        not isinstance(query, Jinja)
        and not renderer._macro_definitions
        and all(variable.name.lower() in configured for variable in query.find_all(MacroVar))
        and not any(ASKS_WHEN_OR_WHERE.search(used.payload) for used in environment.values())
    )


class PlanIntoToday(PlanBuilder):
    """A plan that builds into the day that is not over, as `sqlmesh run --ignore-cron` does in a refresh.

    SQLMesh's own ends where the cron of a model last came due. A plan of an environment would then lack what a refresh
    brought today, or the first file of a new source; one of production would take away again what the refresh showed.
    So production is planned as far as it is built already, and any other environment up to now.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
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


def _listen(console: Any, method: str, listener: Callable[..., None]) -> None:
    original = getattr(console, method)

    @wraps(original)
    def both(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        listener(*args, **kwargs)
        return answer

    setattr(console, method, both)


def failures(printed: str) -> list[str]:
    """Return the models that failed and the audits that do not hold, as a command of SQLMesh printed them."""
    listed = printed.partition("Failed models")[2]
    models = re.findall(r'"\w+"\."(?!sqlmesh__)(\w+)"\."(\w+)"', listed)
    audits = re.findall(r"'\w+' audit error: [\d,]+ rows? failed", listed)
    return list(dict.fromkeys([*(".".join(model) for model in models), *audits]))


def query_of_file(model: Path, macros: Iterable[Path], days: tuple[str, str]) -> str:
    """Return the query of one model in DuckDB's SQL, without loading the project, which takes ten times as long.

    Args:
        model: The file of the model.
        macros: The files of the macros that it calls, in the project in the current directory.
        days: First and last day of the interval, as ISO text.
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
