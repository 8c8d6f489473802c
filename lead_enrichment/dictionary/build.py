"""Reading the dictionary from SQLMesh's project: definitions, column lineage, inherited descriptions.

It loads all models and follows every column, which takes about ten seconds: see keep.py, which does that once for each
version of the project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

from lead_enrichment.bronze import PARTITION, bronze_tables
from lead_enrichment.dictionary.entries import AuditEntry, ColumnEntry, Dictionary, ModelEntry, Term
from lead_enrichment.errors import UsageError
from lead_enrichment.preview.impact import column_origins

# What the description of a model that shows an example says, before the sentence of its grain.
EXAMPLE = re.compile(r"\s*Example query:\s*(?P<query>(?:SELECT|WITH|FROM)\b.*?)\.?(?=\s+One row per\b|\s*$)", re.DOTALL)
GRAIN = re.compile(r"\s*(?P<grain>One row per\b[^.]*\.?[^.]*)\.?\s*$")
GLOSSARY = Path("docs") / "glossary.yaml"
DIALECT = "duckdb"


def read_project(context: Context, project: Path, version: str) -> Dictionary:
    """Return the dictionary of a project.

    Args:
        context: The project, loaded.
        project: Its folder.
        version: What its files are now; see keep.project_version.

    Raises:
        UsageError: The glossary cannot be read.
    """
    described = {
        f"bronze.{name}": {column: text for column, _, text in (*columns, PARTITION)}
        for name, (_, columns) in bronze_tables().items()
    }
    models: dict[str, ModelEntry] = {}
    for fqn in context.dag.sorted:
        model = context.get_model(fqn)
        if model is not None:
            entry = _model(context, model, project, described.get(_short(model.fqn), {}))
            models[entry.name] = _inheriting(entry, models)
    return Dictionary(version, tuple(models.values()), read_glossary(project / GLOSSARY))


def read_glossary(file: Path) -> tuple[Term, ...]:
    """Return the terms of the glossary by name; none where a project has no such file.

    Raises:
        UsageError: The file is not of the form that its head describes.
    """
    if not file.exists():
        return ()
    try:
        terms = [
            Term(
                name, str(entry["meaning"]).strip(), tuple(entry.get("also", ())), tuple(entry.get("see", ())),
                entry.get("field_term", ""),
            )
            for name, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items()
        ]  # fmt: skip
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the glossary cannot be read ({' '.join(str(error).split())})", str(file), "Write it as its head says."
        ) from error
    return tuple(sorted(terms, key=lambda term: term.name.lower()))


def split_description(text: str) -> tuple[str, str, str]:
    """Return what a model's description says, its example query, and what a row is."""
    example = EXAMPLE.search(text)
    query = example["query"].strip() if example else ""
    text = EXAMPLE.sub("", text, count=1).strip()
    grain = GRAIN.search(text)
    return GRAIN.sub("", text).strip(), query, grain["grain"].rstrip(".") + "." if grain else ""


def _model(context: Context, model: Model, project: Path, described: Mapping[str, str]) -> ModelEntry:
    description, example, grain = split_description(" ".join((model.description or "").split()))
    key = tuple(dict.fromkeys(column.name for grain in model.grains for column in grain.find_all(exp.Column)))
    origins = column_origins(context, model)
    file = model._path
    query = model.render_query() if model.is_sql else None
    return ModelEntry(
        name=_short(model.fqn),
        kind=_kind(model),
        owner=model.owner or "",
        description=description,
        grain=grain,
        key=key,
        example=example,
        tags=tuple(model.tags),
        cron=str(model.cron),
        file=str(file.resolve().relative_to(project.resolve())) if file else "",
        code=file.read_text(encoding="utf-8") if file and not model.kind.is_external else "",
        query=query.sql(dialect=DIALECT, pretty=True) if query is not None and not model.kind.is_seed else "",
        parents=tuple(sorted(_short(parent) for parent in model.depends_on or ())),
        columns=tuple(
            ColumnEntry(
                name=name,
                type=type_.sql(dialect=DIALECT),
                description=(model.column_descriptions or {}).get(name) or described.get(name, ""),
                copy_of=next((str(origin.field) for origin in origins[name] if origin.is_copy), ""),
                origins=tuple(str(origin.field) for origin in origins[name]),
                is_key=name in key,
            )
            for name, type_ in (model.columns_to_types or {}).items()
        ),
        audits=tuple(
            AuditEntry(
                audit.name,
                ", ".join(f"{name}: {value.sql(dialect=DIALECT)}" for name, value in arguments.items()),
                bool(audit.blocking),
            )
            for audit, arguments in model.audits_with_args
        ),
    )


def _inheriting(model: ModelEntry, above: Mapping[str, ModelEntry]) -> ModelEntry:
    """Return a model whose columns say what they inherit from the columns that they are made from.

    Args:
        model: The model, with what its own file says.
        above: The models upstream, which have inherited already.
    """

    def entry(name: str) -> ColumnEntry | None:
        table, _, column = name.rpartition(".")
        return above[table].column(column) if table in above else None

    def inherit(column: ColumnEntry) -> ColumnEntry:
        copied = entry(column.copy_of)
        if not column.description:
            # Of a column that is made from one other, what that one says is near; of several, nobody knows.
            source = column.copy_of or (column.origins[0] if len(column.origins) == 1 else "")
            found = entry(source)
            if found and found.description:
                return replace(column, description=found.description, described_by=found.described_by or source)
            return column
        if copied is None:
            return column
        first = copied.origin_description or copied.description
        return replace(column, origin_description=first if first != column.description else "")

    return replace(model, columns=tuple(map(inherit, model.columns)))


def _kind(model: Model) -> str:
    """Return how a model is built, in words."""
    name = model.kind.name.value if hasattr(model.kind.name, "value") else str(model.kind.name)
    if model.kind.is_custom:
        return f"custom: {getattr(model.kind, 'materialization', '')}"
    time_column = getattr(model.kind, "time_column", None)
    words = name.lower().replace("_", " ")
    return f"incremental by {time_column.column.name}" if time_column is not None else words


def _short(fqn: str) -> str:
    """Return `schema.model` of a full name."""
    table = exp.to_table(fqn)
    return f"{table.db}.{table.name}"
