"""Files and drift, quality, incidents and feedback in Chromium: what operators and stewards do all day."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app_pages import DESK, PHONE, View, assert_page_is_sound, assert_path_is_sound, opened, running_app
from conftest import copy_project
from helpers import csv_rows, query
from lead_enrichment.app.charts import months_chart, svg_of
from lead_enrichment.app.people import add_person
from lead_enrichment.app.rehearsals import last_rehearsal, start_rehearsal
from lead_enrichment.contracts import lead_contracts, read_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import archive
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths

# In every view those that people open daily; the others as a phone by day and a desk by night show them.
DAILY = {
    "files": "/files",
    "quality": "/quality",
    "incidents": "/incidents?which=all",
    "feedback_mine": "/feedback/mine",
    "feedback_queue": "/feedback/queue",
}
OTHERS = {
    "quality_rules": "/quality/rules?source=texas",
    "quality_anomalies": "/quality/anomalies",
    "quality_profiles": "/quality/profiles?source=oklahoma",
    "rehearsal": "/files/rehearsal",
}


@pytest.mark.browser
@pytest.mark.parametrize("name", DAILY)
def test_daily_page_is_sound_in_every_view(chromium: Browser, app_address: str, name: str) -> None:
    assert_path_is_sound(chromium, app_address, DAILY[name], name)


@pytest.mark.browser
@pytest.mark.parametrize("name", OTHERS)
def test_page_is_sound_on_a_phone_and_in_the_dark(chromium: Browser, app_address: str, name: str) -> None:
    assert_path_is_sound(chromium, app_address, OTHERS[name], name, (PHONE, View(1440, "dark")))


@pytest.mark.browser
def test_the_counts_of_a_delivery_add_up_on_its_page(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address, PHONE) as page:
        page.goto("/files?source=texas&status=loaded")
        page.get_by_role("row").filter(has_text="texas_").first.get_by_role("link").click()
        expect(page.get_by_role("heading", name="The counts add up")).to_be_visible()
        rows = [
            int(page.get_by_role("row").filter(has_text=name).get_by_role("cell").inner_text().replace(",", ""))
            for name in ("Rows in the file", "Loaded", "Rejected", "Read by the models")
        ]
        assert rows[0] == rows[1] + rows[2] > 0 and rows[3] == rows[1]
        assert_page_is_sound(page, "file", PHONE)


def lead_of(data: Path) -> str:
    ((key,),) = query(
        data,
        "SELECT lead_key FROM intermediate.int_lead_current WHERE NOT phone_e164 IS NULL ORDER BY lead_key LIMIT 1",
    )
    return str(key)


def landed(data: Path, source: str) -> list[dict[str, str]]:
    return [row for path in sorted((data / "landing" / source).glob("*.csv")) for row in csv_rows(path)]


@pytest.mark.browser
def test_the_page_of_a_lead_takes_feedback(chromium: Browser, app_address: str, app_data: Path) -> None:
    lead = lead_of(app_data)
    with opened(chromium, app_address) as page:
        page.goto(f"/leads/{lead}")
        form = page.locator("details.feedback").filter(has=page.locator(f"input[name=lead_key][value='{lead}']"))
        form.locator("summary").click()
        form.get_by_label("What is wrong, and how do you know?").fill("it has moved to Elm Street")
        form.get_by_role("button", name="Send feedback").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you")
        page.goto("/feedback")
        expect(page).to_have_url(re.compile("/feedback/mine$"))
        expect(page.get_by_text("it has moved to Elm Street")).to_be_visible()


@pytest.mark.browser
def test_feedback_is_given_answered_and_seen_by_who_gave_it(
    chromium: Browser, app_address: str, app_data: Path
) -> None:
    lead = lead_of(app_data)
    with opened(chromium, app_address) as page:
        page.goto(f"/feedback/mine?lead={lead}&term=phone")
        page.get_by_label("What is wrong, and how do you know?").fill('it rings at <b>"Ann\'s"</b>')
        page.get_by_label("What should it be?").fill("(512) 555-0199")
        page.get_by_role("button", name="Send feedback").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you")
        # What somebody wrote is shown as it was written, and runs as nothing.
        expect(page.get_by_text('it rings at <b>"Ann\'s"</b>')).to_be_visible()
        said_now = page.get_by_role("listitem").filter(has_text="it rings at")
        expect(said_now.get_by_text("Nobody has answered yet.")).to_be_visible()
        page.goto("/feedback/queue")
        item = page.get_by_role("listitem").filter(has_text="it rings at")
        item.get_by_label("Your answer").fill("called: true")
        item.get_by_label("File, line, rule or change that it led to").fill("seeds/placeholder_phone.csv")
        item.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("status")).to_contain_text("It is accepted.")
        expect(item.get_by_role("button", name="Accept")).to_have_count(0)
        item.get_by_label("Your answer").fill("mended")
        item.get_by_role("button", name="Applied").click()
        expect(page.get_by_role("status")).to_contain_text("It is applied.")
        page.goto("/feedback/mine")
        expect(said_now).to_contain_text("mended")
        said_now.get_by_role("link").first.click()
        assert_page_is_sound(page, "feedback_one", DESK)
    said = landed(app_data, "feedback")
    said = [row for row in said if row["feedback_key"] == said[-1]["feedback_key"]]
    assert [row["action"] for row in said] == ["give", "accept", "apply"]
    assert said[0]["value_seen"], "what was seen is kept"
    assert said[1]["led_to"] == "seeds/placeholder_phone.csv"


@pytest.mark.browser
def test_two_stewards_who_answer_at_once_are_both_told(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address) as one, opened(chromium, app_address) as other:
        one.goto("/feedback/mine")
        one.get_by_label("Value of the lead, or a term").fill("net-new at once")
        one.get_by_label("What is wrong, and how do you know?").fill("it can be read in two ways")
        one.get_by_role("button", name="Send feedback").click()
        for page in (one, other):
            page.goto("/feedback/queue?about=definition")
            item = page.get_by_role("listitem").filter(has_text="net-new at once")
            item.get_by_label("Your answer").fill("no")
        for page in (one, other):
            page.get_by_role("listitem").filter(has_text="net-new at once").get_by_role(
                "button", name="Decline"
            ).click()
        expect(one.get_by_role("status")).to_contain_text("It is declined.")
        expect(other.get_by_role("status")).to_contain_text("Nothing was written: the feedback is declined already")


def event_of(page: Page, button: str, reason: str) -> None:
    page.get_by_label("Why (others will read it)").fill(reason)
    page.get_by_role("button", name=button).click()


@pytest.mark.browser
def test_an_incident_is_acknowledged_snoozed_resolved_and_reopened(
    chromium: Browser, app_address: str, app_data: Path
) -> None:
    ((key,),) = query(
        app_data, "SELECT incident_key FROM quality.incident WHERE state = 'resolved' ORDER BY incident_key LIMIT 1"
    )
    with opened(chromium, app_address, PHONE) as page:
        page.goto(f"/incidents/{key}")
        for button, state in (
            ("Reopen", "open"), ("I see to it", "acknowledged"), ("Snooze", "snoozed"), ("It is mended", "resolved"),
        ):  # fmt: skip
            event_of(page, button, f"because {state}")
            expect(page.locator(".badge").filter(has_text=re.compile(f"^{state}$"))).to_be_visible()
            expect(page.get_by_text("taken in with the next run", exact=True)).to_be_visible()
        assert_page_is_sound(page, "incident", PHONE)
    said = landed(app_data, "incidents")
    assert [row["action"] for row in said] == ["reopen", "ack", "snooze", "resolve"]
    assert said[2]["snoozed_until"] > said[2]["acted_at"]


@pytest.fixture
def drifted(planned_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """Data of which a file was refused with a proposal, and the project in which its contract stands: both copies."""
    data = Path(shutil.copytree(planned_demo, tmp_path / "drifted"))
    project = copy_project(tmp_path)
    paths = DataPaths(data)
    newest = [entry for entry in archive.entries(paths) if entry.source_key == "texas"][-1]
    content = archive.restore(newest, tmp_path, paths).read_bytes()
    target = paths.landing / "texas" / "texas_2026-12-01.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.replace(b"Operation Name", b"Center Title", 1).replace(b"Phone", b"Telefon", 1))
    monkeypatch.setenv("LEADS_DATA_DIR", str(data))
    assert [outcome.status for outcome in ingest(paths)] == ["quarantined"]
    yield data, project


@pytest.mark.browser
def test_a_proposal_is_accepted_by_whoever_is_signed_in(chromium: Browser, drifted: tuple[Path, Path]) -> None:
    data, project = drifted
    token = add_person(data / "app" / "people.json", "Olu", "operator")
    add_person(data / "app" / "people.json", "Vi", "viewer")
    with (
        running_app(data, environment={"LEADS_CONTRACTS_DIR": str(project / "contracts")}) as address,
        opened(chromium, address) as page,
    ):
        page.goto("/sign-in")
        page.get_by_label("Your token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("status")).to_contain_text("Good day, Olu.")
        page.goto("/files")
        assert_page_is_sound(page, "files_refused", DESK)
        page.get_by_role("link", name="See the proposal").click()
        expect(page.get_by_role("row").filter(has_text="Center Title")).to_contain_text("operation_name")
        assert_page_is_sound(page, "proposal", DESK)
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("status")).to_contain_text("Accepted. contracts/texas.yaml is version")
    ((rows),) = Ledger(DataPaths(data).bronze).proposals().values()
    assert (rows[0]["status"], rows[0]["decided_by"]) == ("accepted", "Olu")
    assert (data / "landing" / "texas" / "texas_2026-12-01.csv").exists()
    names = read_contract(project / "contracts" / "texas.yaml").map_header(["Center Title", "Telefon"])
    assert [column.name for column in names.values()] == ["operation_name", "phone"]


def test_a_rehearsal_runs_beside_the_app_and_tells_where_it_is(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert last_rehearsal(paths) is None
    file = paths.quarantine / "texas" / "t.csv"
    file.parent.mkdir(parents=True)
    file.touch()
    step = paths.root / "app" / "rehearsal" / "step"
    slow = "import sys, time; open(sys.argv[-2], 'w').write('Running the models'); time.sleep(60)"
    monkeypatch.setattr("lead_enrichment.app.rehearsals.COMMAND", ("python3", "-c", slow))
    start_rehearsal(paths, file, "Olu")
    while not step.exists() or not step.read_text():
        time.sleep(0.05)
    job = last_rehearsal(paths)
    assert job is not None
    assert (job.state, job.step, job.started_by) == ("running", "Running the models", "Olu")
    with pytest.raises(UsageError, match="Olu rehearses"):
        start_rehearsal(paths, file, "Bo")
    # The app was started again meanwhile: it still sees the process, by what it was told to write.
    monkeypatch.setattr("lead_enrichment.app.rehearsals._STARTED", started := {})
    job = last_rehearsal(paths)
    assert job is not None and job.state == "running" and not started
    os.kill(job.process, signal.SIGKILL)
    os.waitpid(job.process, 0)
    stopped = last_rehearsal(paths)
    assert stopped is not None and (stopped.state, stopped.message) == ("failed", "It was stopped before it ended.")


@pytest.mark.parametrize(
    ("script", "state", "message"),
    [
        ('print(\'{"status": "refused", "reason": "no header"}\')', "refused", "no header"),
        ('print(\'{"status": "rehearsed"}\')', "rehearsed", ""),
        ("raise SystemExit('another command holds the warehouse.')", "failed", "another command holds the warehouse."),
    ],
)
def test_a_rehearsal_ends_with_what_the_command_says(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, script: str, state: str, message: str
) -> None:
    monkeypatch.setattr("lead_enrichment.app.rehearsals.COMMAND", ("python3", "-c", script))
    start_rehearsal(paths, paths.quarantine / "texas" / "t.csv", "Olu")
    while (job := last_rehearsal(paths)) and job.state == "running":
        time.sleep(0.05)
    assert job is not None and (job.state, job.message) == (state, message)


def test_a_chart_is_drawn_without_the_network_and_names_its_series() -> None:
    values = [{"month": "2026-10-01", "score": 90.0, "source": "Texas"}]
    dark, light = (svg_of(months_chart(values, "score", "source", "Score"), scheme) for scheme in ("dark", "light"))
    assert dark.startswith("<svg") and "Texas" in dark and "Oct 2026" in dark
    assert "<script" not in dark and dark != light


def test_a_source_is_late_after_its_cadence_and_a_few_days() -> None:
    texas, day = lead_contracts()["texas"], date(2026, 11, 1)
    assert [texas.days_late(day, day + timedelta(days=days)) for days in (0, 35, 36, 45)] == [0, 0, 1, 10]
    assert texas.days_late(None, day) == 0
