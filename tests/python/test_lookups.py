"""The lookups of the published copy find what the models say, and no lookup is needed for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lead_enrichment.hooks.lookups import INDEXES, POSITIONS, ROWS
from lead_enrichment.hooks.publish import publish
from lead_enrichment.matching.evidence import _other_holders
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.lead_profile import _changes, _versions
from lead_enrichment.warehouse.lookups import (
    KEY_HASH,
    PAIR_LOOKUP,
    POSITION,
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


def lookups_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = (
        "SELECT table_schema || '.\"' || table_name || '\"' FROM information_schema.tables "
        "WHERE table_schema = 'lookups'"
    )
    return {name for (name,) in connection.execute(query).fetchall()}


def hash_all_as(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Make a lookup of main.t in which all rows have the hash of one key."""
    connection.execute("CREATE SCHEMA lookups")
    connection.execute(
        f"CREATE TABLE {lookup_name('main.t', 'lead_key')} AS "
        f"SELECT {KEY_HASH.format('?')} AS key_hash, rowid AS {POSITION} FROM main.t",
        [key],
    )


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
    assert lookup_name(table, column) in lookups_of(published)
    for key in keys_of(published, table, column):
        expected = rows(published, f"SELECT {columns} FROM {table} WHERE {column} = ?", key)
        for connection in (published, warehouse):
            assert alike(kept_rows_of_key(connection, table, column, key, columns)) == alike(expected)


def test_the_rows_of_one_key_are_told_apart_from_those_of_another_with_its_hash() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT UNNEST(['a', 'b']) AS lead_key")
        hash_all_as(connection, "a")
        connection.execute(f"CREATE VIEW {lookup_name('main.t')} AS SELECT *, rowid AS {POSITION} FROM main.t")
        assert positions_of(connection, "main.t", "lead_key", "a") == [0, 1]
        assert rows_of_key(connection, "main.t", "lead_key", "a") == [{"lead_key": "a"}]


def test_a_copy_of_another_version_of_duckdb_is_read_without_its_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT UNNEST(['a', 'b']) AS lead_key")
        hash_all_as(connection, "another hash")
        assert rows_of_key(connection, "main.t", "lead_key", "a") == []
        monkeypatch.setattr(duckdb, "__version__", "1.99.0")
        assert positions_of(connection, "main.t", "lead_key", "a") is None
        assert rows_of_key(connection, "main.t", "lead_key", "a") == [{"lead_key": "a"}]
        assert kept_rows_of_key(connection, "main.t", "lead_key", "a", "lead_key") == [{"lead_key": "a"}]


def test_the_pairs_among_leads_are_those_of_the_model(
    published: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    assert PAIR_LOOKUP in {name.replace('"', "") for name in lookups_of(published)}
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


# DuckDB closes the gaps of a table that has many row groups, as a large one has, and leaves those of a single one.
@pytest.mark.parametrize(
    ("row_group_size", "deleted", "closes_gaps"),
    [
        (2_048, "n % 10 < 3", True),
        (2_048, "n BETWEEN 4_096 AND 12_287", True),
        (2_048, "TRUE", True),
        (122_880, "n % 10 < 3", False),
        (122_880, "n % 100 = 0", False),
    ],
)
def test_positions_hold_where_rows_were_deleted(
    tmp_path: Path, row_group_size: int, deleted: str, closes_gaps: bool
) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    table, lookup = "dims.dim_lead_validity", lookup_name("dims.dim_lead_validity")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{paths.warehouse}' AS leads (ROW_GROUP_SIZE {row_group_size})")
        connection.execute("USE leads; CREATE SCHEMA sqlmesh__dims; CREATE SCHEMA dims")
        connection.execute(
            "CREATE TABLE sqlmesh__dims.v AS SELECT 'texas:' || n AS lead_key, n FROM RANGE(40_000) t(n)"
        )
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM leads.sqlmesh__dims.v")
        # What a first copy makes in the warehouse, and a later one finds.
        publish(connection, paths)
        with connection.cursor() as reader:
            # While somebody reads, DuckDB closes no gap, and does so when the copy is written.
            reader.execute(f"BEGIN; SELECT 1 FROM leads.{table}").fetchone()
            connection.execute(f"DELETE FROM sqlmesh__dims.v WHERE {deleted}")
            connection.execute("INSERT INTO sqlmesh__dims.v SELECT 'texas:' || n, n FROM RANGE(50_000, 50_100) t(n)")
            publish(connection, paths)
        before = connection.execute("SELECT COUNT(*), MAX(rowid) FROM sqlmesh__dims.v").fetchone()
    with connect(str(paths.published), read_only=True) as published:
        after = published.execute("SELECT COUNT(*), MAX(rowid) FROM sqlmesh__dims.v").fetchone()
        assert before and after and before[0] == after[0] and (before[1] > after[1]) == closes_gaps
        for number in (1, 4, 2_049, 20_007, 29_999, 39_999, 50_007):
            expected = rows(published, f"SELECT * FROM {table} WHERE n = {number}")
            assert rows_of_key(published, table, "lead_key", f"texas:{number}") == expected
        found = published.execute(
            f"SELECT COUNT(*) FROM {lookup} AS a JOIN {lookup_name(table, 'lead_key')} AS b USING ({POSITION}) "
            f"WHERE b.key_hash = {KEY_HASH.format('a.lead_key')}"
        ).fetchone()
        assert found == (after[0],)
        # The rows themselves are held once.
        assert published.execute(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{table}'").fetchall() == []


def test_a_model_that_changed_is_published_without_its_lookup(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA quality; CREATE SCHEMA marts; CREATE SCHEMA sqlmesh__quality")
        # A view of two tables, a model without its column, and one that lacks a column which its lookup holds.
        connection.execute("CREATE VIEW sqlmesh__quality.s AS SELECT 'a' AS lead_key")
        connection.execute("CREATE VIEW quality.lead_score AS SELECT * FROM sqlmesh__quality.s")
        connection.execute("CREATE VIEW marts.sales_facility AS SELECT 1 AS other")
        connection.execute("CREATE VIEW quality.lead_failure AS SELECT 'a' AS lead_key, 'r' AS rule")
        publish(connection, paths)
    with connect(str(paths.published), read_only=True) as published:
        assert lookups_of(published) == set()
        assert rows_of_key(published, "quality.lead_score", "lead_key", "a") == [{"lead_key": "a"}]
        assert kept_rows_of_key(published, "quality.lead_failure", "lead_key", "a", "rule") == [{"rule": "r"}]


def test_a_key_with_many_rows_is_read_by_one_question() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 'a' AS lead_key, n FROM RANGE(500) t(n)")
        hash_all_as(connection, "a")
        # There is no view of positions, so that looking up each would fail.
        assert len(rows_of_key(connection, "main.t", "lead_key", "a")) == 500


def test_a_lead_was_in_the_states_that_the_dimension_tells(published: duckdb.DuckDBPyConnection) -> None:
    for key in keys_of(published, "dims.dim_lead", "lead_key")[:-1]:
        told = rows(published, "SELECT * FROM dims.dim_lead WHERE lead_key = ? ORDER BY valid_from", key)
        found = _versions(published, key)
        known = found[0].keys() & told[0].keys()
        assert [[row[column] for column in known] for row in found] == [
            [row[column] for column in known] for row in told
        ]
        # A history tells nothing of the columns that are not read.
        assert _changes(found, {}) == _changes(told, {})


def test_other_holders_are_counted_alike_with_and_without_lookups(
    published: duckdb.DuckDBPyConnection, warehouse: duckdb.DuckDBPyConnection
) -> None:
    shared = rows(
        published,
        "SELECT phone, MIN(lead_key) AS one, MAX(lead_key) AS other FROM intermediate.int_match_lead "
        "WHERE NOT phone IS NULL GROUP BY phone HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, phone LIMIT 20",
    )
    counts = [_other_holders(published, row["phone"], (row["one"], row["other"])) for row in shared]
    assert counts == [_other_holders(warehouse, row["phone"], (row["one"], row["other"])) for row in shared]
    assert max(counts) > 0
