"""Stewards' decisions: the newest counts whatever the order of their files, and no slip in one stops anything else."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sqlmesh import Context

from conftest import ROOT, Run
from helpers import RUN, bronze_rows, call, land, query
from lead_enrichment.commands.match.standing import print_standing
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.matching.decisions import Decision, queue, standing, submit
from lead_enrichment.matching.verdicts import VERDICTS
from lead_enrichment.paths import DataPaths
from lead_enrichment.submission import one_line
from lead_enrichment.warehouse.connection import connect

HEADER = "lead_key_1,lead_key_2,decision,decided_by,decided_at,reason"
START = datetime(2026, 11, 1, tzinfo=UTC)
PAIRS = (("nevada:1", "salesforce:1"), ("salesforce:1", "texas:1"), ("salesforce:2", "texas:1"))


@dataclass(frozen=True)
class Delivered:
    """One delivered decision: which pair, the verdict, by whom, after how many minutes, in which file."""

    pair: int
    verdict: str
    person: str
    minute: int
    file: int
    is_turned: bool


decisions = st.lists(
    st.builds(
        Delivered,
        pair=st.integers(0, len(PAIRS) - 1),
        verdict=st.sampled_from(VERDICTS),
        person=st.sampled_from(("Ana", "ana", "Bo", "Cy")),
        minute=st.integers(0, 10_000),
        file=st.integers(0, 4),
        is_turned=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda item: (item.pair, item.minute),
)


@cache
def rendered() -> tuple[str, str]:
    """Return the SQL of the staging model and of the model of what counts."""
    context = Context(paths=str(ROOT))
    queries = []
    for name in ("staging.stg_match_decision", "intermediate.int_match_decision"):
        query = context.get_model(name, raise_if_missing=True).render_query(start="2026-11-01", end="2026-12-31")
        assert query is not None
        queries.append(query.sql(dialect="duckdb"))
    return queries[0], queries[1]


def what_counts(delivered: Sequence[Delivered], file_order: Sequence[int]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what the models make of decisions whose files are received in an order."""
    received = {file: START + timedelta(days=20 + place) for place, file in enumerate(file_order)}
    rows = []
    for number, item in enumerate(delivered, start=1):
        keys = PAIRS[item.pair][::-1] if item.is_turned else PAIRS[item.pair]
        decided_at = (START + timedelta(minutes=item.minute)).isoformat()
        at = received[item.file]
        rows.append((*keys, item.verdict, item.person, decided_at, "r", None, None, str(item.file), number, at))
    with connect() as connection:
        connection.execute("ATTACH ':memory:' AS leads")
        for schema in ("bronze", "staging", "intermediate"):
            connection.execute(f"CREATE SCHEMA leads.{schema}")
        connection.execute(
            "CREATE TABLE leads.bronze.decisions (lead_key_1 TEXT, lead_key_2 TEXT, decision TEXT, decided_by TEXT, "
            "decided_at TEXT, reason TEXT, content_hash_1 TEXT, content_hash_2 TEXT, file_id TEXT, row_number BIGINT, "
            "received_at TIMESTAMPTZ, received_on DATE, file_date DATE, rescued TEXT)"
        )
        for row in rows:
            connection.execute(
                f"INSERT INTO leads.bronze.decisions VALUES ({', '.join('?' * 12)}, NULL, NULL)",
                [*row, row[-1].date()],
            )
        for table in ("int_lead_version", "int_lead_current"):
            connection.execute(
                f"CREATE TABLE leads.intermediate.{table} (lead_key TEXT, content_hash TEXT, received_at TIMESTAMPTZ)"
            )
        staged, counting = rendered()
        connection.execute(f"CREATE TABLE leads.staging.stg_match_decision AS {staged}")
        found = connection.execute(
            f"SELECT left_lead_key, right_lead_key, decision, decided_by, is_contradicted FROM ({counting})"
        ).fetchall()
    return {(left, right): tuple(rest) for left, right, *rest in found}


def expected(delivered: Sequence[Delivered]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Say the same without SQL: one decision after the other, in the order in which they were made."""
    said: dict[tuple[int, int], set[str]] = {}
    for item in delivered:
        said.setdefault((item.file, item.pair), set()).add(item.verdict)
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    last_sure: dict[int, Delivered] = {}
    for item in sorted(delivered, key=lambda item: item.minute):
        if len(said[item.file, item.pair]) > 1:
            continue
        is_contradicted = False
        if item.verdict != "unsure":
            before = last_sure.get(item.pair)
            is_contradicted = bool(
                before and before.verdict != item.verdict and before.person.lower() != item.person.lower()
            )
            last_sure[item.pair] = item
        found[PAIRS[item.pair]] = (item.verdict, item.person, is_contradicted)
    return found


@settings(max_examples=60, deadline=None)
@given(delivered=decisions, seed=st.integers(0, 1_000))
def test_the_newest_decision_counts_whatever_the_order_of_files(delivered: list[Delivered], seed: int) -> None:
    files = list(range(5))
    random.Random(seed).shuffle(files)
    assert what_counts(delivered, files) == expected(delivered)


def decision(**changes: Any) -> Decision:
    plain: dict[str, Any] = {
        "lead_key_1": "texas:1", "content_hash_1": "h1", "lead_key_2": "salesforce:1", "content_hash_2": "h2",
        "verdict": "same", "reason": "one door", "decided_by": "Ana", "decided_at": START,
    }  # fmt: skip
    return Decision(**{**plain, **changes})


def test_dropped_decisions_are_taken_in_as_they_were_written(paths: DataPaths) -> None:
    reason = 'said "same", by phone; 50% sure'
    submit(paths, [decision(reason=reason), decision(lead_key_1="nevada:1", verdict="unsure")])
    assert [outcome.status for outcome in ingest(paths)] == ["loaded"]
    assert bronze_rows(paths, "decisions", "row_number, lead_key_1, decision, reason, decided_at, content_hash_2") == [
        (1, "texas:1", "same", reason, START.isoformat(), "h2"),
        (2, "nevada:1", "unsure", "one door", START.isoformat(), "h2"),
    ]
    assert not list((paths.landing / "decisions").iterdir())


def test_the_same_words_in_other_hands_are_no_drift(paths: DataPaths) -> None:
    # Names, then e-mail addresses: of a state's file that would be asked about.
    for day, person in (("20", "Ana"), ("21", "ana@example.com")):
        rows = "\n".join(f"texas:{n},salesforce:{n},same,{person},2026-11-{day},r" for n in range(30))
        land(paths.root, f"mine_2026-11-{day}.csv", f"{HEADER}\n{rows}\n", "decisions")
    assert [outcome.status for outcome in ingest(paths)] == ["loaded", "loaded"]


def test_a_file_without_a_person_column_is_refused_and_the_others_go_on(paths: DataPaths) -> None:
    without_person = "lead_key_1,lead_key_2,decision\ntexas:1,texas:2,same\n"
    land(paths.root, "bad_2026-11-20.csv", without_person, "decisions")
    rows = "texas:1,texas:2,same,Ana,,r\ntexas,texas:2,same,Ana,,r\n"
    land(paths.root, "good_2026-11-21.csv", f"{HEADER}\n{rows}", "decisions")
    bad, good = ingest(paths)
    assert bad.status == "quarantined" and "required columns are missing: decided_by" in str(bad.reason)
    # A key without a source cannot be one.
    assert (good.status, good.rows_loaded, good.rows_rejected) == ("loaded", 1, 1)
    assert len(Ledger(paths.bronze).attempts()) == 2


@pytest.mark.parametrize("text", ["", " \n "])
def test_a_decision_has_a_reason(text: str) -> None:
    with pytest.raises(UsageError, match="the reason is empty"):
        one_line(text, "reason")


# Made to be told apart by one rule each, the most valuable first.
QUEUE_ORDER = ["home", "big", "small", "bare"]


@pytest.fixture
def made_up(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse with nothing but what the queue reads; tests/marts has a test of its order."""
    connection = connect()
    connection.execute("CREATE SCHEMA facts; CREATE SCHEMA intermediate; CREATE SCHEMA marts; CREATE SCHEMA staging")
    connection.execute("CREATE TABLE staging.stg_match_decision (file_id TEXT)")
    connection.execute(
        "CREATE TABLE marts.pair_to_review (position BIGINT, left_lead_key TEXT, right_lead_key TEXT, "
        "right_content_hash TEXT)"
    )
    connection.execute(
        "CREATE TABLE intermediate.int_match_lead AS SELECT 'salesforce:1' AS lead_key, 0 AS lead_number"
    )
    connection.execute(
        "CREATE TABLE facts.fact_match_pair (left_lead_key TEXT, right_lead_key TEXT, verdict TEXT, "
        "left_lead_number INT, right_lead_number INT)"
    )
    for position, name in reversed([*enumerate(QUEUE_ORDER, start=1)]):
        pair = ["salesforce:1", f"texas:{name}"]
        connection.execute(
            "INSERT INTO marts.pair_to_review VALUES (?, ?, ?, ?)", [position, *pair, f"hash of texas:{name}"]
        )
        connection.execute("INSERT INTO intermediate.int_match_lead VALUES (?, ?)", [pair[1], position])
        connection.execute("INSERT INTO facts.fact_match_pair VALUES (?, ?, 'review', 0, ?)", [*pair, position])
    connection.execute("INSERT INTO facts.fact_match_pair VALUES ('salesforce:1', 'texas:settled', 'match', 0, 99)")
    return connection


def names(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> list[str]:
    return [row["right_lead_key"].partition(":")[2] for row in queue(connection, paths, 99)[1]]


def test_the_queue_lists_the_most_valuable_pair_first(made_up: duckdb.DuckDBPyConnection, paths: DataPaths) -> None:
    assert names(made_up, paths) == QUEUE_ORDER
    waiting, first = queue(made_up, paths, 2)
    assert waiting == len(QUEUE_ORDER) and len(first) == 2
    # With what the leads say, as they were judged.
    assert (first[0]["verdict"], first[0]["right_content_hash"]) == ("review", "hash of texas:home")


def test_a_pair_whose_decision_is_on_its_way_waits_no_more(
    made_up: duckdb.DuckDBPyConnection, paths: DataPaths
) -> None:
    submit(paths, [decision(lead_key_1="texas:big"), decision(lead_key_1="texas:home", verdict="unsure")])
    left = [name for name in QUEUE_ORDER if name not in ("big", "home")]
    assert names(made_up, paths) == left
    # Taken in, but no model has run.
    ingest(paths)
    assert names(made_up, paths) == left
    # From here on the models say what became of it.
    made_up.execute(
        f"INSERT INTO staging.stg_match_decision SELECT file_id FROM READ_PARQUET('{paths.bronze}/decisions/*/*')"
    )
    assert names(made_up, paths) == QUEUE_ORDER


def test_deciding_tells_what_it_overrules_and_what_stands_in_its_way(own_demo: Path, run: Run) -> None:
    (pair,) = query(
        own_demo,
        "SELECT left_lead_key, right_lead_key, reason FROM facts.fact_match_pair WHERE verdict = 'review' "
        "ORDER BY ALL LIMIT 1",
    )
    ((gone,),) = query(
        own_demo, "SELECT lead_key FROM intermediate.int_lead_current WHERE NOT is_live ORDER BY ALL LIMIT 1"
    )
    words = ("leads", "match", "decide")
    said = run(*words, pair[1], pair[0], "Sister-Site", "--reason", "two doors", data=own_demo).stdout
    assert "are sister site" in said and f"Until then: review ({pair[2]})" in said and "make refresh" in said
    said = run(*words, gone, pair[0], "same", "--reason", "moved", data=own_demo).stdout
    assert f"{gone} is deleted or no longer listed" in said
    assert "the reason is empty" in run(*words, *pair[:2], "same", "--reason", " ", data=own_demo, expect=2).stderr
    slip = f"{pair[0]}x"
    said = run(*words, slip, pair[1], "same", "--reason", "r", data=own_demo, expect=2).stderr
    assert f"no lead {slip} ever came" in said and f"Did you mean {pair[0]}" in said
    assert len(list((own_demo / "landing" / "decisions").glob("*.csv"))) == 2

    # They come in with the next run, and a word against it is told.
    run("leads", "ingest", data=own_demo)
    run(*RUN, data=own_demo)
    said = run(*words, *pair[:2], "same", "--reason", "one", "--by", "Bo", data=own_demo).stdout
    assert "who decided sister site on" in said
    found = query(own_demo, "SELECT outcome, remark FROM ops.match_decision ORDER BY outcome")
    assert found == [("applied", None), ("lead gone", None)]


@pytest.mark.parametrize("answer", ["s\nknown\n", "s\nknown\nk\nd\n"], ids=["at a question", "at a reason"])
def test_a_session_that_breaks_off_keeps_what_was_decided(own_demo: Path, run: Run, answer: str) -> None:
    # The input ends before the pairs do.
    said = run("leads", "match", "review", "--work", "--limit", "5", "--by", "Ana", data=own_demo, answer=answer).stdout
    (path,) = (own_demo / "landing" / "decisions").glob("*.csv")
    (row,) = csv.DictReader(path.open(encoding="utf-8"))
    assert (row["decision"], row["reason"], row["decided_by"]) == ("same", "known", "Ana")
    assert "1 decision waits" in said
    # What was decided is not asked again.
    again = json.loads(run("leads", "match", "review", "--json", data=own_demo).stdout)["pairs"]
    assert (row["lead_key_1"], row["lead_key_2"]) not in [(p["left_lead_key"], p["right_lead_key"]) for p in again]


def test_evidence_is_the_reason_where_the_steward_adds_none(own_demo: Path, run: Run) -> None:
    (pair,) = json.loads(run("leads", "match", "review", "--json", "--limit", "1", data=own_demo).stdout)["pairs"]
    run("leads", "match", "review", "--work", "--limit", "1", data=own_demo, answer="d\n\n")
    (path,) = (own_demo / "landing" / "decisions").glob("*.csv")
    (row,) = csv.DictReader(path.open(encoding="utf-8"))
    assert (row["decision"], row["reason"]) == ("different", pair["reason_against"])


def test_a_session_in_which_nothing_was_decided_writes_nothing(own_demo: Path, run: Run) -> None:
    said = run("leads", "match", "review", "--work", data=own_demo, answer="k\nq\n").stdout
    assert "Nothing was decided." in said
    assert not (own_demo / "landing" / "decisions").exists()


SLIPS = (
    "lead_key_1,lead_key_2,decision,decided_by\n"
    "texas:1,salesforce:1,same,Ana\n"
    "texas:2,salesforce:1,perhaps,Ana\n"
    "texas:3,texas:3,same,Ana\n"
)


def test_an_ingest_says_which_decisions_are_refused_and_why(paths: DataPaths) -> None:
    land(paths.root, "mine_2026-11-20.csv", SLIPS, "decisions")
    said = call("ingest")
    assert "mine_2026-11-20.csv: 2 of 3 decisions refused:" in said
    assert "row 2: the decision perhaps is none of same, different, sister_site, unsure." in said
    assert "row 3: the two leads are one: give two keys." in said
    land(paths.root, "mine_2026-11-20.csv", SLIPS.replace("Ana", "Bo"), "decisions")
    (outcome,) = json.loads(call("ingest", "--json"))
    assert [item["row"] for item in outcome["decisions_refused"]] == [2, 3]


def test_status_and_summary_say_which_decisions_count_for_nothing_and_what_waits(
    made_up: duckdb.DuckDBPyConnection, paths: DataPaths
) -> None:
    made_up.execute("CREATE SCHEMA ops")
    made_up.execute(
        "CREATE TABLE ops.match_decision (file_name TEXT, row_number BIGINT, left_lead_key TEXT, right_lead_key TEXT, "
        "outcome TEXT, remark TEXT, decided_at TIMESTAMPTZ)"
    )
    for number, (key, outcome, remark) in enumerate(
        [
            ("texas:1", "refused", "the decision perhaps is none of same"),
            ("texas:2", "refused", "nobody is named as decided_by"),
            ("texas:2", "applied", None),
            ("texas:3", "unknown lead", "texas:3 never came: look for a slip in the key"),
        ],
        start=1,
    ):
        row = ["mine.csv", number, "salesforce:1", key, outcome, remark, START + timedelta(minutes=number)]
        made_up.execute("INSERT INTO ops.match_decision VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    found = standing(made_up, paths)
    # What was decided anew is settled.
    assert [row["row_number"] for row in found.without_effect] == [4, 1]
    assert (found.waiting, found.outcomes) == (
        len(QUEUE_ORDER), {"applied": 1, "refused": 2, "unknown lead": 1},
    )  # fmt: skip
    console = Console(record=True, width=200)
    print_standing(console, found)
    said = console.export_text()
    assert "Decisions: 1 applied, 2 refused, 1 unknown lead." in said
    assert "refused: mine.csv, row 1: the decision perhaps is none of same." in said
    assert f"{len(QUEUE_ORDER)} pairs wait for a person: leads match review" in said


def test_the_demos_pairs_that_wait_are_told_by_status_and_summary(planned_demo: Path, run: Run) -> None:
    waiting = json.loads(run("leads", "match", "review", "--json", data=planned_demo).stdout)["waiting"]
    for command in ("status", "summary"):
        assert f"{waiting:,} pairs wait for a person" in run("leads", command, data=planned_demo).stdout
        assert json.loads(run("leads", command, "--json", data=planned_demo).stdout)["pairs_waiting"] == waiting
