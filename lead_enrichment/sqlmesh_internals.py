"""What the project takes from SQLMesh although SQLMesh does not promise it: private names, and text that it prints.

Tried on the version in TRIED. tests/python/test_sqlmesh_internals.py has a test of each function, which fails where
another version of SQLMesh differs. It takes a second to import: modules of quick commands import it where they use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import duckdb
from sqlglot.optimizer.scope import Scope
from sqlmesh import Context
from sqlmesh.core.config.connection import BaseDuckDBConnectionConfig
from sqlmesh.core.console import get_console
from sqlmesh.core.context import BaseContext
from sqlmesh.core.lineage import CACHE
from sqlmesh.core.model import Model
from sqlmesh.utils.errors import SQLMeshError

TRIED = "0.236.4"


def connect_duckdb_by(connect: Callable[..., duckdb.DuckDBPyConnection]) -> None:
    """Make SQLMesh open every DuckDB file of this process by a function of ours.

    Args:
        connect: Takes the settings that SQLMesh would pass to `duckdb.connect`.
    """
    BaseDuckDBConnectionConfig._connection_factory = property(lambda self: connect)  # type: ignore[assignment]


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
        return {fqn: fqn for fqn in self._model.depends_on or ()}

    @property
    def engine_adapter(self) -> Any:
        """None; asking for one raises SQLMeshError."""
        raise SQLMeshError("there is no engine")

    def with_variables(self, *_: Any, **__: Any) -> EngineLessContext:
        """Return this context, whatever the variables."""
        return self
