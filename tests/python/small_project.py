"""A small SQLMesh project on files, for tests of what a run builds; each command as in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlmesh import Context
from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig

from lead_enrichment.sqlmesh_internals import PlanIntoToday, leave_unchanged_models
from lead_enrichment.warehouse.build_log import BuildLog


class SmallProject:
    """The project, with nothing delivered or planned.

    Args:
        folder: An empty folder.
        external: The tables of bronze, as SQLMesh reads them. Each shows the files of its folder under `bronze`.
        models: By name the kind, with what else the head of the model says, and the query.
        start: First day of the models, as ISO text.
    """

    def __init__(self, folder: Path, external: str, models: dict[str, tuple[str, str]], start: str) -> None:
        self.folder, self.bronze, self.start = folder, folder / "bronze", start
        self.left: list[str] = []
        (folder / "models").mkdir()
        (folder / "external_models").mkdir()
        (folder / "external_models" / "bronze.yaml").write_text(external)
        for name, (kind, query) in models.items():
            self.write(name, kind, query)

    def write(self, name: str, kind: str, query: str) -> None:
        """Write a model."""
        head = f"MODEL (name {name}, kind {kind}, start '{self.start}', cron '@daily', allow_partials true);"
        (self.folder / "models" / f"{name}.sql").write_text(f"{head}\n{query}")

    def file(self, table: str, nth: int) -> Path:
        """Return the file of a delivery to a table of bronze."""
        return self.bronze / table / "day" / f"{nth}.parquet"

    def deliver_rows(self, table: str, nth: int, query: str) -> None:
        """Deliver the rows of a query to a table of bronze, in place of those of an earlier delivery of that number."""
        target = self.file(table, nth)
        target.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(f"COPY ({query}) TO '{target}'")

    @contextmanager
    def context(self) -> Iterator[Context]:
        """Open the project; `left` has the models that a run leaves from then on."""
        connection = DuckDBConnectionConfig(database=str(self.folder / "w.duckdb"))
        config = Config(
            gateways={"": GatewayConfig(connection=connection)}, model_defaults=ModelDefaultsConfig(dialect="duckdb")
        )
        context = Context(paths=[str(self.folder)], config=config)
        try:
            cursor = context.engine_adapter.cursor
            cursor.execute("CREATE SCHEMA IF NOT EXISTS bronze")
            for folder in self.bronze.iterdir():
                cursor.execute(f"CREATE OR REPLACE VIEW bronze.{folder.name} AS FROM '{folder}/*/*.parquet'")
            self.left.clear()
            short = lambda snapshot: ".".join(part.strip('"') for part in snapshot.name.split(".")[-2:])  # noqa: E731
            leave_unchanged_models(BuildLog(cursor, self.bronze), lambda snapshot: self.left.append(short(snapshot)))
            yield context
        finally:
            context.close()

    def plan(self, environment: str = "prod", **settings: Any) -> None:
        """Plan an environment and apply the plan."""
        with self.context() as context:
            PlanIntoToday.has_planned = True
            context.plan(environment, auto_apply=True, no_prompts=True, skip_tests=True, **settings)

    def refresh(self, environment: str = "prod") -> bool:
        """Run an environment, as `leads refresh` does, and return whether every model was built and audited."""
        with self.context() as context:
            PlanIntoToday.has_planned = False
            return context.run(environment, ignore_cron=True).is_success

    def ask(self, question: str) -> list[Any]:
        """Return the rows of a query on the warehouse."""
        with duckdb.connect(str(self.folder / "w.duckdb")) as connection:
            return connection.execute(question).fetchall()
