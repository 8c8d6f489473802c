"""The lookups of the published copy find what the models say, and no lookup is needed for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lead_enrichment.hooks.lookups import INDEXES, POSITIONS, ROWS
from lead_enrichment.warehouse.lookups import (
    KEY_HASH,
    kept_rows_of_key,
    lookup_name,
    pairs_among,
    positions_of,
    rows_of_key,
)
from lead_enrichment.warehouse.reading import rows

SAMPLE = 40


@pytest.fixture(scope="module")
def published(planned_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(planned_demo / "published" / "leads.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def warehouse(planned_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same models, without lookups."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{planned_demo / 'warehouse' / 'leads.duckdb'}' AS leads (READ_ONLY)")
        connection.execute("USE leads")
        yield connection


def keys_of(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    """The keys with the most rows, and others; one that is not there at the end."""
    query = f"SELECT {column} FROM {table} WHERE NOT {column} IS NULL GROUP BY ALL ORDER BY COUNT(*) DESC, 1 LIMIT ?"
    found = [key for (key,) in connection.execute(query, [SAMPLE]).fetchall()]
    assert found
    return [*found, "texas:none"]


def alike(found: list[Any]) -> list[str]:
    return sorted(map(str, found))


@pytest.mark.parametrize(("table", "column"), POSITIONS)
def test_a_lookup_finds_the_rows_of_each_key(
    published: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection, table: str, column: str
) -> None:
    for key in keys_of(published, table, column):
        expected = rows(published, f"SELECT * FROM {table} WHERE {column} = ?", key)
        found = positions_of(published, table, column, key)
        assert found is not None and len(found) == len(expected)
        assert alike(rows_of_key(published, table, column, key)) == alike(expected)
        assert positions_of(warehouse, table, column, key) is None
        assert alike(rows_of_key(warehouse, table, column, key)) == alike(expected)


@pytest.mark.parametrize(("table", "column", "columns"), ROWS)
def test_rows_that_are_kept_beside_each_other_are_those_of_the_model(
    published: duckdb.DuckDBPyConnection,
    warehouse: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    columns: str,
) -> None:
    for key in keys_of(published, table, column):
        expected = rows(published, f"SELECT {columns} FROM {table} WHERE {column} = ?", key)
        for connection in (published, warehouse):
            assert alike(kept_rows_of_key(connection, table, column, key, columns)) == alike(expected)


def test_the_rows_of_one_key_are_told_apart_from_those_of_another_with_its_hash() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA lookups; CREATE TABLE t AS SELECT UNNEST(['a', 'b']) AS lead_key")
        connection.execute(f"CREATE VIEW {lookup_name('main.t')} AS SELECT *, rowid AS position FROM main.t")
        # As if both keys had the hash of a.
        connection.execute(
            f"CREATE TABLE {lookup_name('main.t', 'lead_key')} AS "
            f"SELECT {KEY_HASH.format('?')} AS key_hash, rowid AS position FROM main.t",
            ["a"],
        )
        assert positions_of(connection, "main.t", "lead_key", "a") == [0, 1]
        assert rows_of_key(connection, "main.t", "lead_key", "a") == [{"lead_key": "a"}]


def test_the_pairs_among_leads_are_those_of_the_model(
    published: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    columns = "left_lead_number, right_lead_number, is_match, match_weight"
    expected = rows(published, f"SELECT {columns} FROM facts.fact_match_pair")
    numbers = {row[f"{side}_lead_number"] for row in expected for side in ("left", "right")}
    some = set(sorted(numbers)[: len(numbers) // 2])
    among = [row for row in expected if {row["left_lead_number"], row["right_lead_number"]} <= some]
    assert 0 < len(among) < len(expected)
    for connection in (published, warehouse):
        assert alike(pairs_among(connection, some)) == alike(among)


@pytest.mark.parametrize(("table", "column"), INDEXES)
def test_a_search_has_its_indexes(published: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    schema, _, name = table.partition(".")
    query = "SELECT expressions FROM duckdb_indexes() WHERE schema_name = ? AND STARTS_WITH(table_name, ?)"
    found = published.execute(query, [f"sqlmesh__{schema}", f"{schema}__{name}__"]).fetchall()
    assert found == [(f"[{column}]",)]
