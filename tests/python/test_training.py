"""Walk-throughs by role, walked in Chromium as people do, and the questions that people ask."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from playwright.sync_api import Browser, Page, expect

from app_pages import DESK, VIEWS, View, assert_path_is_sound, opened
from conftest import ROOT
from lead_enrichment.app.navigation import page_modules
from lead_enrichment.app.pages.training import html_of
from lead_enrichment.cli import app as command_line
from lead_enrichment.dictionary.entries import Dictionary
from lead_enrichment.errors import UsageError
from lead_enrichment.training import PICTURES as PICTURE_FOLDER
from lead_enrichment.training import QUESTIONS, TRAINING, Action, questions, walk_throughs

WALKS = {walk.role: walk for walk in walk_throughs(ROOT)}
# Where the pictures of a walk go: docs/training/pictures where they are made anew; nowhere by default.
PICTURES = os.environ.get("LEADS_TRAINING_PICTURES")
LARGEST_PICTURE = 120_000
PICTURE_SIZE: Any = {"x": 0, "y": 0, "width": 1200, "height": 640}
SHOWN = re.compile(r"!\[(?P<alt>[^\]]+)\]\(pictures/(?P<file>[^)]+)\)")
SLOW = 20_000


def act(page: Page, action: Action, role: str) -> None:
    """Do what a step says."""
    parts = action.parts
    match action.verb:
        case "open":
            answer = page.goto(action.what)
            assert answer is not None and answer.status == 200, action.what
        case "click":
            kind: Any = parts[0]
            page.locator("main").get_by_role(kind, name=parts[1]).first.click()
        case "check":
            page.get_by_label(action.what).check()
        case "fill":
            page.get_by_label(parts[0]).first.fill(parts[1])
        case "press":
            page.keyboard.press(action.what)
        case "first":
            page.locator("main").locator(action.what).first.click()
        case "see":
            expect(page.locator("body")).to_contain_text(action.what, ignore_case=True, timeout=SLOW)
        case "picture" if PICTURES:
            file = Path(PICTURES) / f"{role}_{action.what}.png"
            page.screenshot(path=file, clip=PICTURE_SIZE)
            assert file.stat().st_size < LARGEST_PICTURE, file


@pytest.mark.browser
@pytest.mark.parametrize("role", WALKS)
def test_the_walk_through_of_a_role_can_be_walked(chromium: Browser, app_address: str, role: str) -> None:
    with opened(chromium, app_address, View(PICTURE_SIZE["width"], "light")) as page:
        for step in WALKS[role].steps:
            for action in step.actions:
                try:
                    act(page, action, role)
                except Exception as error:
                    raise AssertionError(f"{role}, {step.title}, {action}: {error}") from error


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/help/training", "/help/training/steward", "/help/questions"])
def test_page_is_sound_in_every_view(chromium: Browser, app_address: str, path: str) -> None:
    assert_path_is_sound(chromium, app_address, path, path.strip("/").replace("/", "_"), VIEWS)


def test_every_role_has_a_walk_through() -> None:
    assert {*WALKS} == {"sales", "marketing", "steward", "operator", "analytics-engineer"}
    assert all(len(walk.steps) >= 3 and walk.about for walk in WALKS.values())


def test_a_step_shows_the_pictures_that_it_takes() -> None:
    kept = {file.name for file in (ROOT / PICTURE_FOLDER).iterdir()}
    shown = set()
    for role, walk in WALKS.items():
        for step in walk.steps:
            taken = [f"{role}_{action.what}.png" for action in step.actions if action.verb == "picture"]
            assert [found["file"] for found in SHOWN.finditer(step.text)] == taken, step.title
            shown |= {*taken}
        assert any(name.startswith(f"{role}_") for name in shown), role
    assert kept == shown
    for name in kept:
        assert (ROOT / PICTURE_FOLDER / name).stat().st_size < LARGEST_PICTURE, name


@pytest.mark.browser
def test_the_app_shows_the_pictures_of_a_walk_through(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address, DESK) as page:
        page.goto("/help/training/sales")
        pictures = page.locator("main img")
        expect(pictures).to_have_count(sum(len(SHOWN.findall(step.text)) for step in WALKS["sales"].steps))
        assert all(pictures.evaluate_all("found => found.map(picture => picture.naturalWidth)"))
        assert all(pictures.evaluate_all("found => found.map(picture => picture.alt)"))


def commands_in(text: str) -> set[str]:
    """Return the commands of `leads` that a text names."""
    return {*re.findall(r"`(leads [^`]+)`", text)}


def test_every_command_that_help_names_is_there() -> None:
    texts = [file.read_text() for file in (ROOT / TRAINING).glob("*.md")] + [(ROOT / QUESTIONS).read_text()]
    for line in commands_in("\n".join(texts)):
        found: Any = typer.main.get_command(command_line)
        for word in line.split()[1:]:
            if not hasattr(found, "commands") or (found.commands.get(word) is None and found.invoke_without_command):
                break
            assert word in found.commands, line
            found = found.commands[word]


def test_every_page_that_a_question_names_is_one(dictionary: Dictionary) -> None:
    routes = [route.path_regex for module in page_modules() for route in module.router.routes]
    asked = questions(ROOT)
    assert len(asked) >= 15
    for question in asked:
        found = re.search(r"`(/[^`]*)`", question.page)
        assert found, question.title
        path = found[1].partition("?")[0]
        assert any(route.fullmatch(path) for route in routes), f"{question.title}: {path}"
        if path.startswith("/dictionary/models/"):
            assert path.removeprefix("/dictionary/models/") in dictionary.by_name
        if path.startswith("/lineage/columns/"):
            assert dictionary.column(path.removeprefix("/lineage/columns/"))


def test_a_step_that_cannot_be_walked_is_told(tmp_path: Path) -> None:
    folder = tmp_path / TRAINING
    folder.mkdir(parents=True)
    (folder / "sales.md").write_text("# Sales\n\nAbout.\n\n## Look\n\nText.\n\n<!-- walk\nopen: /\ndance: a\n-->\n")
    with pytest.raises(UsageError, match="the step 'Look' cannot be walked"):
        walk_throughs(tmp_path)


def test_nothing_of_a_document_runs() -> None:
    shown = html_of("See `/leads` and <script>alert(1)</script> [x](javascript:alert(1))")
    assert '<a href="/leads">/leads</a>' in shown
    assert "<a" not in html_of("Press the key `/` on any page")
    assert "<script" not in shown and 'href="javascript' not in shown
