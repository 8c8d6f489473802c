"""The whole loop on demo data, against the fake Salesforce: pull, match, preview, release, send, confirm.

`make demo-loop` calls it. The data directory is its own, and is made anew each time.
"""

from __future__ import annotations

import csv
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fake_salesforce.fields import full_id
from fake_salesforce.org import INTEGRATION, PERSON, Org
from fake_salesforce.server import CLIENT_ID, CLIENT_SECRET, FakeSalesforce, Running
from lead_enrichment.outbox.ledger import without_guard
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce.pull import column_of
from lead_enrichment.warehouse.connection import connect

ROOT = Path(__file__).parents[2]
LEADS = (sys.executable, "-c", "from lead_enrichment.cli import app; app()")
# Says that a folder was made by this script, and may be made anew.
MARKER = ".demo_loop"
# So that a person is asked, as at the first load of an org, to which limits of config.yaml a small demo hardly comes.
LIMITS = {"SQLMESH__VARIABLES__OUTBOX_MAX_CREATES": "20", "SQLMESH__VARIABLES__OUTBOX_MIN_CHANGED_LEADS": "10"}
# What the outbox is computed from and what a summary shows: nothing of the other models is seen here.
MODELS = ("outbox.change", "marts.pair_to_review", "facts.fact_file_load", "ops.match_decision")
SELECTED = tuple(word for name in MODELS for word in ("--select-model", f"+{name}"))
PLAN = ("plan", "--auto-apply", "--no-prompts", "--skip-tests", *SELECTED)
# What people type: no phone of the demo, so that it cannot be taken for one of the project's.
TYPED_BEFORE, TYPED_AFTER = "(702) 555-0142", "(702) 555-0177"


@dataclass(frozen=True)
class Loop:
    """What came of going round.

    Args:
        org: The fake Salesforce as it is in the end.
        before: Lead and field that a person edited between preview and sending.
        after: Lead and field that a person edited after they were sent.
        changes: outbox.change in the end, by lead and field.
        owned: Lead and field of what belongs to people in the end.
    """

    org: Org
    before: tuple[str, str]
    after: tuple[str, str]
    changes: dict[tuple[str, str], dict[str, Any]]
    owned: set[tuple[str, str]]

    def held(self, place: tuple[str, str]) -> Any:
        """Return what Salesforce holds in a field of a lead."""
        return self.org.leads[full_id(place[0].partition(":")[2])][place[1]]

    @property
    def is_closed(self) -> bool:
        """Whether nothing that was sent is in doubt, and what people typed stands."""
        on_their_way = [row for row in self.changes.values() if row["state"] in ("claimed", "accepted")]
        stands = self.held(self.before) == TYPED_BEFORE and self.held(self.after) == TYPED_AFTER
        return not on_their_way and stands and {self.before, self.after} <= self.owned


def leads_of(folder: Path, org: Org) -> Iterator[dict[str, Any]]:
    """Return the leads of a demo's extracts as the org of its sales team holds them."""
    fields = {column_of(name): item for name, item in org.objects["Lead"].items()}
    newest: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            newest |= {row["id"]: row for row in csv.DictReader(stream)}
    for row in newest.values():
        told = {fields[column_of(header)]: without_guard(text) or None for header, text in row.items()}
        yield {item.name: _typed(item.kind, text) for item, text in told.items()}


def _typed(kind: str, text: str | None) -> Any:
    """Return a value of an extract as the org keeps it."""
    if kind == "boolean":
        return text == "TRUE"
    if text is None or kind not in ("double", "datetime"):
        return text
    if kind == "double":
        return float(text)
    day, _, clock = text.partition(" ")
    return f"{day}T{clock.zfill(8) if clock else '00:00:00'}Z"


class Guide:
    """Calls commands on the data directory, and says before each step what it is for."""

    def __init__(self, paths: DataPaths, address: str) -> None:
        self.paths, self.step = paths, 0
        self.environment = {
            **os.environ, **LIMITS, "LEADS_DATA_DIR": str(paths.root), "SALESFORCE_INSTANCE_URL": address,
            "SALESFORCE_CLIENT_ID": CLIENT_ID, "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
        }  # fmt: skip

    def say(self, text: str) -> None:
        """Begin a step."""
        self.step += 1
        print(f"\n{self.step}. {text}", flush=True)

    def leads(self, *words: str, expect: tuple[int, ...] = (0,), is_quiet: bool = False) -> None:
        """Run `leads …` as a person would; a quiet one prints only where it fails.

        Raises:
            SystemExit: It ended with another exit code than is expected.
        """
        print(f"\n$ leads {shlex.join(words)}", flush=True)
        done = subprocess.run(
            [*LEADS, *words], cwd=ROOT, env=self.environment, capture_output=is_quiet, text=True, check=False
        )
        if done.returncode not in expect:
            print(done.stdout or "", done.stderr or "", flush=True)
            raise SystemExit(f"leads {shlex.join(words)} ended with exit code {done.returncode}")

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds in the published copy of production."""
        with connect(str(self.paths.published), read_only=True) as connection:
            return list(connection.execute(query).to_arrow_table().to_pylist())

    def number(self, where: str) -> int:
        """Return how many changes of the outbox meet a condition."""
        return int(self.rows(f"SELECT COUNT(*) AS number FROM outbox.change WHERE {where}")[0]["number"])


def made_anew(data: Path) -> DataPaths:
    """Return an empty data directory.

    Raises:
        SystemExit: The folder holds something that this script has not made.
    """
    if data.exists() and any(data.iterdir()) and not (data / MARKER).exists():
        raise SystemExit(f"{data} is not empty, and holds no loop of before. Name another folder.")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    (data / MARKER).touch()
    return DataPaths(data)


def go_round(data: Path) -> Loop:
    """Make a demo, and go round the loop once."""
    paths = made_anew(data)
    org = Org(settings=ROOT / "docs" / "salesforce")
    with Running(FakeSalesforce(org)) as running:
        guide = Guide(paths, running.address)
        guide.say(
            "A demo of 300 facilities. Its Salesforce leads go into a fake Salesforce, which runs on this machine."
        )
        guide.leads("demo", "--facilities", "300", "--months", "1", "--no-advice", is_quiet=True)
        shutil.move(paths.landing / "salesforce", data / "org")
        org.load(leads_of(data / "org", org))
        print(f"Salesforce holds {len(org.leads):,} leads; the files of three states wait in landing.", flush=True)

        guide.say("Pull: all leads come by Bulk API 2.0 and land as a file, as if a person had put it there.")
        guide.leads("pull", "salesforce")

        guide.say("Ingest, match, and compute what Salesforce should hold. This is the longest step.")
        guide.leads("sqlmesh", "--log-file-dir", str(data / "logs"), *PLAN, is_quiet=True)
        guide.leads("summary")

        guide.say("Preview: what should change in Salesforce, and what holds it back. Nothing was sent yet.")
        guide.leads("outbox", "list", "--limit", "5")

        guide.say("Release: it is more than the limits allow at once, so a person looks at it and lets it pass.")
        for what, operation in (("--creates", "create"), ("--updates", "update")):
            if guide.number(f"operation = '{operation}' AND is_over_limit"):
                guide.leads("outbox", "release", what, "--reason", "the first load, looked at")
        guide.leads("refresh", is_quiet=True)
        print(f"{guide.number('is_claimable'):,} changes may be sent now.", flush=True)
        guide.leads("outbox", "send", "salesforce", "--limit", "5")

        before, after = _to_edit(guide)
        guide.say(
            f"Between preview and sending, somebody in sales types the {before[1]} of {before[0]}: {TYPED_BEFORE}."
        )
        _type_in(org, before, TYPED_BEFORE)

        guide.say(
            "Send. What was edited meanwhile is left out, as a conflict; hence exit code 1, so that a person looks."
        )
        guide.leads("outbox", "send", "salesforce", "--send", expect=(1,))

        guide.say(f"After it, somebody corrects the {after[1]} of {after[0]}, which was just filled: {TYPED_AFTER}.")
        _type_in(org, after, TYPED_AFTER)

        guide.say("Pull and refresh again: the next extract tells what Salesforce really holds.")
        guide.leads("pull", "salesforce")
        guide.leads("refresh", is_quiet=True)
        created, updated = (
            guide.number(f"state = 'confirmed' AND operation = '{name}'") for name in ("create", "update")
        )
        print(f"Confirmed by the extract: {created:,} new leads, {updated:,} fields.", flush=True)
        guide.leads("outbox", "list", "--state", "confirmed", "--limit", "3")

        guide.say("The edits of people won: their fields belong to them, and nothing is sent there any more.")
        for lead, _ in (before, after):
            guide.leads("outbox", "show", lead)
        guide.leads("outbox", "send", "salesforce")

        changes = {(row["lead_key"], row["field"]): row for row in guide.rows("FROM outbox.change")}
        owned = guide.rows("SELECT lead_key, field FROM outbox.human_edit WHERE is_owned")
        return Loop(org, before, after, changes, {(row["lead_key"], row["field"]) for row in owned})


def _to_edit(guide: Guide) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return lead and field of two changes that are about to be sent, of two leads.

    Raises:
        SystemExit: There are none.
    """
    query = """
        SELECT lead_key, MIN(field) AS field FROM outbox.change
        WHERE is_claimable AND operation = 'update' AND field IN ('Phone', 'MobilePhone') GROUP BY ALL ORDER BY ALL
    """
    found = [(row["lead_key"], row["field"]) for row in guide.rows(query)]
    if len(found) < 2:
        raise SystemExit("Fewer than two leads of the demo lack a phone: there is nothing to edit.")
    return found[0], found[-1]


def _type_in(org: Org, place: tuple[str, str], value: str) -> None:
    """Let a person of the org type a value into a field of a lead."""
    written = org.write({place[1]: value}, PERSON, place[0].partition(":")[2])
    assert written.refusal is None, written.refusal


def main() -> None:
    """Go round in the folder that is named; exit code 1 where the loop is not closed."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/python/demo_loop.py FOLDER")
    loop = go_round(Path(sys.argv[1]).absolute())
    written = sum(entry.user == INTEGRATION for entry in loop.org.log)
    print(f"\n{written:,} leads were written to Salesforce. The data lie in {Path(sys.argv[1]).absolute()}.")
    if not loop.is_closed:
        raise SystemExit("The loop is not closed: see `leads outbox list` on these data.")
    print("All that was sent is confirmed, and what people typed stands.")


if __name__ == "__main__":
    main()
