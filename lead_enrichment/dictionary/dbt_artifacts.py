"""The dictionary as dbt writes its own: `manifest.json` and `catalog.json`, for tools that read a project of dbt.

The form is dbt's published one, manifest v12 and catalog v1. Bronze tables are sources, seeds are seeds, everything
else is a model, and an audit is a generic test of its model.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lead_enrichment.dictionary.entries import AuditEntry, ColumnEntry, Dictionary, ModelEntry

PROJECT = "lead_enrichment"
CATALOG = "leads"
# The version of dbt whose form this is; readers look at it to know which fields to expect.
DBT_VERSION = "1.10.0"
SCHEMAS = {
    "manifest": "https://schemas.getdbt.com/dbt/manifest/v12.json",
    "catalog": "https://schemas.getdbt.com/dbt/catalog/v1.json",
}
# What dbt calls the tests that everybody has.
TESTS = {"not_null": "not_null", "unique_values": "unique", "accepted_values": "accepted_values"}
SOURCE_LAYER = "bronze"


def manifest(dictionary: Dictionary, written_at: datetime) -> dict[str, Any]:
    """Return the manifest of all models, with their columns, SQL, audits and whom they read.

    Args:
        dictionary: The dictionary.
        written_at: When it is written, UTC.
    """
    ids = unique_ids(dictionary)
    nodes: dict[str, dict[str, Any]] = {}
    sources: dict[str, dict[str, Any]] = {}
    for model in dictionary.models:
        if model.layer == SOURCE_LAYER:
            sources[ids[model.name]] = _source(model, ids)
            continue
        nodes[ids[model.name]] = _node(model, ids, written_at)
        for number, audit in enumerate(model.audits):
            test = _test(model, audit, number, ids, written_at)
            nodes[test["unique_id"]] = test
    parents = {name: node["depends_on"].get("nodes", []) for name, node in nodes.items()} | dict.fromkeys(sources, ())
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    empty: dict[str, Any] = {
        "macros": {}, "docs": {}, "exposures": {}, "metrics": {}, "groups": {}, "selectors": {}, "disabled": {},
        "group_map": {}, "saved_queries": {}, "semantic_models": {}, "unit_tests": {},
    }  # fmt: skip
    return {
        "metadata": {
            **_metadata("manifest", written_at),
            "project_name": PROJECT,
            "project_id": hashlib.md5(PROJECT.encode(), usedforsecurity=False).hexdigest(),
            "adapter_type": "duckdb",
            "send_anonymous_usage_stats": False,
        },
        "nodes": nodes,
        "sources": sources,
        "parent_map": {name: [*above] for name, above in parents.items()},
        "child_map": children,
        **empty,
    }


def catalog(dictionary: Dictionary, rows: Mapping[str, int], written_at: datetime) -> dict[str, Any]:
    """Return the catalog: the tables with the types of their columns, and how many rows they hold.

    Args:
        dictionary: The dictionary.
        rows: Rows by model; of a model that is not named nobody knows.
        written_at: When it is written, UTC.
    """
    ids = unique_ids(dictionary)
    tables: dict[str, dict[str, Any]] = {"nodes": {}, "sources": {}}
    for model in dictionary.models:
        part = "sources" if model.layer == SOURCE_LAYER else "nodes"
        tables[part][ids[model.name]] = {
            "unique_id": ids[model.name],
            "metadata": {
                "type": "VIEW" if model.kind == "view" else "BASE TABLE",
                "schema": model.layer,
                "name": model.short_name,
                "database": CATALOG,
                "comment": model.description,
                "owner": model.owner,
            },
            "columns": {
                column.name: {"type": column.type, "index": place, "name": column.name, "comment": column.description}
                for place, column in enumerate(model.columns, 1)
            },
            "stats": _stats(rows.get(model.name)),
        }
    return {"metadata": _metadata("catalog", written_at), **tables, "errors": None}


def unique_ids(dictionary: Dictionary) -> dict[str, str]:
    """Return dbt's key of each model by its name; where two schemas have a table of one name, it tells the schema."""
    named = Counter(model.short_name for model in dictionary.models if model.layer != SOURCE_LAYER)
    found = {}
    for model in dictionary.models:
        if model.layer == SOURCE_LAYER:
            found[model.name] = f"source.{PROJECT}.{model.layer}.{model.short_name}"
        else:
            kind = "seed" if model.kind == "seed" else "model"
            name = model.short_name if named[model.short_name] == 1 else f"{model.layer}_{model.short_name}"
            found[model.name] = f"{kind}.{PROJECT}.{name}"
    return found


def _metadata(artifact: str, written_at: datetime) -> dict[str, Any]:
    return {
        "dbt_schema_version": SCHEMAS[artifact],
        "dbt_version": DBT_VERSION,
        "generated_at": f"{written_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "invocation_id": None,
        "env": {},
    }


def _node(model: ModelEntry, ids: Mapping[str, str], written_at: datetime) -> dict[str, Any]:
    name = ids[model.name].rpartition(".")[2]
    materialized = "seed" if model.kind == "seed" else "view" if model.kind == "view" else "table"
    if model.kind.startswith("incremental"):
        materialized = "incremental"
    above = {parent: ids[parent] for parent in model.parents if parent in ids}
    node: dict[str, Any] = {
        **_common(model, ids[model.name], name, written_at),
        "resource_type": "seed" if materialized == "seed" else "model",
        "alias": model.short_name,
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(model.code.encode()).hexdigest()},
        "config": {
            "enabled": True,
            "alias": model.short_name,
            "schema": model.layer,
            "database": CATALOG,
            "tags": [*model.tags],
            "meta": {},
            "materialized": materialized,
        },
    }
    if materialized == "seed":
        return {**node, "root_path": None, "depends_on": {"macros": []}}
    return {
        **node,
        "depends_on": {"macros": [], "nodes": [*above.values()]},
        "raw_code": model.code,
        "language": "python" if model.file.endswith(".py") else "sql",
        "refs": [
            {"name": ids[parent].rpartition(".")[2], "package": None, "version": None}
            for parent in above
            if not parent.startswith(f"{SOURCE_LAYER}.")
        ],
        "sources": [parent.split(".") for parent in above if parent.startswith(f"{SOURCE_LAYER}.")],
        "metrics": [],
        "compiled": True,
        "compiled_code": model.query or None,
        "compiled_path": None,
        "extra_ctes_injected": True,
        "extra_ctes": [],
        "constraints": [],
        "primary_key": [*model.key],
        "access": "protected" if model.layer in ("staging", "intermediate") else "public",
    }


def _source(model: ModelEntry, ids: Mapping[str, str]) -> dict[str, Any]:
    common = _common(model, ids[model.name], model.short_name, None)
    kept = ("database", "schema", "name", "package_name", "path", "original_file_path", "unique_id", "description")
    return {
        **{name: common[name] for name in kept},
        "columns": common["columns"],
        "meta": common["meta"],
        "tags": common["tags"],
        "relation_name": common["relation_name"],
        "fqn": common["fqn"],
        "resource_type": "source",
        "source_name": model.layer,
        "source_description": "Rows as delivered, text only, under the contracts' names.",
        "loader": "leads ingest",
        "identifier": model.short_name,
        "loaded_at_field": "received_at" if model.column("received_at") else None,
        "freshness": None,
        "config": {"enabled": True},
    }


def _common(model: ModelEntry, key: str, name: str, written_at: datetime | None) -> dict[str, Any]:
    return {
        "database": CATALOG,
        "schema": model.layer,
        "name": name,
        "package_name": PROJECT,
        "path": re.sub("^models/", "", model.file),
        "original_file_path": model.file,
        "unique_id": key,
        "fqn": [PROJECT, model.layer, name],
        "description": " ".join(part for part in (model.description, model.grain) if part),
        "columns": {column.name: _column(model, column) for column in model.columns},
        "meta": {
            "owner": model.owner, "kind": model.kind, "grain": [*model.key], "example_query": model.example or None,
        },
        "tags": [*model.tags],
        "docs": {"show": True, "node_color": None},
        "relation_name": f'"{CATALOG}"."{model.layer}"."{model.short_name}"',
        "created_at": written_at.timestamp() if written_at else 0.0,
    }  # fmt: skip


def _column(model: ModelEntry, column: ColumnEntry) -> dict[str, Any]:
    meta = {
        "inherited_from": column.described_by,
        "copy_of": column.copy_of,
        "origin_description": column.origin_description,
    }
    return {
        "name": column.name,
        "description": column.description,
        "meta": {name: text for name, text in meta.items() if text},
        "data_type": column.type,
        "constraints": [],
        "quote": None,
        "tags": [],
    }


def _test(
    model: ModelEntry, audit: AuditEntry, number: int, ids: Mapping[str, str], written_at: datetime
) -> dict[str, Any]:
    name = f"{ids[model.name].rpartition('.')[2]}_{audit.name}_{number}"
    below = ids[model.name]
    return {
        **{
            key: value
            for key, value in _common(model, f"test.{PROJECT}.{name}", name, written_at).items()
            if key not in ("relation_name", "docs")
        },
        "description": "",
        "columns": {},
        "meta": {},
        "tags": [],
        "relation_name": None,
        "resource_type": "test",
        "alias": name,
        "checksum": {"name": "none", "checksum": ""},
        "config": {"enabled": True, "severity": "ERROR" if audit.is_blocking else "WARN", "materialized": "test"},
        "depends_on": {"macros": [], "nodes": [below]},
        "refs": [{"name": below.rpartition(".")[2], "package": None, "version": None}],
        "raw_code": f"{{{{ {audit.name}({audit.arguments}) }}}}",
        "language": "sql",
        "test_metadata": {
            "name": TESTS.get(audit.name, audit.name),
            "kwargs": {"model": model.name, "arguments": audit.arguments},
            "namespace": None,
        },
        "column_name": _only_column(audit),
        "file_key_name": f"models.{model.short_name}",
        "attached_node": below,
    }


def _only_column(audit: AuditEntry) -> str | None:
    """Return the column that an audit is about, where it is about one."""
    found = re.fullmatch(r"columns?: \(?(\w+)\)?", audit.arguments.partition(", ")[0])
    return found[1] if found else None


def _stats(rows: int | None) -> dict[str, Any]:
    def stat(name: str, label: str, value: object, description: str, include: bool) -> dict[str, Any]:
        return {"id": name, "label": label, "value": value, "include": include, "description": description}

    found = {"has_stats": stat("has_stats", "Has Stats?", rows is not None, "Whether there are statistics", False)}
    if rows is not None:
        found["num_rows"] = stat("num_rows", "Rows", rows, "Rows in the published copy", True)
    return found
