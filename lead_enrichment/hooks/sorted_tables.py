"""The tables from which the REST API reads: each of its resources, sorted by key.

A page, or one row, is then read from one place of the table. In the tables of the models the keys lie anywhere, and
DuckDB's own statistics do not help: of a text they know eight bytes, and all keys of a source begin alike.
"""

from __future__ import annotations

import duckdb

from lead_enrichment.app.api.resources import RESOURCES, SORTED_SCHEMA, Resource
from lead_enrichment.warehouse.reading import columns_of, one_row


def make_sorted_tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Write the table of each resource whose models are there; `position` counts its rows from 0.

    Args:
        connection: Open on what the models hold, as its current catalog.
        catalog: Attached database that gets the tables.
    """
    (own,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    columns = columns_of(connection, own)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{SORTED_SCHEMA}")
    for resource in RESOURCES:
        if set(resource.key) <= columns.get(resource.table, set()):
            _make(connection, catalog, resource, columns)


def _make(
    connection: duckdb.DuckDBPyConnection, catalog: str, resource: Resource, columns: dict[str, set[str]]
) -> None:
    own, joined = columns[resource.table], columns.get(resource.joins, set())
    # What is filtered by need not be told.
    names = {field.name for field in resource.fields if not field.of} | {item.column for item in resource.filters}
    shown = [f'a."{name}"' for name in sorted({*names, *resource.key} & own)]
    shown += [f'b."{field.name}"' for field in resource.fields if field.of and field.name in joined]
    on = ", ".join(f'"{name}"' for name in resource.key)
    join = f" LEFT JOIN {resource.joins} AS b USING ({on})" if set(resource.key) <= joined else ""
    keys = ", ".join(f'a."{name}"' for name in resource.key)
    connection.execute(
        f"CREATE TABLE {catalog}.{resource.sorted_table} AS SELECT *, ROW_NUMBER() OVER () - 1 AS position "
        f"FROM (SELECT {', '.join(shown)} FROM {resource.table} AS a{join} ORDER BY {keys})"
    )
