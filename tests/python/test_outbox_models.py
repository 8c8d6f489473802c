"""The outbox: what may be sent, what is blocked and why, what becomes of it, and that a person always wins."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from outbox_world import BEGIN, LIMITS, World, new_lead

DAY = timedelta(days=1)
LEAD, PHONE = "salesforce:S1", ("salesforce:S1", "Phone")


def day(number: float) -> datetime:
    return BEGIN + number * DAY


def one(shown: dict[str, Any] | None = None, **world: Any) -> World:
    """A facility of which the state tells a phone and a capacity, and the first extract with its Salesforce lead."""
    made = World(**world)
    made.facility(1, Phone="+12145551234", Capacity__c=60)
    made.extract(day(1), {LEAD: shown or {}})
    return made


def state_of(world: World, key: tuple[str, str] = PHONE) -> tuple[str, bool, str | None]:
    row = world.run()[key]
    return row["state"], row["is_claimable"], row["blocked_reason"]


def test_a_blank_field_is_filled_with_what_the_state_tells() -> None:
    row = one().run()[PHONE]
    assert (row["operation"], row["old_value"], row["new_value"]) == ("update", None, "(214) 555-1234")
    assert (row["state"], row["is_claimable"], row["salesforce_id"], row["external_id"]) == (
        "pending",
        True,
        "S1",
        None,
    )
    assert (row["entity_key"], row["evidence_lead_key"], row["confidence"]) == ("E1", "texas:1", 0.99)
    assert row["reason"] == "Salesforce has no phone; texas:1 tells it: no other lead tells it"
    assert row["base_modified_at"] == day(1) - timedelta(hours=1)


def test_a_value_that_is_there_is_left_alone_and_the_same_value_spelled_otherwise_is_the_same() -> None:
    assert PHONE not in one({"Phone": "999"}).run()
    assert PHONE not in one({"Phone": "+1 214.555.1234"}).run()


@pytest.mark.parametrize(("newer_by", "is_sent"), [(181, True), (179, False)])
def test_only_what_was_changed_later_than_the_lead_is_corrected(newer_by: int, is_sent: bool) -> None:
    world = one({"Capacity__c": 40})
    world.tell(1, Capacity__c=60, as_of=day(1 + newer_by))
    row = world.run().get((LEAD, "Capacity__c"))
    assert (row is not None) is is_sent
    assert row is None or (row["old_value"], row["new_value"], row["is_claimable"]) == ("40", "60", True)


def test_a_policy_of_never_sends_nothing() -> None:
    assert PHONE not in one(policies={"Phone": ("never", 0)}).run()


@pytest.mark.parametrize(
    ("shown", "told", "why"),
    [
        ({"is_converted": True}, {}, "the lead is converted"),
        ({}, {"reason": "too many leads share each value; the newest of them"}, "too many leads share the value"),
    ],
)
def test_what_must_not_be_sent_is_blocked_with_its_reason(
    shown: dict[str, Any], told: dict[str, Any], why: str
) -> None:
    world = one(shown)
    world.tell(1, Phone="+12145551234", **told)
    state, is_claimable, blocked = state_of(world)
    assert (state, is_claimable) == ("pending", False)
    assert blocked is not None and blocked.startswith(why)


def test_a_match_that_is_not_sure_enough_fills_nothing() -> None:
    world = one()
    world.connection.execute("UPDATE facts.fact_lead_match SET confidence = 0.85 WHERE NOT is_crm")
    assert state_of(world)[2] == "that the two leads are one facility is sure to 0.85; the policy asks for 0.9"


def test_no_part_of_an_address_is_filled_beside_another() -> None:
    world = World()
    for number in (1, 2):
        world.facility(number, Street="MAIN ST", City="AUSTIN")
    world.extract(day(1), {LEAD: {"City": "Dallas"}, "salesforce:S2": {"City": "Austin"}})
    found = world.run()
    assert found[LEAD, "Street"]["blocked_reason"] == "the rest of the address in Salesforce is another"
    assert found["salesforce:S2", "Street"]["is_claimable"]


def test_what_another_lead_of_salesforce_holds_is_left_to_the_merge() -> None:
    world = one()
    world.connection.execute("UPDATE facts.fact_lead_match SET is_crm = TRUE")
    assert PHONE not in world.run()


# How far a change has come


def test_a_change_goes_from_pending_to_confirmed() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1), batch_id="750")
    assert state_of(world) == ("claimed", False, None)
    world.say(change, "accepted", day(1.2), batch_id="750")
    assert state_of(world) == ("accepted", False, None)
    # As Salesforce spells it
    world.extract(day(2), {LEAD: {"Phone": "+1 (214) 555-1234", "modified_at": day(1.15)}})
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"], row["batch_id"]) == ("confirmed", False, "750")
    assert row["outbox_key"] == change["outbox_key"]


def test_a_claim_that_was_never_answered_is_confirmed_by_the_extract() -> None:
    world = one()
    world.say(world.run()[PHONE], "claimed", day(1.1))
    world.extract(day(2), {LEAD: {"Phone": "2145551234"}})
    assert state_of(world) == ("confirmed", False, None)


def test_what_is_refused_for_the_moment_is_tried_again_a_few_times() -> None:
    world = one()
    change = world.run()[PHONE]
    for attempt in range(3):
        assert state_of(world)[1]
        world.say(change, "claimed", day(1.1 + attempt / 10))
        world.say(change, "rejected", day(1.11 + attempt / 10), is_retryable=True, message="UNABLE_TO_LOCK_ROW")
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"], row["retryable"], row["attempts"]) == ("rejected", False, True, 3)
    assert row["blocked_reason"] == "Salesforce refused it 3 times: UNABLE_TO_LOCK_ROW"


def test_what_is_refused_for_good_stays_with_the_systems_own_words() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "rejected", day(1.2), message="FIELD_INTEGRITY_EXCEPTION: bad phone")
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"], row["message"]) == (
        "rejected", False, "FIELD_INTEGRITY_EXCEPTION: bad phone"
    )  # fmt: skip
    # Another value is another change
    world.tell(1, Phone="+12145559999")
    assert state_of(world) == ("pending", True, None)


def test_a_claim_that_was_given_up_may_be_sent_again() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "abandoned", day(1.2))
    assert state_of(world) == ("pending", True, None)


def test_a_lead_that_changed_before_the_batch_waits_for_the_next_extract() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "conflict", day(1.2))
    assert state_of(world)[:2] == ("conflict", False)
    # The extract shows that people changed something else
    world.extract(day(2), {LEAD: {"Email": "a@b.org", "modified_at": day(1.15)}})
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"], row["base_modified_at"]) == ("pending", True, day(1.15))


def test_a_second_value_waits_until_an_extract_shows_the_first() -> None:
    world = one()
    world.say(world.run()[PHONE], "claimed", day(1.1))
    world.tell(1, Phone="+12145559999")
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"]) == ("pending", False)
    assert row["blocked_reason"].startswith("an earlier value was sent on 2026-01-02")


def test_what_was_sent_in_vain_and_is_no_longer_wanted_is_superseded() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "rejected", day(1.2), is_retryable=True)
    world.connection.execute("UPDATE facts.fact_enriched_lead SET phone_e164 = NULL")
    row = world.run()[PHONE]
    assert (row["state"], row["new_value"], row["is_claimable"]) == ("superseded", "(214) 555-1234", False)


def test_a_person_withdraws_a_change() -> None:
    world = one()
    world.say(world.run()[PHONE], "withdrawn", day(1.1), acted_by="Ana", message="wrong number")
    row = world.run()[PHONE]
    assert (row["state"], row["is_claimable"], row["message"]) == ("withdrawn", False, "Ana: wrong number")


# A person wins


def test_what_people_changed_belongs_to_them_until_a_steward_releases_it() -> None:
    world = one({"Phone": "111"}, policies={"Phone": ("correct_if_older", 0)})
    world.tell(1, Phone="+12145551234", as_of=day(900))
    assert state_of(world)[1]
    world.extract(day(2), {LEAD: {"Phone": "222"}})
    _, is_claimable, blocked = state_of(world)
    assert not is_claimable and blocked is not None and blocked.startswith("people changed it in Salesforce")
    before = world.run()[PHONE]
    world.say(before, "released", day(3), acted_by="Ana")
    after = world.run()[PHONE]
    assert after["is_claimable"] and after["outbox_key"] != before["outbox_key"]
    # They change it again
    world.extract(day(4), {LEAD: {"Phone": "333"}})
    assert not world.run()[PHONE]["is_claimable"]


def test_a_field_that_people_emptied_stays_empty() -> None:
    world = one({"Phone": "111"})
    world.extract(day(2), {LEAD: {}})
    assert not state_of(world)[1]


def test_people_who_change_what_was_written_from_here_win() -> None:
    world = one(policies={"Phone": ("correct_if_older", 0)})
    world.tell(1, Phone="+12145551234", as_of=day(900))
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "accepted", day(1.2))
    world.extract(day(2), {LEAD: {"Phone": "333"}})
    assert state_of(world)[:2] == ("conflict", False)
    world.tell(1, Phone="+12145559999", as_of=day(900))
    assert state_of(world)[:2] == ("pending", False)


def test_people_who_put_a_value_back_before_any_extract_win() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "accepted", day(1.2))
    # Blank as before, and changed after the write
    world.extract(day(2), {LEAD: {"modified_at": day(1.5)}})
    state, is_claimable, blocked = state_of(world)
    assert (state, is_claimable) == ("conflict", False)
    assert blocked is not None and blocked.startswith("people changed it")


def test_an_extract_from_before_the_write_is_no_edit() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "accepted", day(1.2))
    world.extract(day(2), {LEAD: {"Email": "a@b.org", "modified_at": day(1.05)}})
    assert state_of(world) == ("accepted", False, None)


def test_a_value_that_arrived_and_was_changed_later_is_no_conflict() -> None:
    world = one()
    change = world.run()[PHONE]
    world.say(change, "claimed", day(1.1))
    world.say(change, "accepted", day(1.2))
    world.extract(day(2), {LEAD: {"Phone": "2145551234"}})
    world.extract(day(3), {LEAD: {"Phone": "333"}})
    assert state_of(world)[:2] == ("superseded", False)


# New leads


def test_a_facility_that_sales_does_not_know_becomes_a_new_lead() -> None:
    world = World()
    key = new_lead(world, 1)
    row = world.run()[key]
    assert (row["operation"], row["external_id"], row["is_claimable"]) == ("create", "nevada:1", True)
    assert json.loads(row["new_value"]) == {
        "Company": 'The "New" \\ One 1', "FirstName": "Ana Maria", "LastName": "Ruiz", "Phone": "(702) 555-0000",
        "State": "NV", "Country": "US",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"match_status": "to_review", "reason": "perhaps known to sales"}, "perhaps known to sales"),
        ({"name": None}, "it has no name"),
        ({"license_status": "closed"}, "its licence is closed"),
        ({"confidence": 0.7}, "that sales does not know it is sure to 0.7; the policy asks for 0.8"),
    ],
)
def test_a_new_lead_in_doubt_is_not_created(given: dict[str, Any], why: str) -> None:
    world = World()
    key = new_lead(world, 1, **given)
    assert state_of(world, key) == ("pending", False, why)


def test_a_new_lead_is_created_once_whatever_becomes_known_of_it() -> None:
    world = World()
    key = new_lead(world, 1)
    change = world.run()[key]
    world.say(change, "claimed", day(1))
    world.say(change, "accepted", day(1.1), salesforce_id="S9")
    world.connection.execute("UPDATE facts.fact_enriched_lead SET phone_e164 = '+17025551111'")
    row = world.run()[key]
    assert (row["outbox_key"], row["state"], row["is_claimable"]) == (change["outbox_key"], "accepted", False)
    # The extract shows it, and yet it does not match
    world.extract(day(2), {"salesforce:S9": {"Phone": "7025550000"}})
    row = world.run()[key]
    assert (row["state"], row["is_claimable"], row["old_value"]) == ("confirmed", False, "salesforce:S9")
    # Nor does another lead of the facility make it a second time
    world.add("intermediate.int_entity", [{"lead_key": "nevada:2", "entity_key": "N1"}])
    world.connection.execute("UPDATE facts.fact_enriched_lead SET state_lead_key = 'nevada:2'")
    found = world.run()
    assert found["nevada:2", "*"]["blocked_reason"].startswith("the facility was sent as nevada:1 before")
    assert found[key]["state"] == "confirmed"


def test_a_blank_that_people_fill_before_it_is_claimed_is_superseded() -> None:
    world = one()
    change = world.run()[PHONE]
    # The sender read the lead just before it sent, and claimed nothing
    world.say(change, "conflict", day(1.5))
    world.extract(day(2), {LEAD: {"Phone": "7025550142"}})
    row = world.run()[PHONE]
    assert (row["state"], row["new_value"], row["is_claimable"]) == ("superseded", change["new_value"], False)


def test_a_new_lead_that_salesforce_takes_for_a_duplicate_is_for_a_person_to_review() -> None:
    world = World()
    known = world.facility(5, City="Reno")
    world.extract(day(1), {known: {"City": "Elko"}})
    key = new_lead(world, 1)
    change = world.run()[key]
    world.say(change, "claimed", day(2))
    world.say(change, "rejected", day(2.1), message="DUPLICATES_DETECTED: Use one? S5", salesforce_id="S5")
    row = world.run()[key]
    assert (row["state"], row["is_claimable"], row["is_to_review"]) == ("rejected", False, True)
    assert row["resembles_lead_key"] == known
    assert row["blocked_reason"] == f"Salesforce takes it for a duplicate of {known}: a person has to look at both"
    # It was not made: neither as a record of its own, nor as the one that it resembles
    assert (row["salesforce_id"], row["old_value"]) == (None, None)
    # A person says that the two are the same
    world.connection.execute("UPDATE facts.fact_enriched_lead SET match_status = 'known' WHERE entity_key = 'N1'")
    row = world.run()[key]
    assert (row["state"], row["is_to_review"], row["resembles_lead_key"]) == ("superseded", False, None)


def test_a_duplicate_that_a_bulk_job_refuses_is_to_review_without_the_other_lead() -> None:
    world = World()
    key = new_lead(world, 1)
    change = world.run()[key]
    world.say(change, "claimed", day(2))
    world.say(change, "rejected", day(2.1), message="DUPLICATES_DETECTED: Use one?")
    row = world.run()[key]
    assert (row["is_to_review"], row["resembles_lead_key"]) == (True, None)
    assert "a lead that it does not name" in row["blocked_reason"]
    # What is refused for another reason is a matter of the value
    world.say(change, "rejected", day(2.2), message="STRING_TOO_LONG: City")
    row = world.run()[key]
    assert (row["is_to_review"], row["blocked_reason"]) == (False, "Salesforce refused it: STRING_TOO_LONG: City")


def test_a_new_lead_that_people_deleted_is_not_created_again() -> None:
    world = World()
    key = new_lead(world, 1)
    change = world.run()[key]
    world.say(change, "claimed", day(1))
    world.say(change, "accepted", day(1.1), salesforce_id="S9")
    world.extract(day(2), {"salesforce:S9": {"is_live": False}})
    assert not world.run()[key]["is_claimable"]
    world.say(change, "released", day(3))
    again = world.run()[key]
    assert again["is_claimable"] and again["outbox_key"] != change["outbox_key"]


def test_what_a_lead_that_was_made_here_holds_is_not_corrected() -> None:
    world = World(policies={"Phone": ("correct_if_older", 0)})
    key = new_lead(world, 1)
    change = world.run()[key]
    world.say(change, "claimed", day(1))
    world.say(change, "accepted", day(1.1), salesforce_id="S1")
    world.connection.execute("DELETE FROM facts.fact_enriched_lead")
    world.facility(1, Phone="+12145551234", as_of=day(900))
    world.extract(day(2), {LEAD: {"Phone": "999"}})
    assert state_of(world)[2] == "the lead was made from nevada:1: what it holds belongs to people now"


# Duplicates, and too much at once


def test_a_duplicate_is_for_a_person_to_merge() -> None:
    world = one()
    world.add(
        "facts.fact_lead_match",
        [
            {
                "lead_key": "salesforce:S2", "is_crm": True, "entity_key": "E1", "confidence": 0.97, "reason": "d",
                "is_duplicate_in_salesforce": True, "duplicate_of_lead_key": LEAD,
            }
        ],
    )  # fmt: skip
    row = world.run()["salesforce:S2", "*"]
    assert (row["operation"], row["salesforce_id"], row["new_value"]) == ("merge", "S2", "S1")
    assert (row["is_claimable"], row["blocked_reason"]) == (False, "a person merges leads in Salesforce")


def test_too_much_at_once_waits_for_a_person() -> None:
    limits = {"outbox_max_creates": 1, "outbox_max_changed_share": 0.5, "outbox_min_changed_leads": 1}
    world = World(limits=LIMITS | limits)
    for number in (1, 2, 3):
        world.facility(number, Phone="+12145551234")
        new_lead(world, number)
    world.extract(day(1), {f"salesforce:S{number}": {} for number in (1, 2, 3)})
    found = world.run()
    assert not any(row["is_claimable"] for row in found.values()) and all(
        row["is_over_limit"] for row in found.values()
    )
    assert found[PHONE]["blocked_reason"] == (
        "more than 1 leads and 50.0% of all would change at once: a person has to release them"
    )
    creates = [row for row in found.values() if row["operation"] == "create"]
    assert creates[0]["blocked_reason"] == "more than 1 new leads at once have to be released by a person"
    # What a person lets pass counts no more
    for row in creates[:2]:
        world.say(row, "approved", day(1.1))
    assert all(row["is_claimable"] for row in world.run().values() if row["operation"] == "create")


# Random histories: people, states, senders that break off, and extracts that come when they come


class Crm:
    """A CRM with one field a lead, who wrote it last, and which extracts showed what people made of it."""

    def __init__(self, leads: int) -> None:
        self.value: list[str | None] = [None] * leads
        self.modified = [day(0)] * leads
        self.is_typed = [False] * leads
        self.is_theirs = [False] * leads
        self.written: list[list[str]] = [[] for _ in range(leads)]
        self.shown: list[str | None] = [None] * leads
        self.extracted = [day(-1)] * leads

    def edit(self, lead: int, value: str | None, at: datetime) -> None:
        if value != self.value[lead]:
            self.value[lead], self.modified[lead], self.is_typed[lead] = value, at, True

    def extract(self, lead: int, is_first: bool) -> dict[str, Any] | None:
        """Return what the extract shows of a lead; None where it has not changed."""
        if self.modified[lead] <= self.extracted[lead]:
            return None
        if self.is_typed[lead] and self.value[lead] != self.shown[lead] and not is_first:
            self.is_theirs[lead] = True
        self.shown[lead], self.extracted[lead] = self.value[lead], self.modified[lead]
        return {"Phone": self.value[lead], "modified_at": self.modified[lead]}

    def write(self, lead: int, value: str, at: datetime) -> None:
        """Take a value from the sender: never in the place of what people typed, and never twice."""
        assert not self.is_theirs[lead], f"lead {lead}: {self.value[lead]} of people was overwritten"
        assert self.value[lead] == self.shown[lead], f"lead {lead}: {self.value[lead]} was not known"
        assert value not in self.written[lead], f"lead {lead}: {value} came back"
        self.written[lead].append(value)
        self.value[lead], self.modified[lead], self.is_typed[lead] = value, at, False


DAYS, LEADS = 7, 40


def histories(dice: Random) -> list[list[dict[str, Any]]]:
    """By lead and day: what people type before and after the extract, what the state tells, and how the send ends."""
    typed = (None, None, None, None, "empty", "111", "222")
    outcomes = ("done", "done", "lost", "cut", "refused", "busy")
    return [
        [
            {
                "before": dice.choice(typed), "after": dice.choice(typed), "told": dice.random() < 0.4,
                "outcome": dice.choice(outcomes), "resumed": dice.random() < 0.5,
            }
            for _ in range(DAYS)
        ]
        for _ in range(LEADS)
    ]  # fmt: skip


@settings(max_examples=3, deadline=None, derandomize=True, phases=(Phase.generate,), database=None)
@given(st.integers(0, 2**32))
def test_no_history_overwrites_people_or_sends_a_value_twice(seed: int) -> None:
    history = histories(Random(seed))
    crm = Crm(len(history))
    # Everything that the state tells is newer than the lead: nothing but people's edits holds it back
    world = World(policies={"Phone": ("correct_if_older", 0)})
    keys = [world.facility(number, Phone=f"+1214555{number:02d}00", as_of=day(900)) for number in range(len(history))]
    waiting: dict[int, tuple[dict[str, Any], bool]] = {}
    for number, days in enumerate(history):
        if days[0]["before"] == "111":
            crm.value[number] = "000"
    for today in range(1, DAYS + 1):
        for number, days in enumerate(history):
            if today > 1:
                type_in(crm, number, days[today - 1]["before"], day(today))
                if days[today - 1]["told"]:
                    world.tell(number, Phone=f"+1214555{number:02d}{today:02d}", as_of=day(900))
        rows = {key: crm.extract(number, today == 1) for number, key in enumerate(keys)}
        world.extract(day(today + 0.1), {key: row for key, row in rows.items() if row is not None})
        found = world.run()
        for number, days in enumerate(history):
            plan, at = days[today - 1], day(today + 0.3)
            type_in(crm, number, plan["after"], day(today + 0.2))
            if number in waiting and plan["resumed"]:
                change, is_done = waiting.pop(number)
                world.say(change, "accepted" if is_done else "abandoned", at)
            change = found.get((keys[number], "Phone"), {})
            if not change or not change["is_claimable"] or number in waiting:
                continue
            world.say(change, "claimed", at)
            if crm.modified[number] > change["base_modified_at"]:
                world.say(change, "conflict", at + timedelta(seconds=1))
            elif plan["outcome"] in ("refused", "busy"):
                world.say(change, "rejected", at + timedelta(seconds=1), is_retryable=plan["outcome"] == "busy")
            else:
                is_done = plan["outcome"] != "cut"
                if is_done:
                    crm.write(number, change["new_value"], at + timedelta(seconds=1))
                if plan["outcome"] == "done":
                    world.say(change, "accepted", at + timedelta(seconds=2))
                else:
                    waiting[number] = change, is_done
    assert sum(map(len, crm.written)) > 10 and any(crm.is_theirs)


def type_in(crm: Crm, number: int, typed: str | None, at: datetime) -> None:
    """Let people type something, or nothing."""
    if typed in ("111", "222", "empty"):
        crm.edit(number, None if typed == "empty" else typed, at)
