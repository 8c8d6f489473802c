"""The matching models as SQL, run outside SQLMesh on other pairs or other leads than production's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlglot import exp
from sqlmesh import Context

from lead_enrichment.warehouse.project import full_query, load_project


class MatchingModels:
    """The models of a project, read once.

    Args:
        project: The project's folder.

    Raises:
        UsageError: No project lies there, or its models cannot be read.
    """

    def __init__(self, project: Path) -> None:
        self.context: Context = load_project(project)

    def query(self, name: str, instead: Mapping[str, str] | None = None) -> str:
        """Return a model's query in DuckDB's SQL.

        Args:
            name: The model, such as intermediate.int_match_comparison.
            instead: By model that it reads, the table to read instead. All others keep their names in the catalog.
        """
        query = full_query(self.context, name)
        replacement = {model: exp.to_table(table, dialect="duckdb") for model, table in (instead or {}).items()}

        def replace(node: exp.Expr) -> exp.Expr:
            table = replacement.get(f"{node.db}.{node.name}") if isinstance(node, exp.Table) else None
            return exp.alias_(table.copy(), node.alias or node.name, table=True) if table else node

        return query.transform(replace).sql(dialect="duckdb")
