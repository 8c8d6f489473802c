"""The change feed from Salesforce: what it fetches, from when on, and what becomes of it when it breaks off."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fake_salesforce.org import PERSON, Fault
from fake_salesforce.server import CLIENT_ID, CLIENT_SECRET, Running
from helpers import call
from lead_enrichment.contracts import contracts
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import LOADED
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce import pull as pulling
from lead_enrichment.salesforce.client import Client
from lead_enrichment.salesforce.pull import Pulled, column_of, delivered, pull
from lead_enrichment.salesforce.settings import Settings, read_settings
from salesforce_org import Clock, environment, quick_client, serve


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(clock: Clock) -> Iterator[Running]:
    with serve(250, clock=clock) as running:
        yield running


def fetch(running: Running, paths: DataPaths, **given: Any) -> Pulled:
    return pull(quick_client(running.address), paths, given.get("since"), given.get("is_full", False), lambda *_: None)


def rows_of(file: Path | None) -> list[dict[str, str]]:
    assert file is not None
    with file.open(encoding="utf-8", newline="") as stream:
        return [*csv.DictReader(stream)]


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("Id", "id"), ("LastName", "last_name"), ("Outreach_Stage__c", "outreach_stage_c"),
        ("OutreachStage__c", "outreach_stage_c"), ("Brightwheel_School_UUID__c", "brightwheel_school_uuid_c"),
        ("BrightwheelSchoolUUID__c", "brightwheel_school_uuid_c"), ("IsDeleted", "is_deleted"),
    ],
)  # fmt: skip
def test_field_is_known_by_the_column_of_extracts(field: str, column: str) -> None:
    assert column_of(field) == column


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("2026-03-02T02:56:37.000Z", "datetime", "2026-03-02 02:56:37"), ("true", "boolean", "TRUE"),
        ("40.0", "double", "40"), ("40.5", "double", "40.5"), ("", "datetime", ""),
        # Text stays as it is, whatever it looks like.
        ("Version 2.0", "string", "Version 2.0"), ("true", "string", "true"),
    ],
)  # fmt: skip
def test_value_reads_as_in_an_extract(cell: str, kind: str, expected: str) -> None:
    assert delivered(cell, kind) == expected


def test_first_pull_is_full_and_a_delivery_like_any_other(running: Running, paths: DataPaths) -> None:
    org = running.fake.org
    org.write({"Street": '5 "Elm" St\nSuite 2', "Capacity__c": 40.0}, PERSON, "00Q000000000007")
    pulled = fetch(running, paths)
    assert (pulled.rows, pulled.since) == (250, None)
    assert [*rows_of(pulled.file)[0]] == [column.header for column in contracts()["salesforce"].columns]
    (row,) = [row for row in rows_of(pulled.file) if row["id"].startswith("00Q000000000007")]
    assert (row["street"], row["capacity_c"], row["is_deleted"]) == ('5 "Elm" St\nSuite 2', "40", "FALSE")
    assert row["last_modified_date"] == "2026-11-02 06:00:00"
    (outcome,) = ingest(paths)
    assert (outcome.status, outcome.rows_loaded) == (LOADED, 250)


def test_later_pull_fetches_changes_and_deletions_alone(running: Running, paths: DataPaths, clock: Clock) -> None:
    fetch(running, paths)
    clock.now += timedelta(days=1)
    org = running.fake.org
    org.write({"Phone": "7025550142"}, PERSON, "00Q000000000003")
    org.delete("00Q000000000004", PERSON)
    org.merge("00Q000000000005", "00Q000000000006", PERSON)
    new = org.write({"LastName": "New", "Company": "New"}, PERSON)
    pulled = fetch(running, paths)
    told = {row["id"][:15]: row["is_deleted"] for row in rows_of(pulled.file)}
    assert told == {
        "00Q000000000003": "FALSE", "00Q000000000004": "TRUE", "00Q000000000005": "FALSE", "00Q000000000006": "TRUE",
        (new.row_id or "")[:15]: "FALSE",
    }  # fmt: skip


def test_change_that_shows_late_is_not_lost_at_the_boundary(running: Running, paths: DataPaths, clock: Clock) -> None:
    # It was made before the pull, and its transaction ended after it.
    clock.now -= timedelta(minutes=9)
    late = {**running.fake.org.leads["00Q000000000003EAA"]}
    late |= {
        "Phone": "7025550142",
        "SystemModstamp": running.fake.org.now(),
        "LastModifiedDate": running.fake.org.now(),
    }
    clock.now += timedelta(minutes=9)
    fetch(running, paths)
    running.fake.org.leads["00Q000000000003EAA"] = late
    clock.now += timedelta(days=1)
    assert [row["phone"] for row in rows_of(fetch(running, paths).file)] == ["7025550142"]


def test_nothing_new_lands_no_file(running: Running, paths: DataPaths, clock: Clock) -> None:
    fetch(running, paths)
    clock.now += timedelta(days=1)
    pulled = fetch(running, paths)
    assert (pulled.rows, pulled.file) == (0, None)
    assert pulled.until == "2026-11-03T06:00:00Z"


def test_since_and_full_fetch_again(running: Running, paths: DataPaths, clock: Clock) -> None:
    fetch(running, paths)
    clock.now += timedelta(days=1)
    assert fetch(running, paths, is_full=True).rows == 250
    assert fetch(running, paths, since=clock.now.date() - timedelta(days=90)).rows == 250


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@pytest.mark.parametrize("step", range(7))
def test_pull_that_is_killed_goes_on_where_it_was(
    running: Running, paths: DataPaths, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Killed after each writing of the state or of a page; the job is asked for once, the file is whole at once."""
    running.fake.page_rows = 100
    before, left = pulling._write, step

    def die(work: Path, state: Any) -> None:
        nonlocal left
        before(work, state)
        if left == 0:
            raise Killed
        left -= 1

    with monkeypatch.context() as patch:
        patch.setattr(pulling, "_write", die)
        try:
            fetch(running, paths)
        except Killed:
            pass
        else:
            assert step > 4, "it wrote its state less often than the test believes"
    pulled = fetch(running, paths)
    landed = [*(paths.landing / "salesforce").glob("*.csv")]
    assert len({row["id"] for file in landed for row in rows_of(file)}) == 250
    if step < 4:
        assert len(landed) == 1 and pulled.rows == 250
        asked = [place for place in running.fake.org.requests if place.startswith("POST") and "jobs/query" in place]
        assert len(asked) == 1
        # No page is fetched twice.
        assert sum(place.endswith("/results") for place in running.fake.org.requests) == 3


def test_job_that_is_gone_is_asked_for_again(
    running: Running, paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pulling.jobs, "wait", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            fetch(running, paths)
    running.fake.jobs.clear()
    assert fetch(running, paths).rows == 250


@pytest.mark.parametrize("kind", ["unavailable", "cut", "cut_after", "expired"])
def test_pull_outlasts_what_passes(running: Running, paths: DataPaths, kind: str) -> None:
    running.fake.page_rows = 100
    running.fake.org.faults.append(Fault(kind, share=0.4, times=12))
    assert fetch(running, paths).rows == 250
    assert len(rows_of(next((paths.landing / "salesforce").glob("*.csv")))) == 250


def test_column_that_salesforce_does_not_show_stops_the_pull(running: Running, paths: DataPaths) -> None:
    del running.fake.org.objects["Lead"]["Capacity__c"]
    with pytest.raises(UsageError, match="Salesforce shows no field for capacity_c"):
        fetch(running, paths)
    assert not [*paths.landing.glob("*/*")]


def test_jwt_signs_in_without_a_secret(paths: DataPaths, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with serve(3) as running:
        settings = Settings(running.address, CLIENT_ID, username="integration@example.com", private_key=file)
        with pytest.raises(UsageError, match="does not let us in"):
            Client(settings, 0.01).fields()
        running.fake.public_key = public.decode()
        assert "Email" in Client(settings, 0.01).fields()


@pytest.mark.parametrize(
    "address", ["http://example.com", "https://", "ftp://example.com", "https://me@example.com", "https://a.b/path"]
)
def test_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address of an org"):
        read_settings({**environment(address)})


def test_command_says_what_it_fetched_and_never_a_secret(
    running: Running, paths: DataPaths, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UsageError, match="SALESFORCE_INSTANCE_URL and SALESFORCE_CLIENT_ID are not set"):
        read_settings({"HOME": "/"})
    for name, value in environment(running.address).items():
        monkeypatch.setenv(name, value)
    caplog.set_level("DEBUG")
    told = call("pull", "salesforce")
    assert "All leads up to 2026-11-02 06:00 UTC: 250 leads." in told
    assert "requests of the day are used" in told
    again = json.loads(call("pull", "salesforce", "--json"))
    assert again["since"] == "2026-11-02T05:45:00Z"
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "not the secret")
    refused = call("pull", "salesforce", expect=2)
    assert "does not let us in: invalid client credentials" in refused
    for secret in (CLIENT_SECRET, "not the secret", *running.fake.tokens):
        assert secret not in told + refused + caplog.text
    assert CLIENT_SECRET not in repr(read_settings({**environment(running.address)}))
