"""Senders that are killed at random while Salesforce fails at random and people edit: nothing is doubled or lost.

Half of LEADS_TEST_KILLS says how many are started; each dies at a random request or writing, or comes to its end.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import ROOT, command_environment
from fake_salesforce.org import INTEGRATION, PERSON, Entry, Fault, Org
from lead_enrichment.outbox.ledger import landed
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce.sender import KEY, SEEN
from outbox_stand_in import create, publish, run, states, update
from salesforce_org import serve

# Half as many as of alerts, since each takes longer.
KILLS = int(os.environ.get("LEADS_TEST_KILLS", "40")) // 2
SETTLED = {"accepted", "rejected", "conflict"}
LEADS, CREATES, FIELDS = 40, 12, ("Phone", "City", "Website")
FAULTS = (
    Fault("cut", 0.03), Fault("cut_after", 0.06), Fault("unavailable", 0.04), Fault("expired", 0.02),
    Fault("locked", 0.05), Fault("job_fails", 0.2),
)  # fmt: skip


class Time:
    """A clock of which each look is a second later: no two writes share a stamp by chance of a quick machine."""

    def __init__(self) -> None:
        self.seconds = datetime.fromisoformat("2026-11-02T06:00:00+00:00").timestamp()

    def __call__(self) -> datetime:
        self.seconds += 0.25
        return datetime.fromtimestamp(self.seconds, UTC)


class Days:
    """Days on which people edit, senders are killed, and a run takes in what they said."""

    def __init__(self, org: Org, paths: DataPaths, seed: int) -> None:
        self.org, self.paths, self.dice = org, paths, random.Random(seed)
        self.round, self.said, self.texts = 0, [], Counter[str]()

    def publish(self) -> None:
        """Compute the changes of a day from an extract: blank fields of leads, and a few creates."""
        self.round += 1
        changes, number = [], self.round * 10_000
        for row in self.org.leads.values():
            if row["IsDeleted"] or row[KEY]:
                continue
            place = int(row["Id"][3:15])
            for field in FIELDS:
                number += 1
                if row[field] is None and self.dice.random() < 0.7:
                    value = "no@address" if self.dice.random() < 0.02 else f"{field} {self.round}"
                    changes.append(
                        update(number, place, field, value, base_modified_at=row["LastModifiedDate"], old_value=None)
                    )
        # A few that Salesforce will not have, for its words.
        changes += [create(number + item, City="x" * 41 if item % 5 == 4 else "Reno") for item in range(CREATES)]
        publish(self.paths, changes)

    def edit(self) -> None:
        """Let people edit, and empty fields so that there is something to fill."""
        for row in self.dice.sample([row for row in self.org.leads.values() if not row["IsDeleted"]], 4):
            field = self.dice.choice(FIELDS)
            value = None if self.dice.random() < 0.6 else f"a person's {field} {self.org.now()}"
            self.org.write({field: value}, PERSON, row["Id"])

    def take_in(self) -> None:
        """Keep what senders said, and let a run take it in."""
        self.said += [*landed(self.paths)]
        run(self.paths)


def overwritten(log: list[Entry]) -> list[Entry]:
    """Return the writes of ours over a value of a person."""
    ours = [entry for entry in log if entry.user == INTEGRATION]
    return [entry for entry in ours if any(str(old).startswith("a person's") for old, _ in entry.changes.values())]


@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "conditional"])
def test_killed_senders_double_nothing_overwrite_nobody_and_lose_no_error(paths: DataPaths, is_guarded: bool) -> None:
    kills = max(KILLS // 2, 1)
    with serve(LEADS, clock=Time()) as running:
        org = running.fake.org
        if not is_guarded:
            del org.objects["Lead"][SEEN]
            org.has_guard = False
        days = Days(org, paths, seed=7)
        environment = command_environment(paths.root)
        environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
        words = (sys.executable, str(Path(__file__).with_name("salesforce_sender_process.py")))
        ends: Counter[str] = Counter()
        with subprocess.Popen(
            [*words, str(paths.root), running.address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        ) as process:  # fmt: skip
            assert process.stdin is not None and process.stdout is not None

            def start(line: str) -> str:
                process.stdin.write(f"{line}\n")  # type: ignore[union-attr]
                process.stdin.flush()  # type: ignore[union-attr]
                return process.stdout.readline().strip()  # type: ignore[union-attr]

            seed = 0
            while seed < kills:
                days.publish()
                org.faults[:] = [Fault(fault.kind, fault.share) for fault in FAULTS]
                for _ in range(min(4, kills - seed)):
                    ends[start(str(seed))] += 1
                    seed += 1
                    days.edit()
                    if days.dice.random() < 0.5:
                        days.take_in()
                # At last it comes to its end, as often as something that passes is in the way.
                org.faults.clear()
                for _ in range(4):
                    assert start("whole") == "ended 0"
                    days.take_in()
                    left = states(paths)
                    if set(left) <= SETTLED:
                        break
                assert set(left) <= SETTLED, left
            process.stdin.close()
    assert ends["killed"] > kills / 4, ends
    assert set(ends) <= {"killed", "ended 0", "ended 1"}

    # No create is doubled.
    created = Counter(row[KEY] for row in org.leads.values() if row[KEY])
    assert created and max(created.values()) == 1
    made = [entry.row_id for entry in org.log if entry.user == INTEGRATION and entry.what == "create"]
    assert len(made) == len(created)
    # No person's edit is overwritten.
    assert not overwritten(org.log)
    # Each rejection has Salesforce's own words.
    refused = [event for event in days.said if event["event"] == "rejected"]
    assert refused
    assert not [event for event in refused if not event["message"].partition(": ")[0].isupper()]
    assert any("STRING_TOO_LONG" in event["message"] for event in refused)
    # What is said to be accepted was written; what was written is said to be, unless a person edited it since.
    accepted = {(event["lead_key"], event["field"]) for event in days.said if event["event"] == "accepted"}
    written = {
        (f"salesforce:{entry.row_id[:15]}", name): entry
        for entry in org.log if entry.user == INTEGRATION and entry.what == "update"
        for name in entry.changes if name != SEEN
    }  # fmt: skip
    assert {pair for pair in accepted if pair[1] != "*"} <= set(written)
    for pair in set(written) - accepted:
        later = org.log[written[pair].number + 1 :]
        assert any(entry.user == PERSON and entry.row_id == written[pair].row_id for entry in later), pair
    assert len({pair for pair in accepted if pair[1] == "*"}) == len(created)
    print(f"{kills} processes: {dict(ends)}; {len(created)} creates, {len(written)} fields, {len(refused)} refused")
