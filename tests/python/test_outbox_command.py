"""`leads outbox`: what is shown, what people say of it, and that nothing is sent but from production."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from helpers import call, csv_rows
from lead_enrichment.outbox import targets
from lead_enrichment.outbox.ledger import ACCEPTED, CLAIMED, REJECTED, SOURCE, OutboxEvent, submit
from lead_enrichment.outbox.targets import SendReport
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from outbox_world import BEGIN, LIMITS, World, new_lead, publish

DAY = timedelta(days=1)


def landed(paths: DataPaths) -> list[dict[str, str]]:
    return [row for path in sorted((paths.landing / SOURCE).glob("*.csv")) for row in csv_rows(path)]


@pytest.fixture
def world(paths: DataPaths) -> World:
    """Three facilities: a phone to fill, a phone of people, and nothing to do."""
    made = World(policies={"Phone": ("correct_if_older", 0)})
    for number in (1, 2):
        made.facility(number, Phone="+12145551234", as_of=BEGIN + 900 * DAY)
    made.extract(BEGIN + DAY, {"salesforce:S1": {}, "salesforce:S2": {"Phone": "111"}})
    made.extract(BEGIN + 2 * DAY, {"salesforce:S2": {"Phone": "222"}})
    publish(paths, made)
    return made


@pytest.mark.usefixtures("world")
def test_changes_are_listed_with_what_holds_them_back() -> None:
    said = call("outbox", "list")
    assert "(214) 555-1234" in said and "may be sent" in said and "people changed it in Salesforce" in said
    document = json.loads(call("outbox", "list", "--free", "--json"))
    assert [row["lead_key"] for row in document["changes"]] == ["salesforce:S1"]
    assert document["number"] == 1 and sum(row["changes"] for row in document["counts"]) == 2
    assert "No change is among these" in call("outbox", "list", "--state", "rejected")
    assert "'sent' is no state" in call("outbox", "list", "--state", "sent", expect=2)


@pytest.mark.usefixtures("world")
def test_a_lead_is_shown_whole() -> None:
    said = call("outbox", "show", "salesforce:S2")
    for part in ("222 -> (214) 555-1234", "Blocked: people changed it", "Phone belongs to people", "111 -> 222"):
        assert part in said
    assert "nothing is to be changed of texas:9" in call("outbox", "show", "texas:9", expect=2)


def test_what_salesforce_takes_for_a_duplicate_is_listed_for_review(paths: DataPaths, world: World) -> None:
    assert "No change is among these" in call("outbox", "list", "--to-review")
    key = new_lead(world, 3)
    create = world.run()[key]
    world.say(create, "claimed", BEGIN + 3 * DAY)
    world.say(create, "rejected", BEGIN + 4 * DAY, message="DUPLICATES_DETECTED: Use one?", salesforce_id="S1")
    publish(paths, world)
    document = json.loads(call("outbox", "list", "--to-review", "--json"))
    assert [(row["lead_key"], row["resembles_lead_key"]) for row in document["changes"]] == [
        ("nevada:3", "salesforce:S1")
    ]
    assert "to review" in [row["standing"] for row in document["counts"]]
    said = call("outbox", "show", "nevada:3")
    assert "leads match decide nevada:3 salesforce:S1 same" in said and "leads outbox withdraw nevada:3 '*'" in said
    assert "leads match decide" not in call("outbox", "show", "salesforce:S1")


def test_a_steward_releases_a_field_that_people_own(paths: DataPaths, world: World) -> None:
    words = ("--reason", "the centre told us", "--by", "Ana")
    assert "1 change will be released" in call("outbox", "release", "salesforce:S2", "phone", *words)
    (row,) = landed(paths)
    assert (row["event"], row["lead_key"], row["field"], row["acted_by"]) == (
        "released",
        "salesforce:S2",
        "Phone",
        "Ana",
    )
    assert row["message"] == "the centre told us"
    assert "does not belong to people" in call("outbox", "release", "salesforce:S1", "Phone", *words, expect=2)
    assert "not clear what to release" in call("outbox", "release", "salesforce:S1", *words, expect=2)
    assert "no creates wait" in call("outbox", "release", "--creates", *words, expect=2)
    assert "is empty" in call("outbox", "release", "salesforce:S2", "Phone", "--reason", " ", expect=2)
    assert len(landed(paths)) == 1


def test_what_is_too_much_at_once_is_released_change_by_change(paths: DataPaths) -> None:
    made = World(limits={**LIMITS, "outbox_min_changed_leads": 1, "outbox_max_changed_share": 0.1})
    for number in (1, 2):
        made.facility(number, Phone="+12145551234", Email="a@b.org")
    made.extract(BEGIN + DAY, {"salesforce:S1": {}, "salesforce:S2": {}})
    publish(paths, made)
    call("outbox", "release", "--updates", "--reason", "the first time", "--by", "Ana", "--json")
    assert [(row["event"], row["lead_key"], row["field"]) for row in landed(paths)] == [
        ("approved", f"salesforce:S{number}", field) for number in (1, 2) for field in ("Email", "Phone")
    ]


def test_a_change_is_withdrawn_before_it_is_sent(paths: DataPaths, world: World) -> None:
    call("outbox", "withdraw", "salesforce:S1", "Phone", "--reason", "wrong number")
    assert [row["event"] for row in landed(paths)] == ["withdrawn"]
    change = world.run()["salesforce:S1", "Phone"]
    world.say(change, "claimed", BEGIN + 3 * DAY)
    publish(paths, world)
    assert "the change is claimed" in call("outbox", "withdraw", "salesforce:S1", "Phone", "--reason", "r", expect=2)
    assert "There is Phone" in call("outbox", "withdraw", "salesforce:S1", "Fax", "--reason", "r", expect=2)


def test_an_environment_is_held_against_production_lead_by_lead(paths: DataPaths, world: World) -> None:
    # What the environment has not changed is production's
    with connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA facts__dev; CREATE TABLE facts__dev.t (i INT)")
    assert "dev would send what prod sends" in call("outbox", "diff", "dev:prod")
    world.tell(1, Phone="+12145559999", as_of=BEGIN + 900 * DAY)
    world.facility(3, Email="a@b.org")
    world.extract(BEGIN + 3 * DAY, {"salesforce:S3": {}})
    with connect(str(paths.warehouse)) as connection:
        world.run()
        connection.execute("CREATE SCHEMA outbox__dev")
        connection.register("rows", world.connection.execute("FROM outbox.change").to_arrow_table())
        connection.execute("CREATE TABLE outbox__dev.change AS FROM rows")
    found = json.loads(call("outbox", "diff", "dev:prod", "--json"))["differences"]
    assert [(row["difference"], row["lead_key"], row["value_before"], row["value_after"]) for row in found] == [
        ("would be sent", "salesforce:S3", None, "a@b.org"),
        ("would be sent with another value", "salesforce:S1", "(214) 555-1234", "(214) 555-9999"),
    ]
    assert "2 changes of 2 leads would differ" in call("outbox", "diff", "dev")
    assert "there is no environment nobody" in call("outbox", "diff", "nobody:prod", expect=2)


# Sending, to a target that only writes down what it gets

SENT: dict[str, dict[str, str]] = {}
REFUSED: set[str] = set()


class Notebook:
    """A target that takes everything but the leads in REFUSED."""

    def send(self, outbox: Any, paths: DataPaths, *, is_dry_run: bool, limit: int | None, progress: Any) -> SendReport:
        found = list(outbox.claimable("notebook"))[:limit]
        samples = {change.lead_key: change.values for change in found}
        if is_dry_run or not found:
            return SendReport(is_dry_run, len(found), samples=samples)
        submit(paths, [event(change, CLAIMED, value=change.new_value) for change in found])
        outcomes = {"accepted": 0, "rejected": 0}
        answers = []
        for done, change in enumerate(found, 1):
            is_refused = change.lead_key in REFUSED
            outcomes["rejected" if is_refused else "accepted"] += 1
            if not is_refused:
                SENT.setdefault(change.lead_key, {}).update(change.values)
            answers.append(event(change, REJECTED if is_refused else ACCEPTED))
            progress(done, len(found))
        submit(paths, answers)
        return SendReport(False, len(found), outcomes)

    def resume(self, outbox: Any, paths: DataPaths, *, progress: Any) -> SendReport:
        return SendReport(False, unanswered=sum(map(len, outbox.unanswered("notebook").values())))


def event(change: Any, what: str, **more: Any) -> OutboxEvent:
    return OutboxEvent(change.outbox_key, what, change.target, change.lead_key, change.field, "notebook", **more)


@pytest.fixture
def notebook(paths: DataPaths, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The target notebook, and changes that are for it."""
    monkeypatch.setitem(targets.TARGETS, "notebook", f"{__name__}:Notebook")
    SENT.clear()
    REFUSED.clear()
    with connect(str(paths.published)) as connection:
        connection.execute("UPDATE outbox.change SET target = 'notebook'")
    yield


@pytest.mark.usefixtures("notebook")
def test_nothing_is_sent_without_being_asked_for(paths: DataPaths) -> None:
    said = call("outbox", "send", "notebook")
    assert "salesforce:S1: Phone = (214) 555-1234" in said and "Nothing was sent" in said
    assert not SENT and not landed(paths)


@pytest.mark.usefixtures("notebook")
def test_what_may_be_sent_is_sent_once(paths: DataPaths) -> None:
    assert "1 change claimed, 1 accepted." in call("outbox", "send", "notebook", "--send")
    assert SENT == {"salesforce:S1": {"Phone": "(214) 555-1234"}}
    assert [row["event"] for row in landed(paths)] == ["claimed", "accepted"]
    # Before any run has taken it in
    assert "0 changes claimed" in call("outbox", "send", "notebook", "--send")


@pytest.mark.usefixtures("notebook")
def test_the_exit_code_says_that_something_was_refused() -> None:
    REFUSED.add("salesforce:S1")
    document = json.loads(call("outbox", "send", "notebook", "--send", "--json", expect=1))
    assert document["outcomes"] == {"accepted": 0, "rejected": 1}


@pytest.mark.usefixtures("notebook")
def test_what_was_never_answered_is_told(paths: DataPaths) -> None:
    assert "0 changes claimed." in call("outbox", "resume", "notebook")
    submit(paths, [OutboxEvent("0" * 32, CLAIMED, "notebook", "l", "Phone", "notebook")])
    assert "1 not answered yet" in call("outbox", "resume", "notebook", expect=1)


@pytest.mark.usefixtures("notebook")
def test_another_environment_is_never_sent(paths: DataPaths) -> None:
    for words in (("send", "notebook", "--send"), ("resume", "notebook")):
        assert "changes of dev are never sent" in call("outbox", *words, "--env", "dev", expect=2)
    assert "there is no target fax" in call("outbox", "send", "fax", expect=2)
    assert not SENT
