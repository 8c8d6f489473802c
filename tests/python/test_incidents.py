"""Incidents: what stands of them is shown, and what people do about them takes the way of every delivery."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, Run
from helpers import RUN, bronze_rows, call, csv_rows, query
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.lineage import HEADER, SEED, columns_in_use, model_lineage, stem
from lead_enrichment.warehouse.connection import connect

NOW = datetime.now(UTC)
OPENED = datetime(2026, 11, 2, 8, tzinfo=UTC)
COLUMNS = {
    "incident_key": "TEXT", "state": "TEXT", "severity": "TEXT", "kind": "TEXT", "name": "TEXT", "object_name": "TEXT",
    "source_key": "TEXT", "owner": "TEXT", "cause": "TEXT", "remedy": "TEXT", "file_id": "TEXT",
    "affected_leads": "BIGINT", "affected_models": "TEXT", "first_seen_at": "TIMESTAMPTZ",
    "last_seen_at": "TIMESTAMPTZ", "opened_at": "TIMESTAMPTZ", "resolved_at": "TIMESTAMPTZ", "handled_by": "TEXT",
    "snoozed_until": "TIMESTAMPTZ", "muted_by": "TEXT", "mutes": "BIGINT", "muted_keys": "TEXT",
}  # fmt: skip


def key_of(name: str) -> str:
    """A key as quality.incident has it."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def incident(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "incident_key": key_of(name), "state": "open", "severity": "error", "kind": "rule", "name": name,
        "object_name": "staging.s", "source_key": "texas", "owner": "data_steward", "cause": f"{name} is wrong",
        "remedy": "mend it", "file_id": "f", "affected_leads": 3, "affected_models": "facts.f marts.m",
        "first_seen_at": OPENED, "last_seen_at": OPENED, "opened_at": OPENED, "resolved_at": None, "handled_by": None,
        "snoozed_until": None, "muted_by": None, "mutes": 0, "muted_keys": "", **changes,
    }  # fmt: skip


def publish_incidents(paths: DataPaths, *found: dict[str, Any]) -> None:
    """Put a published copy with nothing but incidents in place."""
    paths.published.parent.mkdir(exist_ok=True)
    paths.published.unlink(missing_ok=True)
    with connect(str(paths.published)) as connection:
        connection.execute("CREATE SCHEMA quality; CREATE SCHEMA staging; CREATE SCHEMA ops; CREATE SCHEMA bronze")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE quality.incident ({columns})")
        connection.execute(
            "CREATE TABLE staging.stg_incident_event (incident_key TEXT, action TEXT, acted_by TEXT, "
            "acted_at TIMESTAMPTZ, snoozed_until TIMESTAMPTZ, reason TEXT, problem TEXT, file_id TEXT, "
            "row_number BIGINT, received_at TIMESTAMPTZ)"
        )
        connection.execute(
            "CREATE TABLE ops.incident_event (incident_key TEXT, action TEXT, acted_by TEXT, acted_at TIMESTAMPTZ, "
            "snoozed_until TIMESTAMPTZ, reason TEXT, outcome TEXT, remark TEXT, file_id TEXT, row_number BIGINT, "
            "received_at TIMESTAMPTZ)"
        )
        connection.execute("CREATE TABLE bronze.file_ledger (file_id TEXT, file_name TEXT, status TEXT)")
        for row in found:
            marks = ", ".join("?" * len(COLUMNS))
            connection.execute(f"INSERT INTO quality.incident VALUES ({marks})", [row[name] for name in COLUMNS])


def landed(paths: DataPaths) -> list[dict[str, str]]:
    return [row for path in sorted((paths.landing / "incidents").glob("*.csv")) for row in csv_rows(path)]


def test_the_most_severe_incident_comes_first_and_muted_ones_are_counted(paths: DataPaths) -> None:
    publish_incidents(
        paths,
        incident("late", severity="warning"),
        incident("phones", severity="critical"),
        incident("below", muted_by=key_of("phones")),
        incident("old", state="resolved", opened_at=None, resolved_at=OPENED),
    )
    said = call("incidents", expect=1)
    assert said.index(key_of("phones")) < said.index(key_of("late"))
    assert key_of("below") not in said and key_of("old") not in said
    assert "2 incidents. 1 more is muted" in said
    found = json.loads(call("incidents", "--all", "--json", expect=1))["incidents"]
    assert [row["name"] for row in found] == ["phones", "below", "old", "late"]


def test_the_exit_code_says_whether_somebody_has_to_act(paths: DataPaths) -> None:
    publish_incidents(
        paths,
        incident("seen", state="acknowledged"),
        incident("later", state="snoozed", snoozed_until=NOW + timedelta(days=1)),
        incident("below", muted_by=key_of("seen")),
    )
    assert "2 incidents" in call("incidents")
    # The snooze is over
    publish_incidents(paths, incident("later", state="snoozed", snoozed_until=NOW - timedelta(hours=1)))
    assert [row["state"] for row in json.loads(call("incidents", "--json", expect=1))["incidents"]] == ["open"]


def test_an_incident_is_shown_whole_with_what_it_mutes(paths: DataPaths) -> None:
    publish_incidents(paths, incident("phones", mutes=1), incident("below", muted_by=key_of("phones")))
    said = call("incidents", "show", key_of("phones")[:6])
    for part in (
        "phones is wrong",
        "Remedy, for data_steward: mend it",
        "facts.f, marts.m",
        f"Mutes {key_of('below')}",
    ):
        assert part in said
    assert "Did you mean" in call("incidents", "show", f"{key_of('phones')}0", expect=2)


def test_an_incident_lists_what_was_done_and_what_came_of_it(paths: DataPaths) -> None:
    publish_incidents(paths, incident("phones"))
    with connect(str(paths.published)) as connection:
        for number, (action, outcome, remark) in enumerate(
            (("ack", "ended", "the incident came back since"), ("ack", "superseded", None), ("snooze", "applied", None))
        ):
            row = [key_of("phones"), action, "Ada", OPENED, None, f"why {number}", outcome, remark, "f", number, OPENED]
            connection.execute("INSERT INTO ops.incident_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    said = call("incidents", "show", key_of("phones"))
    lines = [line.partition(" by ")[2].strip() for line in said.splitlines() if " by Ada" in line]
    assert lines[1:] == ["Ada: why 1 (superseded)", "Ada: why 2"]
    assert "why 0 (ended: the incident came back since)" in " ".join(said.split())


def test_an_action_is_written_for_the_next_run_by_whoever_does_it(paths: DataPaths) -> None:
    publish_incidents(paths, incident("phones"))
    key = key_of("phones")
    said = call("incidents", "ack", key, "--reason", "called, they mend it", "--by", "Ana")
    assert f"{key} will be acknowledged" in said and "with the next run" in said
    call("incidents", "snooze", key, "--reason", "holiday", "--until", "3d", "--by", "Bo", "--json")
    first, second = landed(paths)
    assert (first["incident_key"], first["action"], first["acted_by"]) == (key, "ack", "Ana")
    assert first["reason"] == "called, they mend it"
    until = datetime.fromisoformat(second["snoozed_until"]) - datetime.fromisoformat(second["acted_at"])
    assert until == timedelta(days=3)
    assert "(snooze waits)" in call("incidents", expect=1)
    # Taken in as every delivery is, and still waiting for the models.
    assert [outcome.status for outcome in ingest(paths)] == ["loaded", "loaded"]
    assert bronze_rows(paths, "incidents", "action, acted_by") == [("ack", "Ana"), ("snooze", "Bo")]
    assert "waits)" in call("incidents", expect=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ack", "--reason", " "), "the reason is empty"),
        (("ack", "--reason", "r", "--by", ""), "the name of who does it is empty"),
        (("reopen", "--reason", "r"), "the incident is open"),
        (("snooze", "--reason", "r", "--until", "2020-01-01"), "2020-01-01 00:00 is over"),
        (("snooze", "--reason", "r", "--until", "soon"), "'soon' is no time"),
    ],
)
def test_what_has_no_effect_is_refused_before_it_lands(paths: DataPaths, words: tuple[str, ...], said: str) -> None:
    publish_incidents(paths, incident("phones"))
    assert said in call("incidents", words[0], key_of("phones"), *words[1:], expect=2)
    assert not landed(paths)


def test_lines_fit_a_terminal_of_80_columns(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_incidents(paths, incident("phones", cause="a long cause " * 20))
    monkeypatch.setattr("helpers.WIDTH", "80")
    assert max(map(len, call("incidents", expect=1).splitlines())) <= 80


def test_phone_raw_and_phone_e164_are_one_column_that_flags_read() -> None:
    used = columns_in_use(ROOT / "models")
    assert {"phone", "email", "name", "postal_code"} <= set(used)
    # Nobody is called or left out for it
    assert "ages" not in used and stem("phone_e164") == stem("phone_raw") == "phone"


def test_the_seed_of_the_lineage_is_that_of_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with SEED.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert tuple(header) == HEADER
    assert [tuple(row) for row in rows] == model_lineage(), "Run: python -m lead_enrichment.quality.lineage"


def test_an_incident_goes_from_a_delivery_to_a_person_and_back(own_demo: Path, run: Run) -> None:
    before = {row[0]: row[1:] for row in query(own_demo, "SELECT incident_key, state, cause FROM quality.incident")}
    (first, second), audited = (
        [
            row[0]
            for row in query(own_demo, f"SELECT incident_key FROM quality.incident WHERE {which} ORDER BY ALL LIMIT 2")
        ]
        for which in ("state = 'open' AND kind = 'rule'", "kind = 'audit'")
    )
    words = ("leads", "incidents")
    run(*words, "ack", first, "--reason", "seen", "--by", "Ana", data=own_demo)
    run(*words, "resolve", second, "--reason", "mended", "--by", "Bo", data=own_demo)
    run(*RUN, data=own_demo)
    after = {row[0]: row[1] for row in query(own_demo, "SELECT incident_key, state FROM quality.incident")}
    assert (after[first], after[second]) == ("acknowledged", "resolved")
    others = set(before) - {first, second, *audited}
    assert {key: after[key] for key in others} == {key: before[key][0] for key in others}
    run(*words, "reopen", second, "--reason", "too early", "--by", "Ana", data=own_demo)
    run(*RUN, data=own_demo)
    shown = json.loads(run(*words, "show", second, "--json", data=own_demo).stdout)
    assert shown["state"] == "open"
    assert [(event["action"], event["acted_by"]) for event in shown["events"]] == [("resolve", "Bo"), ("reopen", "Ana")]
