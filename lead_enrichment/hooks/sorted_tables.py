"""The tables from which the REST API reads: each of its resources, sorted by key.

A page, or one row, is then read from one place of the table. In the tables of the models the keys lie anywhere, and
DuckDB's own statistics do not help: of a text they know eight bytes, and all keys of a source begin alike. Where the
rows lie is told by their `position`, which rises with the key; those that changed since the table was written whole lie
at its end, with positions between those of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from lead_enrichment.app.api.resources import POSITION_GAP, RESOURCES, SORTED_SCHEMA, Resource
from lead_enrichment.hooks.kept_tables import KeptTable, keep_tables
from lead_enrichment.warehouse.reading import columns_of, one_row

SCORE, VERDICT = "intermediate.int_match_score", "intermediate.int_match_verdict"
NUMBERS = "left_lead_number, right_lead_number"
# What facts.fact_match_pair shows of a pair stands in two tables, the verdict's first. The view joins both leads too.
PAIR_TABLES = {
    VERDICT: ("left_lead_key", "right_lead_key", "verdict", "match_probability", "reason"),
    SCORE: ("match_weight", "blocking_keys", "veto", "decision", "decided_by", "decided_at"),
}
# A pair whose verdict is gone was logged with it.
PAIRS_OF_SCORES = (
    f"SELECT v.left_lead_key, v.right_lead_key FROM {{changes}} AS c JOIN {VERDICT} AS v USING ({NUMBERS})"
)
# Changes of the outbox are logged by what a change is of. Those that were there are still in the table of the API.
CHANGES_OF_FIELDS = f"""
    SELECT k.outbox_key FROM (
        SELECT outbox_key, target, lead_key, field FROM outbox.change
        UNION ALL
        SELECT outbox_key, target, lead_key, field FROM {SORTED_SCHEMA}.outbox
    ) AS k SEMI JOIN {{changes}} AS c USING (target, lead_key, field)
"""
TOUCHED = {"outbox.change": {"outbox.change": CHANGES_OF_FIELDS}}


def keep_sorted_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the table of each resource whose models are there up to date.

    Args:
        connection: Open on the warehouse, as its current catalog.
    """
    (own,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    keep_tables(connection, SORTED_SCHEMA, _tables(columns_of(connection, own)))


def _tables(columns: Mapping[str, set[str]]) -> Iterator[KeptTable]:
    for resource in RESOURCES:
        if set(resource.key) <= columns.get(resource.table, set()):
            source, touched = _pairs(resource, columns) or (_joined(resource, columns), TOUCHED.get(resource.table, {}))
            yield KeptTable(resource.sorted_table, resource.key, source, resource.key, POSITION_GAP, touched)


def _joined(resource: Resource, columns: Mapping[str, set[str]]) -> str:
    """Return the query of a resource's rows."""
    own, joined = columns[resource.table], columns.get(resource.joins, set())
    shown = [f'a."{name}"' for name in _told(resource) if name in own]
    shown += [f'b."{field.name}"' for field in resource.fields if field.of and field.name in joined]
    on = ", ".join(f'"{name}"' for name in resource.key)
    # Of each table for itself, so that of the second one too only the touched rows are read.
    join = f" LEFT JOIN (FROM {resource.joins} WHERE {{is_touched}}) AS b USING ({on})"
    is_joined = set(resource.key) <= joined
    return (
        f"SELECT {', '.join(shown)} FROM (FROM {resource.table} WHERE {{is_touched}}) AS a{join if is_joined else ''}"
    )


def _pairs(resource: Resource, columns: Mapping[str, set[str]]) -> tuple[str, dict[str, str]] | None:
    """Return for the compared pairs a query that joins no leads, and the keys of changed scores; None for others."""
    has_tables = all(
        {*NUMBERS.split(", "), *names} <= columns.get(table, set()) for table, names in PAIR_TABLES.items()
    )
    if resource.table != "facts.fact_match_pair" or not has_tables:
        return None
    table_of = {name: alias for alias, names in zip("vs", PAIR_TABLES.values(), strict=True) for name in names}
    shown = ", ".join(f'{table_of[name]}."{name}"' for name in _told(resource))
    rows = f"(FROM {VERDICT} WHERE {{is_touched}}) AS v JOIN {SCORE} AS s USING ({NUMBERS})"
    return f"SELECT {shown} FROM {rows}", {SCORE: PAIRS_OF_SCORES}


def _told(resource: Resource) -> list[str]:
    """Return the columns that are needed of a resource's first table."""
    # What is filtered by need not be told.
    names = {field.name for field in resource.fields if not field.of} | {item.column for item in resource.filters}
    return sorted({*names, *resource.key})
