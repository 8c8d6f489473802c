"""Readers open a copy of production: never locked, never half a table, never a mix of two runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from conftest import DEMO_FACILITIES, DEMO_MONTHS, LEADS, ROOT, Run, command_environment
from helpers import PLAN, RUN, halt_while_it_holds
from lead_enrichment.app.api.resources import POSITION_GAP
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.hooks import publish
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.reading import production
from lead_enrichment.warehouse.waiting import HELD

# What people and other programs read.
SCHEMAS = ("dims", "facts", "marts", "ops", "quality")
SHOWN = f"""
    SELECT schema_name, view_name, comment FROM duckdb_views()
    WHERE database_name = CURRENT_DATABASE() AND schema_name IN {SCHEMAS} ORDER BY ALL
"""
COLUMNS = f"""
    SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()
    WHERE database_name = CURRENT_DATABASE() AND schema_name IN {SCHEMAS} ORDER BY ALL
"""


def test_the_copy_holds_what_production_shows_described(planned_demo: Path) -> None:
    paths = DataPaths(planned_demo)
    with (
        duckdb.connect(str(paths.warehouse), read_only=True) as warehouse,
        duckdb.connect(str(paths.published), read_only=True) as published,
    ):
        shown = published.execute(SHOWN).fetchall()
        assert shown == warehouse.execute(SHOWN).fetchall() and all(comment for _, _, comment in shown)
        columns = published.execute(COLUMNS).fetchall()
        assert columns == warehouse.execute(COLUMNS).fetchall() and all(comment for *_, comment in columns)
        files = [path for schema in SCHEMAS for path in (ROOT / "models" / schema).glob("*.*")]
        assert {name for _, name, _ in shown} == {path.stem for path in files}
        for schema, name, _ in shown:
            rows = f"SELECT * FROM {schema}.{name} ORDER BY ALL"
            assert published.execute(rows).fetchall() == warehouse.execute(rows).fetchall()
    # Beside it other tests keep the dictionary.
    beside = {"dictionary.json", ".dictionary.lock"}
    assert {path.name for path in paths.published.parent.iterdir()} - beside == {"leads.duckdb"}


def test_publishing_keeps_the_lock_on_the_warehouse(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    look = [sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", str(paths.warehouse)]
    with duckdb.connect(str(paths.warehouse)) as connection:
        publish.publish(connection, paths)
        refused = subprocess.run(look, capture_output=True, text=True, check=False)
        assert refused.returncode and HELD.search(refused.stderr)


def test_a_copy_holds_what_the_api_tells_in_the_order_of_its_keys(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA facts; CREATE SCHEMA intermediate")
        connection.execute(
            "CREATE TABLE facts.fact_lead_match AS "
            "SELECT i::TEXT AS lead_key, 'known' AS match_status, 1 AS inner_step FROM RANGE(3000) AS t(i) "
            "ORDER BY HASH(i)"
        )
        # A lead without a row of the second table is told all the same.
        connection.execute("CREATE TABLE intermediate.int_lead_current AS SELECT '77' AS lead_key, 'A' AS city")
        publish.publish(connection, paths)
    with duckdb.connect(str(paths.published), read_only=True) as copy:
        found = copy.execute("SELECT * FROM api_rows.leads ORDER BY position").fetchall()
        columns = [column[0] for column in copy.description or ()]
        tables = copy.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'api_rows'").fetchall()
    assert sorted(columns) == ["city", "is_later", "lead_key", "match_status", "position"] and tables == [("leads",)]
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    assert [row["position"] for row in rows] == [POSITION_GAP * (number + 1) for number in range(3_000)]
    assert [row["lead_key"] for row in rows] == sorted(str(i) for i in range(3_000))
    assert [(row["lead_key"], row["city"]) for row in rows if row["city"]] == [("77", "A")]


def test_readers_see_the_old_or_the_new_and_no_lock_while_a_run_goes_on(
    own_demo: Path, tmp_path: Path, run: Run
) -> None:
    paths = DataPaths(own_demo)
    size = ("--facilities", str(DEMO_FACILITIES), "--months", str(DEMO_MONTHS + 1))
    run("leads", "demo", *size, "--as-of", "2026-12-15", "--after", "2026-11-15", data=own_demo)

    def seen() -> tuple[object, ...]:
        """Return what one reader sees, over several tables."""
        with production(paths) as connection:
            return tuple(
                connection.execute(f"SELECT COUNT(*), BIT_XOR(HASH(t)) FROM {name} AS t").fetchall()[0]
                for name in ("dims.dim_lead", "facts.fact_lead_match", "facts.fact_file_load", "ops.model_run")
            )

    def told() -> object:
        """Return what the summary says of the sources."""
        return json.loads(run("leads", "summary", "--json", data=own_demo).stdout)["sources"]

    old, old_summary, found = seen(), told(), []
    # As a scheduler runs it; plain `sqlmesh run` would fail where it meets this test's own look at the warehouse.
    words = [*LEADS, "sqlmesh", "--log-file-dir", str(tmp_path / "logs"), "run", "--ignore-cron"]
    with (tmp_path / "run.txt").open("w") as printed:
        running = subprocess.Popen(words, cwd=ROOT, env=command_environment(own_demo), stdout=printed, stderr=printed)
        try:
            halt_while_it_holds(paths.warehouse, running)
            assert (seen(), told()) == (old, old_summary)
            running.send_signal(signal.SIGCONT)
            while running.poll() is None:
                found.append(seen())
                time.sleep(0.2)
        finally:
            running.kill()
            running.wait()
    assert running.returncode == 0, (tmp_path / "run.txt").read_text()
    new = seen()
    assert all(before != after for before, after in zip(old, new, strict=True))
    # Old until one moment, new from then on.
    first_new = found.index(new) if new in found else len(found)
    assert found == [old] * first_new + [new] * (len(found) - first_new)
    assert told() != old_summary


def test_only_a_successful_plan_or_run_of_production_is_published(
    own_demo: Path, tmp_path: Path, run: Run, project_copy: Path
) -> None:
    paths = DataPaths(own_demo)
    # An audit that holds until the test says otherwise.
    fault = tmp_path / "fault"
    (project_copy / "audits" / "until_the_fault.sql").write_text(
        f"AUDIT (name until_the_fault);\n\nSELECT g.file FROM GLOB('{fault}') AS g, @this_model AS s\n"
    )
    # A model that every run builds: each writes down what its models cost.
    model = project_copy / "models" / "ops" / "model_run.sql"
    text = model.read_text()
    assert text.count("audits (") == 1
    model.write_text(text.replace("audits (", "audits (UNTIL_THE_FAULT,"))

    def publishes(expect: int, *words: str) -> bool:
        before = paths.published.stat().st_ino
        run(*words, data=own_demo, project=project_copy, expect=expect)
        return paths.published.stat().st_ino != before

    assert not publishes(0, *PLAN, "dev")
    assert publishes(0, *PLAN)
    fault.touch()
    assert not publishes(1, *RUN)
    fault.unlink()
    assert publishes(0, *RUN)


def test_a_copy_that_cannot_be_finished_leaves_the_one_before(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    # A book of bronze is a view of files, which change while readers have the copy.
    book = tmp_path / "book.csv"
    ledger = f"CREATE OR REPLACE VIEW bronze.file_ledger AS SELECT {{}} AS i FROM READ_CSV('{book}')"
    book.write_text("i\n1\n")
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA dims; CREATE SCHEMA bronze; CREATE TABLE t AS SELECT 1 AS i")
        connection.execute(ledger.format("i"))
        connection.execute("CREATE VIEW dims.a AS SELECT t.i, l.i AS j FROM t, leads.bronze.file_ledger AS l")
        publish.publish(connection, paths)
        connection.execute("UPDATE t SET i = 2")
        book.write_text("i\n2\n")
        # One fault while the file is copied, one while the books are.
        paths.warehouse.rename(tmp_path / "away")
        with pytest.raises(DataError, match=r"could not be written .*No such file.* The one before stays"):
            publish.publish(connection, paths)
        (tmp_path / "away").rename(paths.warehouse)
        connection.execute(ledger.format("ERROR('broken')"))
        with pytest.raises(DataError, match=r"could not be written .*broken.* The one before stays"):
            publish.publish(connection, paths)
        assert [path.name for path in paths.published.parent.iterdir()] == ["leads.duckdb"]
        with production(paths) as reader:
            assert reader.execute("SELECT i, j FROM dims.a").fetchall() == [(1, 1)]
            # A reader that is at work keeps the copy that it has opened.
            connection.execute(ledger.format("i"))
            publish.publish(connection, paths)
            assert reader.execute("SELECT i, j FROM dims.a").fetchall() == [(1, 1)]
        with production(paths) as reader:
            assert reader.execute("SELECT i, j FROM dims.a").fetchall() == [(2, 2)]
    assert [path.name for path in paths.published.parent.iterdir()] == ["leads.duckdb"]


def test_before_the_first_copy_readers_open_the_warehouse_or_say_that_it_is_held(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    paths.warehouse.parent.mkdir()
    with pytest.raises(UsageError, match="there is no warehouse yet"), production(paths):
        pass
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA dims; CREATE TABLE dims.a AS SELECT 1 AS i")
    with production(paths) as reader:
        assert reader.execute("SELECT i FROM dims.a").fetchall() == [(1,)]
    hold = "import duckdb, sys; kept = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    words = ["python", "-c", hold, str(paths.warehouse)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        held = pytest.raises(UsageError, match=r"\(process \d+\) holds the warehouse")
        with held, production(paths):
            pass
        holder.kill()
    with pytest.raises(UsageError, match="production has not been planned yet"), production(paths) as reader:
        reader.execute("SELECT * FROM facts.fact_lead_match")
