"""The page of the outbox: what stands where, and what a steward says of it becomes a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from helpers import csv_rows
from lead_enrichment.app.application import create_app
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.outbox.ledger import SOURCE
from lead_enrichment.paths import DataPaths
from outbox_world import BEGIN, World, new_lead, publish

DAY = timedelta(days=1)
HOME = "http://127.0.0.1:8100"


@pytest.fixture
def client(paths: DataPaths) -> Iterator[TestClient]:
    """The app on a blank phone to fill, one of people, one that Salesforce refused, and a new lead that it has."""
    world = World(policies={"Phone": ("correct_if_older", 0)})
    for number in (1, 2, 3):
        world.facility(number, Phone="+12145551234", as_of=BEGIN + 900 * DAY)
    world.extract(BEGIN + DAY, {"salesforce:S1": {}, "salesforce:S2": {"Phone": "111"}, "salesforce:S3": {}})
    world.extract(BEGIN + 2 * DAY, {"salesforce:S2": {"Phone": "222"}})
    refused = world.run()["salesforce:S3", "Phone"]
    world.say(refused, "claimed", BEGIN + 3 * DAY, batch_id="750B1")
    world.say(refused, "rejected", BEGIN + 3 * DAY, batch_id="750B1", message="BAD_VALUE: <b>no</b>")
    new_lead(world, 4)
    create = world.run()["nevada:4", "*"]
    world.say(create, "claimed", BEGIN + 3 * DAY, batch_id="750B1")
    words = "DUPLICATES_DETECTED: Use one of these records?"
    world.say(create, "rejected", BEGIN + 3 * DAY, batch_id="750B1", message=words, salesforce_id="S1")
    publish(paths, world)
    app = create_app(AppSettings(paths, local_user="anna"))
    with TestClient(app, base_url=HOME, follow_redirects=False) as found:
        yield found


def landed(paths: DataPaths) -> list[dict[str, str]]:
    return [row for path in sorted((paths.landing / SOURCE).glob("*.csv")) for row in csv_rows(path)]


def test_the_page_shows_what_stands_where(client: TestClient) -> None:
    ready = client.get("/outbox").text
    assert "salesforce:S1" in ready and "(214) 555-1234" in ready and "salesforce:S2" not in ready
    assert "750B1" in ready
    assert '<a href="/outbox?view=blocked">Held back: 1 change</a>, each with its reason.' in ready
    blocked = client.get("/outbox?view=blocked").text
    assert "people changed it in Salesforce" in blocked and "Held back: 1 change</h2>" in blocked
    refused = client.get("/outbox?view=refused").text
    # In the system's own words, and as text
    assert "BAD_VALUE: &lt;b&gt;no&lt;/b&gt;" in refused
    assert client.get("/outbox?view=nonsense").status_code == 200


def test_what_salesforce_takes_for_a_duplicate_is_to_review(client: TestClient) -> None:
    listed = client.get("/outbox?view=review").text
    assert "nevada:4" in listed and "a duplicate of salesforce:S1" in listed and "salesforce:S3" not in listed
    page = client.get("/outbox/nevada:4").text
    assert 'href="/leads/salesforce%3AS1"' in page or 'href="/leads/salesforce:S1"' in page
    assert "leads match decide nevada:4 salesforce:S1 same" in page
    assert "leads match decide" not in client.get("/outbox/salesforce:S3").text


def test_a_lead_is_shown_whole(client: TestClient) -> None:
    page = client.get("/outbox/salesforce:S2").text
    assert "Phone belongs to people" in page and "from 111 to 222" in page
    assert "BAD_VALUE" in client.get("/outbox/salesforce:S3").text
    assert client.get("/outbox/salesforce:S9").status_code == 404


def test_a_release_is_written_for_the_next_run(client: TestClient, paths: DataPaths) -> None:
    def post(lead: str, **given: str) -> int:
        return client.post(f"/outbox/{lead}", data={"field": "Phone", **given}, headers={"origin": HOME}).status_code

    assert post("salesforce:S2", action="release", reason="the centre told us") == 303
    (row,) = landed(paths)
    assert (row["event"], row["lead_key"], row["acted_by"]) == ("released", "salesforce:S2", "anna")
    assert post("salesforce:S1", action="withdraw", reason="wrong number") == 303
    assert [row["event"] for row in landed(paths)] == ["released", "withdrawn"]
    # Without a reason, and where nothing is to be released
    assert post("salesforce:S2", action="release", reason=" ") == 303
    assert post("salesforce:S1", action="release", reason="r") == 303
    assert len(landed(paths)) == 2
    # From another page
    assert client.post("/outbox/salesforce:S2", data={"field": "Phone", "action": "release"}).status_code == 403
