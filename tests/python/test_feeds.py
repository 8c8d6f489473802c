"""Feeds: whole folders, a manifest that holds, no formula; and the example that loads one."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from conftest import LEADS, ROOT, command_environment
from helpers import call
from lead_enrichment.errors import UsageError
from lead_enrichment.feeds.feed_settings import Feed, read_feeds
from lead_enrichment.feeds.write import LATEST, MANIFEST, UNFINISHED, write_feed, written
from lead_enrichment.paths import DataPaths
from lead_enrichment.spreadsheet import GuardedWriter
from test_app_skeleton import publish

HOSTILE = (
    "=1+1", "+1 (512) 474-4571", "-3.5", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "a\r\nb", 'say "no"',
    "comma, here", "", "'quoted", "plain", "+", "- 5", "Zażółć 日本",
)  # fmt: skip
FEED = Feed("leads", "facts.lead", ("lead_key",), formats=("csv", "parquet"))


def publish_leads(paths: DataPaths, count: int = 5, *more: str) -> None:
    publish(
        paths,
        "CREATE SCHEMA facts",
        "CREATE TABLE facts.lead AS SELECT CONCAT('k', LPAD(i::TEXT, 6, '0')) AS lead_key, "
        "CASE WHEN i % 2 = 0 THEN 'net_new' ELSE 'known' END AS match_status, i::DOUBLE / 4 AS confidence, "
        "NULLIF(i, 3)::INT AS capacity, '2026-11-01'::DATE + i::INT AS received_on "
        f"FROM RANGE({count}) AS t(i)",
        "COMMENT ON COLUMN facts.lead.lead_key IS 'Durable key of the lead'",
        *more,
    )


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def test_the_manifest_tells_rows_columns_and_bytes_of_each_file(paths: DataPaths) -> None:
    publish_leads(paths)
    done = write_feed(paths, FEED)
    told = manifest_of(done.folder)
    assert told["rows"] == done.rows == 5
    assert told["model"] == "facts.lead" and told["feed"] == "leads"
    assert told["columns"][0] == {"name": "lead_key", "type": "VARCHAR", "description": "Durable key of the lead"}
    assert {item["name"] for item in told["files"]} == {"leads.csv", "leads.parquet"}
    for item in told["files"]:
        content = (done.folder / item["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (item["bytes"], item["sha256"])
    from_parquet = duckdb.sql(f"SELECT * FROM READ_PARQUET('{done.folder}/leads.parquet')").fetchall()
    from_csv = duckdb.sql(f"SELECT * FROM READ_CSV('{done.folder}/leads.csv')").fetchall()
    assert from_parquet == from_csv and [row[0] for row in from_csv] == [f"k00000{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"match_status": "net_new"}, {0, 2, 4}),
        ({"capacity": [1, 2]}, {1, 2}),
        ({"capacity": {"is_empty": True}}, {3}),
        ({"capacity": {"is_empty": False, "at_least": 2}}, {2, 4}),
        ({"received_on": {"at_least": "2026-11-02", "below": "2026-11-04"}}, {1, 2}),
        ({"confidence": {"below": 0.5}, "match_status": "known"}, {1}),
        ({"match_status": "x' OR TRUE --"}, set()),
    ],
)
def test_a_filter_chooses_rows(paths: DataPaths, condition: dict[str, Any], found: set[int]) -> None:
    publish_leads(paths)
    feed = Feed("leads", "facts.lead", ("lead_key",), ("lead_key",), condition, ("csv",))
    lines = (write_feed(paths, feed).folder / "leads.csv").read_text().splitlines()
    assert lines == ["lead_key", *(f"k00000{number}" for number in sorted(found))]


def test_no_value_is_run_as_a_formula_and_each_is_guarded_as_everywhere(paths: DataPaths) -> None:
    publish(paths, "CREATE SCHEMA facts", "CREATE TABLE facts.lead (n INT, word TEXT)")
    with duckdb.connect(str(paths.published)) as connection:
        connection.executemany("INSERT INTO facts.lead VALUES (?, ?)", [*enumerate(HOSTILE)])
    feed = Feed("words", "facts.lead", ("n",), ("word",), formats=("csv",))
    with (write_feed(paths, feed).folder / "words.csv").open(encoding="utf-8", newline="") as stream:
        written_values = [row[0] for row in csv.reader(stream)][1:]
    expected = io.StringIO(newline="")
    GuardedWriter(expected).writerows([word] for word in HOSTILE)
    expected.seek(0)
    assert written_values == [row[0] if row else "" for row in csv.reader(expected)]


def test_the_newest_stay_and_latest_names_the_last(paths: DataPaths) -> None:
    publish_leads(paths)
    feed = Feed("leads", "facts.lead", ("lead_key",), keep=2)
    folders = [write_feed(paths, feed).folder.name for _ in range(4)]
    place = feed.place(paths)
    assert written(place) == folders[-2:]
    assert (place / LATEST).resolve().name == folders[-1]
    assert {item.name for item in place.iterdir()} == {*folders[-2:], LATEST}


def test_a_table_or_column_that_is_not_there_is_told_and_nothing_is_written(paths: DataPaths) -> None:
    publish_leads(paths)
    with pytest.raises(UsageError, match=r"feeds\.leads: production has no facts\.leed"):
        write_feed(paths, Feed("leads", "facts.leed", ("lead_key",)))
    with pytest.raises(UsageError, match=r"no column match_statu.*Did you mean match_status"):
        write_feed(paths, Feed("leads", "facts.lead", ("lead_key",), filter={"match_statu": 1}))
    with pytest.raises(UsageError, match="Correct the value"):
        write_feed(paths, Feed("leads", "facts.lead", ("lead_key",), filter={"capacity": "many"}))
    assert not [item for item in FEED.place(paths).glob("*")]


def test_a_reader_never_finds_half_a_feed_however_often_the_writer_is_killed(paths: DataPaths, tmp_path: Path) -> None:
    publish_leads(paths, 60_000)
    (tmp_path / "feeds.yaml").write_text(
        yaml.safe_dump({"feeds": {"leads": {"model": "facts.lead", "order_by": ["lead_key"], "keep": 2}}})
    )
    code = (
        "from pathlib import Path; from lead_enrichment.paths import data_paths\n"
        "from lead_enrichment.feeds.feed_settings import read_feeds\n"
        "from lead_enrichment.feeds.write import write_feed\n"
        f"feed = read_feeds(Path({str(tmp_path / 'feeds.yaml')!r}))['leads']\n"
        "print('ready', flush=True)\n"
        "while True: write_feed(data_paths(), feed)\n"
    )
    place = FEED.place(paths)
    for number in range(4):
        environment = command_environment(paths.root)
        with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as writer:
            assert writer.stdout and writer.stdout.readline()
            deadline = time.monotonic() + 0.15 + 0.23 * number
            while time.monotonic() < deadline:
                for name in written(place)[-1:]:
                    told = manifest_of(place / name)
                    for item in told["files"]:
                        content = (place / name / item["name"]).read_bytes()
                        assert hashlib.sha256(content).hexdigest() == item["sha256"]
            os.kill(writer.pid, signal.SIGKILL)
    done = write_feed(paths, read_feeds(tmp_path / "feeds.yaml")["leads"])
    assert done.rows == 60_000 and not [item for item in place.iterdir() if item.name.startswith(UNFINISHED)]


def load(folder: Path, database: Path, expect: int = 0) -> str:
    script = ROOT / "docs" / "examples" / "feed_loader.py"
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(folder), str(database)], capture_output=True, text=True
    )
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


def test_the_example_loads_a_feed_once_and_refuses_what_is_not_as_told(paths: DataPaths, tmp_path: Path) -> None:
    publish_leads(paths, 5, "UPDATE facts.lead SET match_status = '=1+1' WHERE lead_key = 'k000001'")
    database, done = tmp_path / "crm.sqlite", write_feed(paths, FEED)
    assert load(done.folder.parent, database) == "5 rows loaded.\n"
    assert load(done.folder.parent, database) == "Loaded before.\n"
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT match_status, capacity FROM leads ORDER BY lead_key").fetchall()
    assert found[1] == ("=1+1", "1") and found[3][1] is None
    content = (done.folder / "leads.csv").read_text()
    (done.folder / "leads.csv").write_text(content.replace("k000002", "k000009"))
    assert "not what the manifest says" in load(done.folder.parent, database, expect=1)


@pytest.mark.parametrize(
    ("feeds", "said"),
    [
        ({"a": {"model": "facts.x"}}, "feeds.a: 'order_by' is a required property"),
        ({"a": {"model": "facts.x; DROP", "order_by": ["k"]}}, "feeds.a.model: "),
        ({"a": {"model": "f.x", "order_by": ["k"], "keep": 1}}, "feeds.a.keep: 1 is less than the minimum of 2"),
        (
            {"a": {"model": "f.x", "order_by": ["k"]}, "b": {"model": "f.x", "order_by": ["k"], "folder": "feeds/a"}},
            "feeds.b.folder: a is written there",
        ),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_refused_with_its_place(
    tmp_path: Path, feeds: dict[str, Any], said: str
) -> None:
    (tmp_path / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}))
    with pytest.raises(UsageError) as error:
        read_feeds(tmp_path / "feeds.yaml")
    assert str(error.value).startswith(f"feeds.yaml: {said}")


def test_the_feeds_of_the_project_are_written_from_the_demo(planned_demo: Path, tmp_path: Path) -> None:
    # The copy alone: what the project ships has to name tables and columns that are there.
    data = DataPaths(tmp_path / "data")
    data.published.parent.mkdir(parents=True)
    data.published.symlink_to(DataPaths(planned_demo).published)
    done = subprocess.run(
        [*LEADS, "feed", "write", "--json"],
        cwd=ROOT,
        env=command_environment(data.root),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    written_feeds = {item["feed"]: item for item in json.loads(done.stdout)}
    assert set(written_feeds) == {*read_feeds(ROOT / "feeds.yaml")}
    assert all(item["rows"] > 0 for item in written_feeds.values())


def test_the_command_names_what_it_wrote_and_what_it_does_not_know(paths: DataPaths) -> None:
    assert "Did you mean net_new_facilities?" in call("feed", "write", "net_new_facility", expect=2)
    assert "written last: never" in call("feed", "list")
