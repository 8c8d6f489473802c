"""Daily sends while people work in Salesforce: what differs at the end is theirs, and nothing flips back.

A month in ordinary tests; LEADS_TEST_DAYS=92 makes it a quarter, which takes 43 s of CPU.
The queries of the outbox run on a small DuckDB, the pull and the sender as they are, against the fake Salesforce.
"""

from __future__ import annotations

import csv
import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from fake_salesforce.org import INTEGRATION, PERSON, Org
from fake_salesforce.server import Running
from lead_enrichment.outbox.changes import open_outbox
from lead_enrichment.outbox.ledger import HEADER, SOURCE, landed
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce.pull import pull
from lead_enrichment.salesforce.sender import KEY, SEEN, SalesforceTarget
from outbox_world import World
from salesforce_org import quick_client, serve

DAYS = int(os.environ.get("LEADS_TEST_DAYS", "31"))
# One more for each day of a longer time: people own what they wrote, and fewer fields are left to the project.
LEADS = max(40, DAYS)
# By field, the column of the extract.
FIELDS = {"Phone": "phone", "Email": "email", "Website": "website", "Capacity__c": "capacity_c"}


class Clock:
    """The time of the world."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        # Each look is a moment later.
        self.now += timedelta(milliseconds=50)
        return self.now


class Quarter:
    """Salesforce, what states tell, and the outbox between them."""

    def __init__(self, running: Running, paths: DataPaths, clock: Clock) -> None:
        self.running, self.paths, self.clock = running, paths, clock
        self.org: Org = running.fake.org
        self.world, self.dice = World(), random.Random(11)
        self.changes: dict[tuple[str, str], dict[str, Any]] = {}
        self.told: dict[tuple[int, str], str] = {}
        self.sent: Counter[str] = Counter()
        for number in range(LEADS):
            self.world.facility(number)

    def value(self, number: int, name: str) -> str:
        """Return a value of a field that nothing else has."""
        chance = self.dice.randrange(10**7)
        return {
            "Phone": f"+1702{chance:07d}", "Email": f"office{chance}@example.com", "Website": f"site{chance}.com",
            "Capacity__c": str(10 + chance % 400),
        }[name]  # fmt: skip

    def states_tell(self) -> None:
        """Let states tell something new of a few facilities, and of one that sales does not know."""
        for number in self.dice.sample(range(LEADS), 3):
            name = self.dice.choice([*FIELDS])
            value: Any = self.value(number, name)
            self.told[number, name] = value
            self.world.tell(number, self.clock.now, **{name: int(value) if name == "Capacity__c" else value})
        if self.dice.random() < 0.1:
            number = 1_000 + len(self.told)
            self.world.add("intermediate.int_entity", [{"lead_key": f"texas:{number}", "entity_key": f"E{number}"}])
            self.world.add(
                "facts.fact_enriched_lead",
                [
                    {
                        "entity_key": f"E{number}", "state_lead_key": f"texas:{number}", "sources": 1,
                        "match_status": "net_new", "confidence": 0.99, "reason": "no lead is it",
                        "name": f"New {number}", "contact_name": "Ann Lee", "city": "RENO", "state": "NV",
                    }
                ],
            )  # fmt: skip

    def people_work(self) -> None:
        """Let people edit, empty, delete, merge, convert and enter leads."""
        live = [row for row in self.org.leads.values() if not row["IsDeleted"] and not row["IsConverted"]]
        for row in self.dice.sample(live, self.dice.choice((0, 1, 1))):
            name = self.dice.choice([*FIELDS])
            text = self.value(0, name)
            given: Any = float(text) if name == "Capacity__c" else text
            self.org.write({name: None if self.dice.random() < 0.25 else given}, PERSON, row["Id"])
        chance = self.dice.random()
        if chance < 0.04:
            self.org.delete(self.dice.choice(live)["Id"], PERSON)
        elif chance < 0.07:
            first, second = self.dice.sample(live, 2)
            self.org.merge(first["Id"], second["Id"], PERSON)
        elif chance < 0.09:
            self.org.write({"Status": "Converted"}, PERSON, (row := self.dice.choice(live))["Id"])
            self.org.leads[row["Id"]]["IsConverted"] = True
        elif chance < 0.2:
            self.org.write({"LastName": "Entered", "Company": f"By hand {chance}"}, PERSON)

    def day(self) -> None:
        """Let a day go by: people work, the extract comes, the outbox is computed and sent, and people go on."""
        self.states_tell()
        self.people_work()
        self.clock.now += timedelta(hours=6)
        pulled = pull(quick_client(self.running.address), self.paths, None, False, lambda *_: None)
        if pulled.file is not None:
            self.extract(pulled.file)
        self.changes = self.world.run()
        self.publish()
        # Somebody edits between the extract and the sending, now and then what is about to be written.
        self.clock.now += timedelta(hours=1)
        self.people_work()
        coming = sorted(key for key, change in self.changes.items() if change["is_claimable"] and key[1] in FIELDS)
        if coming and self.dice.random() < 0.2:
            lead_key, name = self.dice.choice(coming)
            text = self.value(0, name)
            self.org.write({name: float(text) if name == "Capacity__c" else text}, PERSON, lead_key.partition(":")[2])
        self.clock.now += timedelta(minutes=5)
        with open_outbox(self.paths) as outbox:
            report = SalesforceTarget(quick_client(self.running.address)).send(
                outbox, self.paths, is_dry_run=False, limit=None, progress=lambda *_: None
            )
        assert report.unanswered == 0
        self.sent.update(report.outcomes)
        said = [
            {**{name: row[name] or None for name in HEADER}, "acted_at": self.clock.now, "received_at": self.clock.now,
             "is_retryable": row["is_retryable"] == "TRUE", "file_id": f"{self.clock.now}", "row_number": number}
            for number, row in enumerate(landed(self.paths))
        ]  # fmt: skip
        self.world.add("staging.stg_acknowledgement", said)
        for path in (self.paths.landing / SOURCE).glob("*.csv"):
            path.unlink()
        self.clock.now += timedelta(hours=11)

    def extract(self, file: Any) -> None:
        """Take in the extract that was pulled, as the models before the outbox do."""
        with file.open(encoding="utf-8", newline="") as stream:
            rows = {
                f"salesforce:{row['id'][:15]}": {
                    **{name: row[column] or None for name, column in FIELDS.items()},
                    "Capacity__c": int(row["capacity_c"]) if row["capacity_c"] else None,
                    "modified_at": datetime.fromisoformat(f"{row['last_modified_date']}+00:00"),
                    "is_live": row["is_deleted"] == "FALSE", "is_converted": row["is_converted"] == "TRUE",
                }
                for row in csv.DictReader(stream)
            }  # fmt: skip
        self.world.extract(self.clock.now, rows)
        file.unlink()
        # A lead that was made of a facility is matched with it.
        for row in self.org.leads.values():
            if row[KEY]:
                self.world.connection.execute(
                    "UPDATE facts.fact_enriched_lead SET salesforce_lead_key = ?, match_status = 'known', sources = 2 "
                    "WHERE state_lead_key = ?", [f"salesforce:{row['Id'][:15]}", row[KEY]],
                )  # fmt: skip

    def publish(self) -> None:
        """Let readers have what was computed."""
        self.paths.published.parent.mkdir(exist_ok=True)
        self.paths.published.unlink(missing_ok=True)
        connection = self.world.connection
        connection.execute(f"ATTACH '{self.paths.published}' AS published")
        for table in ("outbox.change", "staging.stg_acknowledgement"):
            connection.execute(f"CREATE SCHEMA published.{table.split('.')[0]}")
            connection.execute(f"CREATE TABLE published.{table} AS FROM memory.{table}")
        connection.execute("DETACH published")


def test_in_the_end_every_difference_is_a_persons_or_a_policys(paths: DataPaths) -> None:
    clock = Clock()
    with serve(0, clock=clock) as running:
        org = running.fake.org
        org.load(
            {
                "Id": f"S{number}", "LastName": "L", "Company": f"Facility {number}", "Status": "Working",
                "CreatedDate": "2026-01-05T08:00:00Z", "LastModifiedDate": "2026-01-05T08:00:00Z",
                "Phone": "+17025550100" if number % 3 == 0 else None,
            }
            for number in range(LEADS)
        )  # fmt: skip
        quarter = Quarter(running, paths, clock)
        for _ in range(DAYS):
            quarter.day()
        # One more extract, which confirms.
        quarter.day()
    changes, log = quarter.changes, org.log
    assert quarter.sent["accepted"] > LEADS and quarter.sent["conflict"] > 0, quarter.sent

    # Nothing of ours stands in place of what a person entered, and no value comes back.
    seen: dict[tuple[str, str], list[Any]] = {}
    last_writer: dict[tuple[str, str], str] = {}
    for entry in log:
        for name, (old, new) in entry.changes.items():
            place = (entry.row_id, name)
            if entry.user == INTEGRATION and entry.what == "update" and name != SEEN:
                assert last_writer.get(place) != PERSON or old is None, (entry, "over a person's value")
                assert new not in seen.get(place, []), (entry, "a value came back")
            seen.setdefault(place, []).append(new)
            last_writer[place] = entry.user
    made = Counter(row[KEY] for row in org.leads.values() if row[KEY])
    assert made and max(made.values()) == 1

    # What differs is explained.
    explained: Counter[str] = Counter()
    for (number, name), value in quarter.told.items():
        row = org.leads[f"S{number}"]
        held = row[name]
        if str(held if name != "Capacity__c" or held is None else int(held)) == value:
            explained["the same"] += 1
            continue
        change = changes.get((f"salesforce:S{number}", name))
        if row["IsDeleted"]:
            explained["people deleted the lead"] += 1
        elif change is not None and change["blocked_reason"]:
            explained[f"blocked: {change['blocked_reason'][:24]}"] += 1
        elif change is not None and change["is_claimable"]:
            # Told or emptied on the last day.
            explained["to be sent"] += 1
        elif last_writer.get((f"S{number}", name)) == PERSON:
            explained["a person's value"] += 1
        elif held is not None:
            explained["policy: blank fields alone"] += 1
        else:
            raise AssertionError((number, name, value, held, change))
    print(dict(quarter.sent), dict(explained))
    assert explained["the same"] > 10
    assert explained["to be sent"] <= 12
