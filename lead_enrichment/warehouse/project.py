"""Loading the SQLMesh project whose models build the warehouse."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.config import Config
from sqlmesh.core.config.loader import load_configs
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils.errors import SQLMeshError

from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.replaced_by_key import whole


def load_project(project: Path) -> Context:
    """Load the models of the project, without its warehouse: lineage needs none, and another process may hold it.

    Raises:
        UsageError: No project lies there, or its models cannot be read.
    """
    if not (project / "config.yaml").exists():
        raise UsageError("here is no SQLMesh project", str(project.absolute()), "Run it from the project's folder.")
    # No file is written beside the models, and no process is forked for a few dozen of them.
    os.environ.setdefault("MAX_FORK_WORKERS", "1")
    set_console(NoopConsole())
    configs = load_configs(None, Config, [project])
    for config in configs.values():
        connection: Any = config.get_connection(config.default_gateway_name)
        if connection.type_ == "duckdb" and connection.database:
            # In memory under the name that it has as a file.
            connection.catalogs, connection.database = {Path(connection.database).stem: ":memory:"}, None
        config.get_gateway(config.default_gateway_name).state_connection = None
    try:
        return Context(paths=[str(project)], config=configs)
    except SQLMeshError as error:
        problem = " ".join(str(error).split())
        raise UsageError(f"the models cannot be loaded ({problem})", "", "Correct them: sqlmesh lint.") from error


def read_variable(project: Path, name: str, default: int) -> int:
    """Return a whole number from the variables of config.yaml, without loading the models.

    Raises:
        UsageError: It is no whole number above 0.
    """
    configs = load_configs(None, Config, [project])
    found = next(iter(configs.values())).variables.get(name, default)
    if not isinstance(found, int) or found < 1:
        raise UsageError(f"{name} must be a whole number above 0, not {found!r}", "config.yaml", "Correct it.")
    return found


def full_query(context: Context, name: str) -> exp.Query:
    """Return the query of all rows of a model, of the names that models have in the catalog.

    Args:
        context: The project.
        name: The model.
    """
    return whole(context.get_model(name, raise_if_missing=True).render_query_or_raise())
