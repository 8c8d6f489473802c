"""The history of leads is what a plain reading of the deliveries says, however it was computed."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from helpers import PLAN, RUN, csv_text, land, query
from lead_enrichment.contracts import contracts
from lead_enrichment.ingest.ledger import Ledger

# What the history rests on and what a backfill restates, and nothing that rests on it: half of the time of a plan.
HISTORY = ("--select-model", "+dims.dim_lead", "--select-model", "staging.*")

TODAY = datetime.now(UTC).date()
# The day before the story begins.
START = TODAY - timedelta(days=12)

# A lead as the story tells it, and the columns of dim_lead that show it.
Content = tuple[Any, ...]
SHOWN = "name_raw, COALESCE(phone_raw, ''), COALESCE(lead_status, ''), is_deleted"


@dataclass(frozen=True)
class Row:
    """One delivered row: what it says of a lead, and when the source changed it (change feeds only)."""

    lead_key: str
    content: Content
    modified: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One loaded file as the replay sees it, rows in file order."""

    source_key: str
    is_snapshot: bool
    file_date: date
    received_at: datetime
    rows: Sequence[Row]


@dataclass
class Open:
    """What is known of a lead at one point of the replay."""

    content: Content
    is_listed: bool = True
    modified: datetime | None = None


@dataclass
class History:
    """Validity rows of one lead: (content, is_listed, valid_from, valid_to)."""

    rows: list[tuple[Content, bool, datetime, datetime | None]] = field(default_factory=list)

    def note(self, content: Content, is_listed: bool, received_at: datetime) -> None:
        if self.rows:
            last_content, last_listed, valid_from, _ = self.rows[-1]
            if (last_content, last_listed) == (content, is_listed):
                return
            self.rows[-1] = (last_content, last_listed, valid_from, received_at)
        self.rows.append((content, is_listed, received_at, None))


def changes(deliveries: Iterable[Delivery]) -> Iterator[tuple[str, Content, bool, datetime]]:
    """Return every change of a lead as (lead_key, content, is_listed, received_at), delivery by delivery."""
    known: dict[str, Open] = {}
    newest_date: dict[str, date] = {}
    for delivery in sorted(deliveries, key=lambda item: item.received_at):
        last_rows = {row.lead_key: row for row in delivery.rows}
        if delivery.is_snapshot:
            if delivery.file_date < newest_date.get(delivery.source_key, delivery.file_date):
                continue
            newest_date[delivery.source_key] = delivery.file_date
            for lead_key, lead in known.items():
                if lead_key.startswith(f"{delivery.source_key}:") and lead.is_listed and lead_key not in last_rows:
                    lead.is_listed = False
                    yield lead_key, lead.content, False, delivery.received_at
        for lead_key, row in last_rows.items():
            before = known.get(lead_key)
            if before and before.modified and row.modified and row.modified < before.modified:
                continue
            known[lead_key] = Open(row.content, True, row.modified)
            if before is None or not before.is_listed or before.content != row.content:
                yield lead_key, row.content, True, delivery.received_at


def replay(deliveries: Iterable[Delivery]) -> list[tuple[Any, ...]]:
    """Return dim_lead as (lead_key, *content, is_listed, valid_from, valid_to, is_current); of a day the last one."""
    last_of_day: dict[tuple[date, str], tuple[Content, bool, datetime]] = {}
    for lead_key, content, is_listed, received_at in changes(deliveries):
        last_of_day[received_at.astimezone(UTC).date(), lead_key] = (content, is_listed, received_at)
    histories: dict[str, History] = {}
    for (_, lead_key), change in sorted(last_of_day.items(), key=lambda item: item[0]):
        histories.setdefault(lead_key, History()).note(*change)
    return [
        (lead_key, *content, is_listed, valid_from, valid_to, valid_to is None)
        for lead_key, history in sorted(histories.items())
        for content, is_listed, valid_from, valid_to in history.rows
    ]


def dim_lead(data: Path) -> list[tuple[Any, ...]]:
    return query(
        data,
        f"SELECT lead_key, {SHOWN}, is_listed, valid_from, valid_to, is_current FROM dims.dim_lead "
        "ORDER BY lead_key, valid_from",
    )


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@dataclass(frozen=True)
class File:
    """One file of the story: rows as (natural id, name, phone) or, for Salesforce, with status, deleted, modified."""

    source_key: str
    file_date: date
    rows: Sequence[tuple[Any, ...]]
    suffix: str = ""

    @property
    def name(self) -> str:
        return f"{self.source_key}_{self.file_date}{self.suffix}.csv"

    def text(self) -> str:
        deliver = {"nevada": nevada, "texas": texas, "salesforce": salesforce}[self.source_key]
        header = [column.header for column in contracts()[self.source_key].columns]
        return csv_text([deliver(*row) for row in self.rows], header)

    def delivery(self, received_at: datetime) -> Delivery:
        is_snapshot = self.source_key != "salesforce"
        rows = [
            Row(f"{self.source_key}:{row[0]}", (row[1], row[2], "", False))
            if is_snapshot
            else Row(f"{self.source_key}:{row[0]}", (row[1], row[2], row[3], row[4]), row[5])
            for row in self.rows
        ]
        return Delivery(self.source_key, is_snapshot, self.file_date, received_at, rows)


def nevada(natural_id: str, name: str, phone: str) -> dict[str, str]:
    address = "150 N. WILLOW ST MESQUITE, NV 89027"
    return {
        "Name": name, "Credential Type": "CENTER", "Credential Number": f"{natural_id}-22", "Status": "Active",
        "Address": address, "State": "NV", "County": "CLARK", "Phone": phone, "First Issue Date": "12/1/13",
    }  # fmt: skip


def texas(natural_id: str, name: str, phone: str) -> dict[str, str]:
    return {
        "Operation": natural_id, "Operation Name": name, "Address": "401 FM 685 STE 104", "City": "HUTTO",
        "State": "TX", "Zip": "78634", "Phone": phone, "Type": "Licensed Center", "Status": "Full Permit",
    }  # fmt: skip


def salesforce(
    natural_id: str, name: str, phone: str, status: str, is_deleted: bool, modified: datetime, viewed: str = ""
) -> dict[str, str]:
    return {
        "id": natural_id, "company": name, "phone": phone, "status": status, "is_deleted": str(is_deleted).upper(),
        "created_date": "2024-03-02 2:56:37", "last_modified_date": f"{modified:%Y-%m-%d %H:%M:%S}",
        "last_name": "Doe", "last_viewed_date": viewed,
    }  # fmt: skip


def at(days: int) -> datetime:
    return datetime.combine(days_ago(days), datetime.min.time(), UTC)


SUNNY, SUNNY_MOVED, SUNNY_WRONG = (("1106", "SUNNY DAYS", f"702-393-940{digit}") for digit in (0, 1, 2))
BEAR, BEAR_MOVED = (("1107", "BEAR CUBS", phone) for phone in ("702-393-9410", "702-393-9411"))
CAMEL, DUNE, ELM = (("1108", "CAMEL", "702-393-9420"), ("1109", "DUNE", ""), ("1110", "ELM", "702-393-9440"))
TEXAN, LONE = (("501", "TEXAN KIDS", "512-555-0101"), ("502", "LONE STAR", "512-555-0102"))

ARCHIVE = (
    # The delivery repeats a lead: its last row counts
    File("nevada", days_ago(11), (SUNNY, BEAR, CAMEL, (*DUNE[:2], "702-393-9431"), DUNE)),
    # Camel is no longer listed, Elm is new
    File("nevada", days_ago(9), (SUNNY, BEAR_MOVED, DUNE, ELM)),
    # A file was due and did not come: nothing happens. Then Camel is back as it was, Elm and Sunny are wrong …
    File("nevada", days_ago(5), (SUNNY_WRONG, BEAR_MOVED, CAMEL, DUNE)),
    # … and a file of the same date corrects that
    File("nevada", days_ago(5), (SUNNY_MOVED, BEAR_MOVED, CAMEL, DUNE, ELM), "_corrected"),
    # Camel goes for the second time
    File("nevada", days_ago(3), (SUNNY_MOVED, BEAR_MOVED, DUNE, ELM)),
    File("texas", days_ago(10), (TEXAN, LONE)),
    File("texas", days_ago(4), (LONE, TEXAN)),
    File(
        "salesforce",
        days_ago(10),
        tuple((key, f"SCHOOL {key}", "702-393-9450", "New", False, at(20)) for key in ("S1", "S2", "S3")),
    ),
    # What a change feed does not list stays as it is
    File("salesforce", days_ago(8), (("S1", "SCHOOL S1", "702-393-9450", "Working", False, at(8)),)),
    File("salesforce", days_ago(6), (("S2", "SCHOOL S2", "702-393-9450", "New", True, at(6)),)),
    File(
        "salesforce",
        days_ago(4),
        (
            # Older than what is known of S1
            ("S1", "SCHOOL S1", "702-393-9450", "Assigned", False, at(9)),
            # Only a view: no change of content
            ("S3", "SCHOOL S3", "702-393-9450", "New", False, at(4), "2026-01-02"),
        ),
    ),
    # Deleted by mistake, and restored as it was
    File("salesforce", days_ago(2), (("S2", "SCHOOL S2", "702-393-9450", "New", False, at(2)),)),
)
LATE = (
    # Stale as a whole: neither Sunny's old phone nor a lead that nobody else lists enters
    File("nevada", days_ago(7), (SUNNY, ("1199", "NEVER SEEN", ""))),
    # Stale by lead: S1 is known better, S3 and the unknown S4 are not
    File(
        "salesforce",
        days_ago(9),
        (
            ("S1", "SCHOOL S1", "702-393-9450", "Recycled", False, at(10)),
            ("S3", "SCHOOL S3", "702-393-9450", "Assigned", False, at(1)),
            ("S4", "SCHOOL S4", "702-393-9450", "New", False, at(9)),
        ),
    ),
    File("texas", TODAY, (TEXAN,)),
)
# What today's first file left out is back, with another phone
EVENING = File("texas", TODAY, (TEXAN, (*LONE[:2], "512-555-0188")), "_corrected")
# Found long after: the file that did not come
BACKFILLED = File("nevada", days_ago(6), (SUNNY, BEAR, ("1177", "BACKFILLED", "")))


def land_files(data: Path, *files: File) -> None:
    for item in files:
        land(data, item.name, item.text(), item.source_key)


def received(data: Path, *files: File) -> list[Delivery]:
    """Return the files as deliveries, with the time at which the ledger says that they were taken in."""
    times = {row["file_name"]: row["received_at"].astimezone(UTC) for row in Ledger(data / "bronze").attempts()}
    return [item.delivery(times[item.name]) for item in files]


@dataclass(frozen=True)
class Stage:
    """What production held at one point of the story."""

    dim_lead: list[tuple[Any, ...]]
    log: list[tuple[Any, ...]]

    def of(self, lead_key: str) -> list[tuple[Any, ...]]:
        return [row for row in self.dim_lead if row[0] == lead_key]


@dataclass(frozen=True)
class Story:
    """The stages of the story, and the deliveries that each of them has seen."""

    stages: dict[str, Stage]
    archive: list[Delivery]
    late: list[Delivery]
    evening: list[Delivery]
    backfilled: list[Delivery]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Story:
    """Plan the archive in one step, then live through a day: late files, nothing new, a correction, restatements."""
    data = tmp_path_factory.mktemp("history") / "data"
    data.mkdir()
    stages: dict[str, Stage] = {}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return run(*words, data=data)

    def look(stage: str) -> None:
        log = "SELECT lead_key, received_at, lead_version_key FROM intermediate.int_lead_version ORDER BY ALL"
        stages[stage] = Stage(dim_lead(data), query(data, log))

    land_files(data, *ARCHIVE)
    command("leads", "ingest", "--backfill")
    command(*PLAN, *HISTORY)
    look("planned")
    day = str(days_ago(5))
    command(*PLAN, *HISTORY, "--restate-model", "dims.dim_lead_validity", "--start", day, "--end", day)
    look("middle")
    land_files(data, *LATE)
    command(*RUN, *HISTORY)
    look("late")
    command(*RUN, *HISTORY)
    look("again")
    land_files(data, EVENING)
    command(*RUN, *HISTORY)
    look("evening")
    command(
        *(*PLAN, *HISTORY, "--restate-model", "intermediate.int_lead_version", "--start", str(START)),
        *("--run", "--ignore-cron"),
    )
    look("restated")
    land_files(data, BACKFILLED)
    said = command("leads", "ingest", "--backfill").stderr
    command(*shlex.split(said.partition(" Run: ")[2]), *PLAN[2:], *HISTORY)
    look("backfilled")
    return Story(stages, *(received(data, *files) for files in (ARCHIVE, LATE, (EVENING,), (BACKFILLED,))))


def test_archive_planned_in_one_step_equals_the_replay(story: Story) -> None:
    assert story.stages["planned"].dim_lead == replay(story.archive)


def test_restatement_of_a_day_in_the_middle_leaves_the_days_around_it(story: Story) -> None:
    assert story.stages["middle"].dim_lead == replay(story.archive)


def test_story_holds_each_kind_of_change(story: Story) -> None:
    """Guard the story itself: a replay that saw nothing happen would agree with a pipeline that does nothing."""
    planned = story.stages["planned"]
    assert [row[5] for row in planned.of("nevada:1108")] == [True, False, True, False], "delisted and relisted"
    assert [row[4] for row in planned.of("salesforce:S2")] == [False, True, False], "deleted and restored"
    assert [row[2] for row in planned.of("nevada:1106")] == [SUNNY[2], SUNNY_MOVED[2]], "corrected"
    assert len(planned.of("salesforce:S3")) == 1, "viewed only"


def test_late_files_enter_when_they_become_known(story: Story) -> None:
    assert story.stages["late"].dim_lead == replay([*story.archive, *story.late])


def test_late_change_feed_is_judged_by_lead_and_late_snapshot_as_a_whole(story: Story) -> None:
    late = story.stages["late"]
    (feed,) = (delivery for delivery in story.late if delivery.source_key == "salesforce")
    assert [row[6] for row in late.of("salesforce:S4")] == [feed.received_at]
    assert [row[3] for row in late.of("salesforce:S3")] == ["New", "Assigned"]
    assert [row[3] for row in late.of("salesforce:S1")] == ["New", "Working"]
    assert late.of("nevada:1199") == []


def test_running_again_changes_nothing(story: Story) -> None:
    assert story.stages["again"] == story.stages["late"]


def test_second_change_of_a_day_closes_the_first_where_it_begins(story: Story) -> None:
    before, after = (story.stages[stage].of("texas:502") for stage in ("again", "evening"))
    (evening,) = (delivery.received_at for delivery in story.evening)
    # Gone in the morning, back in the evening: what was shown in between is not taken back
    assert [row[5] for row in after] == [True, False, True]
    assert after[0] == before[0]
    assert after[1][6:] == (before[1][6], evening, False)
    assert after[2][6:] == (evening, None, True)


def test_log_computed_in_one_step_equals_the_log_that_grew_by_the_day(story: Story) -> None:
    assert story.stages["restated"].log == story.stages["evening"].log


def test_restatement_keeps_the_last_change_of_a_day_as_the_replay_does(story: Story) -> None:
    assert story.stages["restated"].dim_lead == replay([*story.archive, *story.late, *story.evening])


def test_backfill_into_days_already_done_is_right_after_the_restatement_that_ingest_names(story: Story) -> None:
    deliveries = [*story.archive, *story.late, *story.evening, *story.backfilled]
    assert story.stages["backfilled"].dim_lead == replay(deliveries)
    # The next delivery after it does not list the lead
    assert [row[5] for row in story.stages["backfilled"].of("nevada:1177")] == [True, False]


def test_demo_equals_the_replay_of_its_deliveries(planned_demo: Path) -> None:
    """What a row says is taken from staging, which has tests of its own; what history it makes is not."""
    rows: dict[str, list[Row]] = {}
    staged = query(
        planned_demo,
        "SELECT file_id, lead_key, content_hash, source_modified_at FROM intermediate.int_lead_delivered "
        "ORDER BY file_id, row_number",
    )
    for file_id, lead_key, content_hash, modified in staged:
        rows.setdefault(file_id, []).append(Row(lead_key, (content_hash,), modified))
    deliveries = [
        Delivery(
            row["source_key"], row["delivery_mode"] == "full_snapshot", row["file_date"],
            row["received_at"].astimezone(UTC), rows[row["file_id"]],
        )
        for row in Ledger(planned_demo / "bronze").attempts()
        if row["status"] == "loaded"
    ]  # fmt: skip
    replayed = replay(deliveries)
    held = (
        "SELECT lead_key, content_hash, is_listed, valid_from, valid_to, is_current FROM dims.dim_lead "
        "ORDER BY lead_key, valid_from"
    )
    assert query(planned_demo, held) == replayed
    assert len({row[0] for row in replayed}) < len(replayed), "the demo changes no lead"
