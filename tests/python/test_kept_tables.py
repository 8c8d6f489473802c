"""Tables kept by the change are those that would be written whole, whatever changed and however it is known."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from lead_enrichment.app.api.resources import CURRENT, POSITION_GAP, RESOURCES
from lead_enrichment.hooks import kept_tables
from lead_enrichment.hooks.kept_tables import IS_LATER, POSITION, STATE, KeptTable, keep_tables
from lead_enrichment.hooks.lookups import keep_rows
from lead_enrichment.hooks.sorted_tables import NUMBERS, SCORE, VERDICT, keep_sorted_tables
from lead_enrichment.warehouse.build_log import TABLE as BUILDS
from lead_enrichment.warehouse.change_log import ChangeLog
from lead_enrichment.warehouse.connection import connect

SEQUENCES, STEPS = int(os.environ.get("LEADS_SEQUENCES", "3")), 25
MATCH = "facts.fact_lead_match"


@dataclass
class Models:
    """A few models as SQLMesh leaves them, views of tables, whose builds and changes are logged."""

    connection: duckdb.DuckDBPyConnection
    log: ChangeLog = field(init=False)
    builds: int = 0

    def __post_init__(self) -> None:
        self.log = ChangeLog(self.connection)
        self.connection.execute(f"CREATE TABLE {BUILDS} (physical_table TEXT PRIMARY KEY, build_id TEXT, inputs TEXT)")

    def add(self, model: str, columns: str, version: int = 1) -> None:
        """Make a model, or give it another table."""
        schema, name = model.split(".")
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE SCHEMA IF NOT EXISTS sqlmesh__{schema}")
        self.connection.execute(f"CREATE OR REPLACE TABLE {self.table(model, version)} ({columns})")
        shown = f"SELECT * FROM warehouse.{self.table(model, version)}"
        self.connection.execute(f"CREATE OR REPLACE VIEW {schema}.{name} AS {shown}")
        self.built(model, version=version)

    @staticmethod
    def table(model: str, version: int = 1) -> str:
        """Return a model's table."""
        schema, name = model.split(".")
        return f"sqlmesh__{schema}.{schema}__{name}__{version}"

    def built(self, model: str, changed: str = "", version: int = 1) -> None:
        """Note a build: whose rows changed, by a query of their keys; or that any may have."""
        table = self.table(model, version)
        self.builds += 1
        if changed:
            self.log.add(table, changed)
        self.connection.execute(
            f"INSERT OR REPLACE INTO {BUILDS} VALUES (?, ?, '')", [f"warehouse.{table}", f"build {self.builds}"]
        )


@pytest.fixture
def models() -> Iterator[Models]:
    with connect() as connection:
        connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse")
        yield Models(connection)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were written whole."""
    names: list[str] = []
    own = kept_tables._write

    def write(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> None:
        names.append(table.name)
        own(connection, table)

    monkeypatch.setattr(kept_tables, "_write", write)
    return names


def check(connection: duckdb.DuckDBPyConnection, table: KeptTable) -> None:
    """Check that a table is the one that would be written whole, in rows and in order."""
    if not table.has_positions:
        rows, expected = (
            connection.execute(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall()
            for query in (f"SELECT * EXCLUDE ({IS_LATER}) FROM {table.name}", table.whole)
        )
        assert rows == expected
        return
    found = connection.execute(f"SELECT {table.keys}, {POSITION} FROM {table.name} ORDER BY {POSITION}").fetchall()
    positions = [row[-1] for row in found]
    assert positions == sorted({*positions}) and all(position > 0 for position in positions)
    rows = connection.execute(
        f"SELECT * EXCLUDE ({POSITION}, {IS_LATER}) FROM {table.name} ORDER BY {POSITION}"
    ).fetchall()
    assert rows == connection.execute(f"SELECT * FROM ({table.whole}) ORDER BY {table.keys}").fetchall()


# How much room there is: as much as there is, and so little that it runs out.
@pytest.mark.parametrize(("gap", "small_gap"), [(POSITION_GAP, kept_tables.SMALL_GAP), (64, 4), (2, 1)])
@pytest.mark.parametrize("is_logged", [True, False])
def test_a_table_by_the_change_is_the_one_written_whole(
    models: Models, written: list[str], monkeypatch: pytest.MonkeyPatch, gap: int, small_gap: int, is_logged: bool
) -> None:
    monkeypatch.setattr(kept_tables, "SMALL_GAP", small_gap)
    connection, changes = models.connection, 0
    for seed in range(SEQUENCES):
        dice = random.Random(seed)
        for model in (MATCH, CURRENT):
            models.add(model, "lead_key TEXT, part INT, a TEXT, b DOUBLE", seed + 1)
        joined = (
            f"SELECT a.lead_key, a.part, a.a, b.b FROM (FROM {MATCH} WHERE {{is_touched}}) AS a "
            f"LEFT JOIN (FROM {CURRENT} WHERE {{is_touched}}) AS b USING (lead_key, part)"
        )
        tables = [
            KeptTable("kept.sorted", ("lead_key", "part"), joined, ("lead_key", "part"), gap),
            # Several rows have one key, and some are alike.
            KeptTable("kept.\"rows of 1.0\"", ("a",), f"SELECT HASH(a) AS h, a FROM {MATCH} "
                      "WHERE {is_touched} AND NOT a IS NULL", ("h",)),
        ]  # fmt: skip
        keep_tables(connection, "kept", tables)
        for _ in range(STEPS):
            change(models, dice, is_logged, seed + 1)
            keep_tables(connection, "kept", tables)
            changes += 1
            for table in tables:
                check(connection, table)
    # Most of it was by the change, unless there is no room.
    assert written.count("kept.sorted") < changes * (0.9 if gap == 2 else 0.6)


def change(models: Models, dice: random.Random, is_logged: bool, version: int) -> None:
    """Change some rows of the models: anywhere, beside each other, before the first and behind the last."""
    connection = models.connection
    for model in dice.sample((MATCH, CURRENT), dice.choice((1, 1, 2))):
        table = models.table(model, version)
        before = {row[:2]: row for row in connection.execute(f"FROM {table}").fetchall()}
        after = dict(before)
        kind = dice.choice(("anywhere", "anywhere", "beside", "first", "last", "nothing", "many"))
        for number in range(dice.choice((200, 400)) if kind == "many" else dice.randint(0, 12)):
            some = dice.choice([*after]) if after and dice.random() < 0.6 else None
            if some and dice.random() < 0.4:
                del after[some]
                continue
            sign = {"first": "!", "last": "~", "beside": f"m{'m' * (number % 3)}"}.get(kind, "")
            # Signs that sort otherwise by language than by bytes.
            name = f"{sign}{dice.choice('aBéZ_ß😀')}{dice.randrange(300):03}"
            key = some if some and kind != "beside" else (name, dice.randrange(3))
            after[key] = (*key, dice.choice(("x", "y", "z", None, f"v{number}")), dice.choice((0.5, 1.5, None)))
        connection.execute(f"DELETE FROM {table}")
        if after:
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?)", dice.sample([*after.values()], len(after))
            )
        differing = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        # By both keys: those of the rows as they were, and as they are.
        logged = [(*key, row[2]) for key in differing for row in (before.get(key), after.get(key)) if row]
        if not is_logged:
            models.built(model, version=version)
        elif dice.random() < 0.1:
            models.log.built_whole(table)
            models.built(model, version=version)
        elif logged:
            connection.execute("CREATE OR REPLACE TEMP TABLE logged (lead_key TEXT, part INT, a TEXT)")
            connection.executemany("INSERT INTO logged VALUES (?, ?, ?)", logged)
            models.built(model, "SELECT * FROM temp.logged", version)


def leads(models: Models, count: int = 5_000, version: int = 1) -> None:
    """Make the models of the resource `leads`."""
    for model, columns in ((MATCH, "match_status TEXT"), (CURRENT, "name TEXT, received_at TIMESTAMPTZ")):
        models.add(model, f"lead_key TEXT, {columns}", version)
        connection, table = models.connection, models.table(model, version)
        values = ("'known'",) if model == MATCH else ("CONCAT('n', i)", "'2026-11-01'::TIMESTAMPTZ")
        connection.execute(
            f"INSERT INTO {table} SELECT CONCAT('texas:', LPAD(i::TEXT, 5, '0')), {', '.join(values)} "
            f"FROM RANGE({count}) t(i) ORDER BY HASH(i)"
        )
        models.log.built_whole(table)


def sorted_leads(models: Models) -> list[tuple[Any, ...]]:
    query = f"SELECT lead_key, match_status, name FROM api_rows.leads ORDER BY {POSITION}"
    return models.connection.execute(query).fetchall()


def expected_leads(models: Models) -> list[tuple[Any, ...]]:
    query = f"SELECT lead_key, match_status, name FROM {MATCH} LEFT JOIN {CURRENT} USING (lead_key) ORDER BY lead_key"
    return models.connection.execute(query).fetchall()


def places(models: Models) -> dict[str, tuple[int, int]]:
    """Return where each lead lies in the table of the API: in the file, and by its position."""
    query = f"SELECT lead_key, rowid, {POSITION} FROM api_rows.leads"
    return {key: (row, position) for key, row, position in models.connection.execute(query).fetchall()}


def test_a_run_replaces_the_rows_that_are_logged_and_no_others(models: Models, written: list[str]) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    before = places(models)
    table = models.table(CURRENT)
    models.connection.execute(f"UPDATE {table} SET name = 'other' WHERE lead_key = 'texas:00012'")
    # It is not logged, so that a comparison would find it and the log does not.
    models.connection.execute(f"UPDATE {table} SET name = 'unseen' WHERE lead_key = 'texas:00013'")
    models.built(CURRENT, "SELECT 'texas:00012' AS lead_key")
    keep_sorted_tables(models.connection)
    after = places(models)
    assert written == ["api_rows.leads"]
    assert {key for key in after if after[key] != before[key]} == {"texas:00012"}
    assert after["texas:00012"][1] == before["texas:00012"][1]
    assert [row[2] for row in sorted_leads(models)[12:14]] == ["other", "n13"]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_is_not_logged_is_found_by_comparison(models: Models, written: list[str], is_known: bool) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    before = places(models)
    table = models.table(MATCH)
    models.connection.execute(
        f"UPDATE {table} SET match_status = 'gone' WHERE lead_key IN ('texas:00012', 'texas:04999')"
    )
    if is_known:
        models.log.built_whole(table)
        models.built(MATCH)
    else:
        # Somebody made the next run build everything.
        models.connection.execute(f"DELETE FROM {BUILDS}")
    keep_sorted_tables(models.connection)
    after = places(models)
    assert written == ["api_rows.leads"] and sorted_leads(models) == expected_leads(models)
    assert {key for key in after if after[key] != before[key]} == {"texas:00012", "texas:04999"}


def test_where_nothing_was_built_nothing_is_read(models: Models, written: list[str]) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    models.connection.execute(f"UPDATE {models.table(MATCH)} SET match_status = 'unseen'")
    keep_sorted_tables(models.connection)
    assert {row[1] for row in sorted_leads(models)} == {"known"} and written == ["api_rows.leads"]


def test_what_is_not_known_to_be_the_same_is_written_anew(
    models: Models, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads(models)
    connection = models.connection

    def is_written() -> bool:
        written.clear()
        keep_sorted_tables(connection)
        assert sorted_leads(models) == expected_leads(models)
        return "api_rows.leads" in written

    assert is_written() and not is_written()
    connection.execute("DROP TABLE api_rows.leads")
    assert is_written() and not is_written()
    connection.execute(f"DELETE FROM {STATE}")
    assert is_written() and not is_written()
    connection.execute(f"DROP TABLE {STATE}")
    assert is_written() and not is_written()
    connection.execute("DROP SCHEMA api_rows CASCADE")
    assert is_written() and not is_written()
    connection.execute("ALTER TABLE api_rows.leads DROP COLUMN name")
    assert is_written() and not is_written()
    # A plan gave the models other tables, and then a column that the API tells.
    leads(models, version=2)
    assert is_written() and not is_written()
    table = models.table(CURRENT, 2)
    connection.execute(f"ALTER TABLE {table} ADD COLUMN city TEXT")
    connection.execute(f"CREATE OR REPLACE VIEW {CURRENT} AS SELECT * FROM warehouse.{table}")
    assert is_written() and not is_written()
    connection.execute(
        f"CREATE OR REPLACE VIEW {CURRENT} AS SELECT * FROM warehouse.{table} WHERE lead_key > 'texas:1'"
    )
    assert is_written() and not is_written()
    # The project tells another column, and a version of DuckDB hashes otherwise.
    monkeypatch.setattr(kept_tables, "FORM", "another")
    assert is_written() and not is_written()
    monkeypatch.setattr(duckdb, "__version__", "1.99.0")
    assert is_written() and not is_written()


def test_a_table_of_which_much_was_replaced_is_written_anew(models: Models, written: list[str]) -> None:
    leads(models, 1_000)
    keep_sorted_tables(models.connection)
    steps = 0
    while written == ["api_rows.leads"]:
        few = f"lead_key BETWEEN 'texas:{steps * 50:05}' AND 'texas:{steps * 50 + 49:05}'"
        models.connection.execute(f"UPDATE {models.table(CURRENT)} SET name = 'other' WHERE {few}")
        models.built(CURRENT, f"SELECT lead_key FROM {CURRENT} WHERE {few}")
        keep_sorted_tables(models.connection)
        assert sorted_leads(models) == expected_leads(models)
        steps += 1
    assert steps == 7
    # In one piece again, without gaps.
    assert [*places(models).values()] == [(row, POSITION_GAP * (row + 1)) for row in range(1_000)]


def test_changes_at_the_end_of_a_table_are_sorted_together_before_they_are_many(models: Models) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    dice, most = random.Random(1), 0
    for _ in range(3 * kept_tables.MOST_PIECES):
        keys = [(f"texas:{number:05}",) for number in dice.sample(range(5_000), 20)]
        models.connection.execute("CREATE OR REPLACE TEMP TABLE changed (lead_key TEXT)")
        models.connection.executemany("INSERT INTO changed VALUES (?)", keys)
        models.connection.execute(
            f"UPDATE {models.table(CURRENT)} SET name = 'x' || name WHERE lead_key IN (FROM changed)"
        )
        models.built(CURRENT, "FROM temp.changed")
        keep_sorted_tables(models.connection)
        assert sorted_leads(models) == expected_leads(models)
        query = f"SELECT {POSITION} FROM api_rows.leads WHERE {IS_LATER} ORDER BY rowid"
        later = [position for (position,) in models.connection.execute(query).fetchall()]
        most = max(most, sum(after < before for before, after in itertools.pairwise(later)) + 1)
    assert most == kept_tables.MOST_PIECES


def test_keys_that_are_not_unique_are_told_all_the_same(models: Models) -> None:
    leads(models, 1_000)
    keep_sorted_tables(models.connection)
    for values in ("('texas:00007', 'again')", "(NULL, 'none')"):
        models.connection.execute(f"INSERT INTO {models.table(MATCH)} VALUES {values}")
        models.built(MATCH, f"SELECT col0 AS lead_key FROM (VALUES {values}) AS t(col0, col1)")
        for _ in range(2):
            keep_sorted_tables(models.connection)
            assert sorted(map(str, sorted_leads(models))) == sorted(map(str, expected_leads(models)))


def test_what_fails_half_way_leaves_the_table_and_what_is_known_of_it(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    before = sorted_leads(models)
    models.connection.execute(f"UPDATE {models.table(CURRENT)} SET name = 'other' WHERE lead_key = 'texas:00012'")
    models.built(CURRENT, "SELECT 'texas:00012' AS lead_key")
    with monkeypatch.context() as patch:
        patch.setattr(kept_tables.ChangeLog, "newest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            keep_sorted_tables(models.connection)
    assert sorted_leads(models) == before
    keep_sorted_tables(models.connection)
    assert sorted_leads(models) == expected_leads(models) != before


def test_a_resource_whose_model_is_gone_is_not_told(models: Models) -> None:
    leads(models)
    keep_sorted_tables(models.connection)
    models.connection.execute(f"DROP VIEW {MATCH}")
    keep_sorted_tables(models.connection)
    query = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'api_rows'"
    assert models.connection.execute(query).fetchall() == []
    assert models.connection.execute(f"FROM {STATE}").fetchall() == []


def test_pairs_are_found_by_their_verdict_or_by_their_score(models: Models, written: list[str]) -> None:
    connection = models.connection
    numbers = ", ".join(f"{name} BIGINT" for name in NUMBERS.split(", "))
    models.add(
        VERDICT,
        f"{numbers}, left_lead_key TEXT, right_lead_key TEXT, verdict TEXT, match_probability DOUBLE, reason TEXT",
    )
    models.add(SCORE, f"{numbers}, match_weight DOUBLE, blocking_keys TEXT, veto TEXT, decision TEXT, decided_by TEXT, "
               "decided_at TIMESTAMPTZ")  # fmt: skip
    shown = "v.left_lead_key, v.right_lead_key, v.verdict, v.match_probability, v.reason, s.match_weight"
    connection.execute(
        f"CREATE SCHEMA IF NOT EXISTS facts; CREATE VIEW facts.fact_match_pair AS "
        f"SELECT {shown} FROM {VERDICT} AS v JOIN {SCORE} AS s USING ({NUMBERS})"
    )
    verdict, score = models.table(VERDICT), models.table(SCORE)
    pair = "'l' || i // 10, 'r' || i % 10"
    connection.execute(f"INSERT INTO {verdict} SELECT i // 10, i % 10, {pair}, 'match', 1, 'r' FROM RANGE(1000) t(i)")
    connection.execute(
        f"INSERT INTO {score} SELECT i // 10, i % 10, 1, 'k', NULL, NULL, NULL, NULL FROM RANGE(1000) t(i)"
    )
    models.log.built_whole(verdict)
    models.log.built_whole(score)
    keep_sorted_tables(connection)

    def step(changed_verdicts: str, changed_scores: str) -> None:
        for model, changed in ((VERDICT, changed_verdicts), (SCORE, changed_scores)):
            if changed:
                models.built(model, changed)
        keep_sorted_tables(connection)
        told = f"SELECT {shown.replace('v.', '').replace('s.', '')} FROM"
        rows = connection.execute(f"{told} api_rows.matches ORDER BY {POSITION}").fetchall()
        expected = connection.execute(f"{told} facts.fact_match_pair ORDER BY left_lead_key, right_lead_key").fetchall()
        assert rows == expected and written == ["api_rows.matches"]

    keys, some = "SELECT left_lead_key, right_lead_key", "left_lead_number = 3 AND right_lead_number < 4"
    connection.execute(f"UPDATE {score} SET match_weight = 9 WHERE {some}")
    step("", f"SELECT {NUMBERS} FROM {SCORE} WHERE {some}")
    connection.execute(f"UPDATE {verdict} SET verdict = 'review' WHERE left_lead_number = 5")
    step(f"{keys} FROM {VERDICT} WHERE left_lead_number = 5", "")
    # Pairs go, and others come, among them one whose lead has another key now.
    connection.execute("CREATE TEMP TABLE changed AS SELECT 7 AS left_lead_number, i AS right_lead_number, 'l7' AS "
                       "left_lead_key, 'r' || i AS right_lead_key FROM RANGE(12) t(i)")  # fmt: skip
    connection.execute("INSERT INTO changed VALUES (7, 3, 'l7', 'new')")
    connection.execute(
        f"DELETE FROM {verdict} WHERE left_lead_number = 7; DELETE FROM {score} WHERE left_lead_number = 7"
    )
    added = "FROM changed WHERE right_lead_number > 9 OR right_lead_key = 'new'"
    connection.execute(
        f"INSERT INTO {verdict} SELECT {NUMBERS}, left_lead_key, right_lead_key, 'match', 1, 'r' {added}"
    )
    connection.execute(f"INSERT INTO {score} SELECT {NUMBERS}, 1, 'k', NULL, NULL, NULL, NULL {added}")
    step(f"{keys} FROM changed", f"SELECT DISTINCT {NUMBERS} FROM changed")


def test_changes_of_the_outbox_are_found_by_what_they_are_of(models: Models, written: list[str]) -> None:
    model = "outbox.change"
    models.add(model, "outbox_key TEXT, target TEXT, lead_key TEXT, field TEXT, new_value TEXT")
    connection, table = models.connection, models.table(model)
    row = "MD5(CONCAT_WS(' ', target, lead_key, field, new_value)) AS outbox_key, *"
    fields = "SELECT 'crm' AS target, 'l' || i // 4 AS lead_key, 'f' || i % 4 AS field, i::TEXT AS new_value"
    connection.execute(f"INSERT INTO {table} SELECT {row} FROM ({fields} FROM RANGE(1000) t(i))")
    models.log.built_whole(table)
    keep_sorted_tables(connection)
    # One has another value and so another key, one goes, and one comes.
    connection.execute(f"DELETE FROM {table} WHERE lead_key = 'l7' AND field IN ('f0', 'f1')")
    added = "SELECT 'crm' AS target, 'l7' AS lead_key, UNNEST(['f0', 'f9']) AS field, 'other' AS new_value"
    connection.execute(f"INSERT INTO {table} SELECT {row} FROM ({added})")
    models.built(model, "SELECT 'crm' AS target, 'l7' AS lead_key, UNNEST(['f0', 'f1', 'f9']) AS field")
    keep_sorted_tables(connection)
    shown = "SELECT outbox_key, target, lead_key, field, new_value FROM"
    found = connection.execute(f"{shown} api_rows.outbox ORDER BY {POSITION}").fetchall()
    assert found == connection.execute(f"{shown} {model} ORDER BY outbox_key").fetchall() and len(found) == 1_000
    assert written == ["api_rows.outbox"]


def test_a_lookup_of_rows_is_kept_by_the_change(models: Models, written: list[str]) -> None:
    model = "facts.fact_enriched_attribute"
    models.add(model, "entity_key TEXT, attribute TEXT, reason TEXT")
    connection, table = models.connection, models.table(model)
    connection.execute(f"INSERT INTO {table} SELECT 'e' || i // 5, 'a' || i % 5, 'r' FROM RANGE(1000) t(i)")
    models.log.built_whole(table)
    keep_rows(connection)
    connection.execute(f"DELETE FROM {table} WHERE entity_key = 'e3'; INSERT INTO {table} VALUES ('e3', 'a0', 'new')")
    models.built(model, "SELECT 'e3' AS entity_key, UNNEST(['a0', 'a1', 'a2', 'a3', 'a4']) AS attribute")
    keep_rows(connection)
    (lookup,) = written
    found, expected = (
        connection.execute(f"SELECT entity_key, attribute, reason FROM {name} ORDER BY ALL").fetchall()
        for name in (lookup, table)
    )
    assert found == expected and ("e3", "a0", "new") in found
    (wrong,) = connection.execute(f"SELECT COUNT(*) FROM {lookup} WHERE key_hash <> HASH(entity_key)").fetchall()
    assert wrong == (0,)


def test_every_resource_is_told_as_its_models_hold_it(planned_demo: Any) -> None:
    with duckdb.connect(str(planned_demo / "published" / "leads.duckdb"), read_only=True) as copy:
        for resource in RESOURCES:
            own = [f'"{field.name}"' for field in resource.fields if not field.of]
            keys = ", ".join(f'"{name}"' for name in resource.key)
            rows, expected = (
                copy.execute(f"SELECT {', '.join(own)} FROM {table} ORDER BY {order}").fetchall()
                for table, order in ((resource.sorted_table, POSITION), (resource.table, keys))
            )
            assert rows == expected, resource.name
            assert not resource.joins or copy.execute(
                f"SELECT COUNT(*) FROM {resource.sorted_table} AS a JOIN {resource.joins} AS b USING ({keys}) "
                "WHERE a.name IS DISTINCT FROM b.name OR a.received_at <> b.received_at"
            ).fetchall() == [(0,)]
