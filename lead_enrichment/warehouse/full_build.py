"""Compares what runs have kept by the change with what a full build would give, row for row.

Each table is computed again from the tables that it reads, as they are. Where no table differs, all of them are what a
full build of the whole would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlmesh.core.model import SqlModel

from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, literal
from lead_enrichment.warehouse.project import full_query, load_project
from lead_enrichment.warehouse.reading import errors_of_reading, one_row
from lead_enrichment.warehouse.replaced_by_key import is_replaced_by_key


@dataclass(frozen=True)
class Compared:
    """A table beside its full build.

    Args:
        model: The model.
        rows: Rows of the table.
        missing: Rows that a full build would have and the table has not.
        outdated: Rows that the table has and a full build would not.
    """

    model: str
    rows: int
    missing: int
    outdated: int

    @property
    def differs(self) -> bool:
        """Whether the table is not what a full build gives."""
        return bool(self.missing or self.outdated)


def compare_with_full_build(
    paths: DataPaths, project: Path, begins: Callable[[int, int, str], None] = lambda *_: None
) -> Iterator[Compared]:
    """Compute each table of production that is kept by the change again, and compare.

    Args:
        paths: The data directory; its warehouse is only read.
        project: The project's folder.
        begins: Called with the place of a model, their number and its name, as it begins.

    Raises:
        DataError: The warehouse is damaged.
        UsageError: It is not there, held by another process or not planned, or the project cannot be loaded.
    """
    with errors_of_reading(paths.warehouse), _memory_beside(paths.warehouse) as connection:
        connection.execute(f"ATTACH {literal(paths.warehouse)} AS leads (READ_ONLY)")
        connection.execute("USE leads")
        queries = _full_queries(project)
        for place, (name, query) in enumerate(queries.items(), 1):
            begins(place, len(queries), name)
            yield _compare(connection, name, query)


@contextmanager
def _memory_beside(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory; what exceeds the memory goes to the disk of the warehouse, and is removed again."""
    with TemporaryDirectory(prefix="full_build_", dir=warehouse.parent) as folder, connect() as connection:
        connection.execute(f"SET temp_directory = {literal(folder)}")
        yield connection


def _full_queries(project: Path) -> dict[str, str]:
    """Return by model the query of all rows of each table that is kept by the change, in the order of their builds."""
    context = load_project(project)
    return {
        model.name: full_query(context, model.name).sql(dialect="duckdb")
        for model in (context.models[name] for name in context.dag.sorted if name in context.models)
        if isinstance(model, SqlModel) and is_replaced_by_key(model)
    }


def _compare(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> Compared:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE full_build AS {query}")
    (rows,) = one_row(connection, f"SELECT COUNT(*) FROM {name}")
    (missing,) = one_row(connection, f"SELECT COUNT(*) FROM (FROM full_build EXCEPT ALL FROM {name})")
    (outdated,) = one_row(connection, f"SELECT COUNT(*) FROM (FROM {name} EXCEPT ALL FROM full_build)")
    return Compared(name, rows, missing, outdated)
