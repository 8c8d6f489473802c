"""The sender to Salesforce: what it writes, what it leaves to people, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from fake_salesforce.org import INTEGRATION, PERSON, Fault, Org
from fake_salesforce.server import Running
from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.changes import open_outbox
from lead_enrichment.outbox.ledger import SOURCE, landed
from lead_enrichment.outbox.targets import SendReport, load_target
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce import sender
from lead_enrichment.salesforce.sender import KEY, SEEN, SalesforceTarget
from outbox_stand_in import create, publish, run, states, update
from salesforce_org import Clock, environment, quick_client, serve

PHONE = "+17025550142"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(clock: Clock) -> Iterator[Running]:
    with serve(60, clock=clock) as running:
        yield running


@pytest.fixture
def org(running: Running) -> Org:
    return running.fake.org


@pytest.fixture(params=["collections", "conditional", "jobs"])
def way(request: pytest.FixtureRequest, org: Org, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way on which changes go."""
    if request.param == "conditional":
        del org.objects["Lead"][SEEN]
        org.has_guard = False
    if request.param == "jobs":
        monkeypatch.setattr(sender, "FEW", 0)
    return str(request.param)


def send(running: Running, paths: DataPaths, **given: Any) -> SendReport:
    target = SalesforceTarget(quick_client(running.address))
    settings = {"is_dry_run": False, "limit": None, "progress": lambda *_: None, **given}
    with open_outbox(paths) as outbox:
        return target.send(outbox, paths, **settings)


def resume(running: Running, paths: DataPaths) -> SendReport:
    with open_outbox(paths) as outbox:
        return SalesforceTarget(quick_client(running.address)).resume(outbox, paths, progress=lambda *_: None)


def row(org: Org, number: int) -> Mapping[str, Any]:
    return next(value for key, value in org.leads.items() if key.startswith(f"00Q{number:012d}"))


def last(paths: DataPaths) -> dict[str, dict[str, str]]:
    """Return the last event of each change."""
    return {str(int(event["outbox_key"], 16)): event for event in landed(paths)}


def written(org: Org) -> list[str]:
    """Return whose fields we wrote."""
    return [entry.row_id for entry in org.log if entry.user == INTEGRATION]


def test_dry_run_asks_and_writes_nothing(running: Running, org: Org, paths: DataPaths) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE), update(2, 2, "Phone", PHONE), create(3)])
    org.write({"Phone": "7025550100"}, PERSON, "00Q000000000002")
    report = send(running, paths, is_dry_run=True)
    assert (report.is_dry_run, report.claimed, report.outcomes) == (True, 2, {"conflict": 1})
    assert report.samples == {
        "texas:3": {"LastName": "Owner 3", "Company": "Facility 3"}, "salesforce:00Q000000000001": {"Phone": PHONE},
    }  # fmt: skip
    assert not written(org) and not [*(paths.landing / SOURCE).glob("*")]
    assert not [place for place in org.requests if place.split()[0] in ("PATCH", "PUT")]


def test_changes_of_a_lead_go_as_one_row_on_every_way(running: Running, org: Org, paths: DataPaths, way: str) -> None:
    publish(
        paths,
        [
            update(1, 1, "Phone", PHONE), update(2, 1, "City", "Reno"), update(3, 2, "Phone", PHONE),
            create(4, Email="a@example.com"), create(5),
        ],
    )  # fmt: skip
    report = send(running, paths)
    assert (report.claimed, report.outcomes, report.unanswered) == (5, {"accepted": 5}, 0)
    assert (row(org, 1)["Phone"], row(org, 1)["City"], row(org, 2)["City"]) == (PHONE, "Reno", None)
    assert len(written(org)) == 4
    made = {value[KEY]: value for value in org.leads.values() if value[KEY]}
    assert {key: value["Company"] for key, value in made.items()} == {"texas:4": "Facility 4", "texas:5": "Facility 5"}
    assert last(paths)["4"]["salesforce_id"] == made["texas:4"]["Id"][:15]
    # Nothing is left to send; and what a run has taken in neither.
    assert send(running, paths).claimed == 0
    run(paths)
    assert send(running, paths).claimed == 0
    used = "jobs/ingest" if way == "jobs" else "composite" if way == "conditional" else "composite/sobjects"
    assert [place for place in org.requests if place.endswith(used)]


def test_edit_since_the_extract_is_kept(running: Running, org: Org, paths: DataPaths, way: str) -> None:
    publish(paths, [update(number, number, "Phone", PHONE) for number in (1, 2, 3, 4)])
    org.write({"Phone": "7025550100"}, PERSON, "00Q000000000001")
    # Another field of the lead: somebody is at work on it.
    org.write({"City": "Elko"}, PERSON, "00Q000000000002")
    org.delete("00Q000000000003", PERSON)
    # Within the second of the last change that the extract shows.
    row(org, 4)["Phone"] = "7025550177"  # type: ignore[index]
    report = send(running, paths)
    assert report.outcomes == {"conflict": 4}
    assert not written(org)
    assert row(org, 4)["Phone"] == "7025550177"
    assert "it was changed in Salesforce since the extract" in last(paths)["1"]["message"]
    assert "deleted" in last(paths)["3"]["message"]


def test_edit_between_reading_and_writing_is_kept(
    running: Running, org: Org, paths: DataPaths, clock: Clock, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE), update(2, 2, "Phone", PHONE)])
    claim = sender._claim

    def edited(*given: Any) -> None:
        claim(*given)
        clock.now += timedelta(seconds=1)
        org.write({"Phone": "7025550100"}, PERSON, "00Q000000000001")

    monkeypatch.setattr(sender, "_claim", edited)
    report = send(running, paths)
    assert report.outcomes == {"conflict": 1, "accepted": 1}
    assert (row(org, 1)["Phone"], row(org, 2)["Phone"]) == ("7025550100", PHONE)


def test_lead_that_was_edited_just_now_waits(running: Running, org: Org, paths: DataPaths, clock: Clock) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE, base_modified_at="2026-11-02 06:00:00+00")])
    org.write({"City": "Elko"}, PERSON, "00Q000000000001")
    report = send(running, paths)
    assert report.claimed == 0
    assert "1 lead were edited just now" in " ".join(report.sentences).replace("was edited", "were edited")
    clock.now += timedelta(seconds=3)
    assert send(running, paths).outcomes == {"accepted": 1}


def test_our_own_change_is_no_edit_of_a_person(running: Running, org: Org, paths: DataPaths, clock: Clock) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE)])
    send(running, paths)
    clock.now += timedelta(minutes=1)
    publish(paths, [update(2, 1, "City", "Reno"), update(3, 2, "City", "Reno")])
    assert send(running, paths).outcomes == {"accepted": 2}


def test_rows_that_are_refused_keep_the_words_of_salesforce(
    running: Running, org: Org, paths: DataPaths, way: str
) -> None:
    org.write({"Email": "a@example.com", "Company": "Facility 4", "LastName": "Here"}, PERSON)
    org.leads[row(org, 3)["Id"]]["IsConverted"] = True
    publish(
        paths,
        [
            update(1, 1, "Email", "no address"), update(2, 2, "Phone", PHONE), update(3, 3, "Phone", PHONE),
            create(4, Email="a@example.com"), create(5, City="x" * 50),
        ],
    )  # fmt: skip
    report = send(running, paths)
    assert report.outcomes == {"accepted": 1, "rejected": 4}
    told = last(paths)
    assert "INVALID_EMAIL_ADDRESS: Email: invalid email address: no address" in told["1"]["message"]
    assert "CANNOT_UPDATE_CONVERTED_LEAD: cannot reference converted lead" in told["3"]["message"]
    assert "DUPLICATES_DETECTED: Use one of these records?" in told["4"]["message"]
    assert "STRING_TOO_LONG: City: data value too large" in told["5"]["message"]
    assert {told[key]["is_retryable"] for key in "1345"} == {"FALSE"}
    if way != "jobs":
        # Which lead it is, so that a person can look at both.
        assert told["4"]["salesforce_id"].startswith("00QF")


def test_row_that_is_locked_may_be_sent_later(running: Running, org: Org, paths: DataPaths, way: str) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE), create(2)])
    org.faults.append(Fault("locked"))
    assert send(running, paths).outcomes == {"rejected": 2}
    assert last(paths)["1"]["is_retryable"] == "TRUE"
    assert "UNABLE_TO_LOCK_ROW: unable to obtain exclusive access" in last(paths)["1"]["message"]
    org.faults.clear()
    run(paths)
    assert send(running, paths).outcomes == {"accepted": 2}


@pytest.mark.parametrize("kind", ["unavailable", "expired", "cut", "cut_after"])
def test_answer_that_is_lost_is_asked_for_again(
    running: Running, org: Org, paths: DataPaths, way: str, kind: str
) -> None:
    publish(paths, [*(update(number, number, "Phone", PHONE) for number in range(30)), create(30), create(31)])
    org.faults.append(Fault(kind, share=0.5, times=15))
    report = send(running, paths)
    assert (report.outcomes, report.unanswered) == ({"accepted": 32}, 0)
    assert sum(bool(value[KEY]) for value in org.leads.values()) == 2


@pytest.mark.parametrize("change", [update(1, 1, "Phone", PHONE), create(2)], ids=["update", "create"])
def test_what_was_done_counts_though_its_answer_was_lost_and_the_second_attempt_is_refused(
    running: Running, org: Org, paths: DataPaths, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    publish(paths, [change])
    lost = Fault("cut_after", times=1, on="PATCH .*")
    org.faults.append(lost)
    own = org.meets
    monkeypatch.setattr(org, "meets", lambda kind, on="": lost.times == 0 if kind == "refused" else own(kind, on))
    report = send(running, paths)
    assert lost.times == 0
    assert (report.outcomes, report.unanswered) == ({"accepted": 1}, 0)


def test_job_that_fails_in_the_middle_leaves_the_rest_to_be_sent(
    running: Running, org: Org, paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FEW", 0)
    publish(paths, [create(number) for number in range(900)])
    org.faults.append(Fault("job_fails", times=1))
    report = send(running, paths)
    assert report.outcomes["abandoned"] > 0 and sum(report.outcomes.values()) == 900
    run(paths)
    assert send(running, paths).outcomes == {"accepted": report.outcomes["abandoned"]}
    assert sum(bool(value[KEY]) for value in org.leads.values()) == 900


def test_lead_that_a_person_deleted_is_not_created_again(
    running: Running, org: Org, paths: DataPaths, way: str
) -> None:
    publish(paths, [create(1)])
    send(running, paths)
    (made,) = [value["Id"] for value in org.leads.values() if value[KEY]]
    org.delete(made, PERSON)
    publish(paths, [create(1)])
    for path in (paths.landing / SOURCE).glob("*"):
        path.unlink()
    assert send(running, paths).outcomes == {"conflict": 1}
    assert len([value for value in org.leads.values() if value[KEY]]) == 1


def test_sending_stops_where_others_need_the_rest_of_the_day(running: Running, org: Org, paths: DataPaths) -> None:
    publish(paths, [update(1, 1, "Phone", PHONE)])
    org.used = 81_000
    report = send(running, paths)
    assert report.claimed == 0 and "of 100,000 requests of the day are used" in report.sentences[0]
    assert not written(org)


def test_field_that_may_not_be_written_stops_before_anything_is_claimed(
    running: Running, org: Org, paths: DataPaths
) -> None:
    publish(paths, [update(1, 1, "Not_There__c", "x")])
    with pytest.raises(UsageError, match="no field Not_There__c that we may write"):
        send(running, paths)
    del org.objects["Lead"][KEY]
    publish(paths, [create(1)])
    with pytest.raises(UsageError, match="no field Lead_Enrichment_Key__c"):
        send(running, paths)
    assert not [*(paths.landing / SOURCE).glob("*")]


@pytest.mark.parametrize("value", ["", "#N/A"])
def test_nothing_is_ever_emptied(running: Running, org: Org, paths: DataPaths, value: str) -> None:
    publish(paths, [update(1, 1, "Phone", value)])
    with pytest.raises(UsageError, match="would be emptied"):
        send(running, paths)
    assert not written(org)


def test_limit_sends_so_many_leads(running: Running, org: Org, paths: DataPaths) -> None:
    publish(paths, [update(number, number // 2, "Phone" if number % 2 else "City", PHONE) for number in range(10)])
    assert send(running, paths, limit=3).outcomes == {"accepted": 6}
    assert len(written(org)) == 3


def test_target_is_found_by_its_name(running: Running, paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(running.address).items():
        monkeypatch.setenv(name, value)
    publish(paths, [update(1, 1, "Phone", PHONE)])
    target = load_target("salesforce")
    with open_outbox(paths) as outbox:
        report = target.send(outbox, paths, is_dry_run=False, limit=None, progress=lambda *_: None)
    assert report.outcomes == {"accepted": 1}
    assert states(paths) == {"pending": ["1"]}
    run(paths)
    assert states(paths) == {"accepted": ["1"]}
