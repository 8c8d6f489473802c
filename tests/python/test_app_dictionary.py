"""Dictionary, lineage and environments in Chromium, and the exported dictionary opened from a disk."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, expect

from app_pages import AXE, DESK, PHONE, VIEWS, assert_page_is_sound, assert_path_is_sound, opened
from lead_enrichment.app.dictionary_shelf import DictionaryShelf
from lead_enrichment.app.dictionary_site import write_site
from lead_enrichment.app.lineage_view import column_picture, model_picture
from lead_enrichment.app.pages.lineage import LineageLinks
from lead_enrichment.dictionary.entries import Dictionary
from lead_enrichment.dictionary.keep import dictionary_file
from lead_enrichment.paths import DataPaths
from lead_enrichment.preview.environments import comparison_files, forget_others, keep_comparison

pytestmark = pytest.mark.browser

# What a part of a page may take that comes after it, on a machine that is busy.
SLOW = 20_000
PAGES = {
    "dictionary": "/dictionary",
    "dictionary_search": "/dictionary?q=net-new",
    "dictionary_nothing": "/dictionary?q=xyzzy",
    "glossary": "/dictionary/glossary",
    "column": "/dictionary/columns/facts.fact_enriched_lead.confidence",
    "lineage": "/lineage",
    "lineage_model": "/lineage/models/facts.fact_lead_match",
    "lineage_column": "/lineage/columns/facts.fact_enriched_lead.phone_e164?up=99",
    "environments": "/environments",
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_in_every_view(chromium: Browser, app_address: str, name: str) -> None:
    assert_path_is_sound(chromium, app_address, PAGES[name], name)


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_model_shows_what_it_holds_now(chromium: Browser, app_address: str, view: object) -> None:
    with opened(chromium, app_address, view) as page:  # type: ignore[arg-type]
        page.goto("/dictionary/models/facts.fact_enriched_lead")
        profile = page.get_by_role("region", name=re.compile(r"rows? now$"))
        expect(profile).to_be_visible(timeout=SLOW)
        profile.get_by_text("What its columns hold").click()
        expect(profile.get_by_role("row", name=re.compile("^entity_key"))).to_contain_text("100%")
        page.get_by_text("The first 5").click()
        expect(page.get_by_role("region", name="Rows of the example")).to_be_visible()
        assert_page_is_sound(page, "model", view)  # type: ignore[arg-type]


def test_search_leads_to_a_column_and_on_to_its_lineage(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address) as page:
        page.goto("/dictionary")
        page.get_by_label("Find a table, column or term").fill("net-new")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("region", name=re.compile("terms?$"))).to_contain_text("sales does not know yet")
        page.get_by_role("row", name=re.compile("is_net_new facts.fact_lead_match")).get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("is_net_new")
        expect(page.get_by_role("region", name="Goes into")).to_contain_text("facts.fact_enriched_lead.is_net_new")
        page.get_by_role("link", name="Lineage", exact=True).last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("facts.fact_lead_match.is_net_new")


def test_lineage_is_walked_by_keyboard(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address) as page:
        page.goto("/lineage/models/facts.fact_enriched_lead")
        picture = page.get_by_role("group", name=re.compile("^Lineage of facts.fact_enriched_lead"))
        picture.get_by_role("link", name=re.compile("fact_lead_match")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("facts.fact_lead_match")
        page.get_by_label("Made from, steps").select_option("all")
        expect(page.get_by_role("region", name="Made from")).to_contain_text("bronze.texas")


def test_what_the_dictionary_does_not_hold_is_no_page(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address) as page:
        for path in (
            "/dictionary/models/facts.none",
            "/dictionary/columns/a.b.c",
            "/lineage/models/x",
            "/environments/x",
        ):
            answer = page.goto(path)
            assert answer is not None and answer.status == 404


def test_a_picture_shows_the_nearest_and_lists_all(dictionary: Dictionary) -> None:
    links = LineageLinks()
    whole = model_picture(dictionary, "facts.fact_lead_match", 99, 99, links)
    near = model_picture(dictionary, "facts.fact_lead_match", 1, 1, links)
    assert {*near.above} < {*whole.above} and near.left_out == 0
    assert {name for name, distance in near.above} == {*dictionary.by_name["facts.fact_lead_match"].parents}
    assert all(distance == 1 for _, distance in near.above)
    column = column_picture(dictionary, "facts.fact_enriched_lead.phone_e164", 99, 0, links)
    assert [box.title for box in column.boxes if box.is_center] == ["phone_e164"]
    assert {"bronze.texas", "bronze.salesforce"} <= {box.place for box in column.boxes}


@pytest.fixture(scope="module")
def compared(app_data: Path) -> Iterator[str]:
    """An environment as a plan leaves it: the views of what it changes, and its comparison with production."""
    paths = DataPaths(app_data)
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS facts__trial; CREATE SCHEMA IF NOT EXISTS quality__trial")
        connection.execute(
            "CREATE VIEW facts__trial.fact_lead_match AS SELECT * REPLACE ("
            "CASE WHEN match_status = 'net_new' THEN 'to_review' ELSE match_status END AS match_status, "
            "FALSE AS is_net_new, CASE WHEN is_net_new THEN 'trial <b>says</b> so' ELSE reason END AS reason), "
            "1 AS trial FROM facts.fact_lead_match"
        )
        connection.execute(
            "CREATE VIEW quality__trial.lead_score AS "
            "SELECT * REPLACE (score - 5 AS score) FROM quality.lead_score WHERE source_key = 'texas'"
        )
        keep_comparison(connection, "trial", paths)
        yield "trial"
        connection.execute("DROP SCHEMA facts__trial CASCADE; DROP SCHEMA quality__trial CASCADE")
        forget_others(connection, paths)
    assert "trial" not in comparison_files(paths)


def test_an_environment_is_compared_lead_by_lead(app_data: Path, compared: str) -> None:
    paths = DataPaths(app_data)
    with duckdb.connect(str(paths.warehouse), read_only=False) as connection:
        lost = connection.execute("SELECT COUNT(*) FROM facts.fact_lead_match WHERE is_net_new").fetchall()
        scored = connection.execute(
            "SELECT source_key = 'texas', COUNT(*) FROM quality.lead_score GROUP BY 1 ORDER BY 1"
        ).fetchall()
    with duckdb.connect(str(comparison_files(paths)[compared]), read_only=True) as kept:
        assert kept.execute("SELECT COUNT(*) FROM lead WHERE change = 'is net-new no more'").fetchall() == lost
        assert kept.execute("SELECT change, COUNT(*) FROM score GROUP BY 1 ORDER BY 1").fetchall() == [
            ("is scored no more", scored[0][1]), ("score falls", scored[1][1]),
        ]  # fmt: skip
        # SQLMesh has not planned this one: its state knows of production only.
        assert {row[0] for row in kept.execute("SELECT change FROM model").fetchall()} == {"differs"}
        models = kept.execute("SELECT model, columns_added FROM model ORDER BY model").fetchall()
        assert models == [("facts.fact_lead_match", ["trial"]), ("quality.lead_score", [])]


def test_an_environment_shows_its_difference_in_leads_and_scores(
    chromium: Browser, app_address: str, compared: str
) -> None:
    for view in VIEWS:
        with opened(chromium, app_address, view) as page:
            page.goto("/environments")
            page.get_by_role("link", name=compared).click()
            expect(page.get_by_role("region", name="Leads judged otherwise")).to_contain_text("is net-new no more")
            assert_page_is_sound(page, "environment", view)
            page.get_by_role("link", name="is net-new no more").click()
            expect(page.get_by_text("trial <b>says</b> so").first).to_be_visible()
            assert_page_is_sound(page, "environment_leads", view)
            page.go_back()
            page.get_by_role("link", name="score falls").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Score falls")
            assert_page_is_sound(page, "environment_scores", view)


def test_a_dictionary_that_is_missing_is_written_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "config.yaml").write_text("project: none")
    paths = DataPaths(tmp_path)
    shelf = DictionaryShelf(paths, project)
    started: list[list[str]] = []
    real = subprocess.Popen

    def write_nothing(words: list[str], **settings: object) -> subprocess.Popen[str]:
        started.append(words)
        code = "import sys; print('the models cannot be loaded', file=sys.stderr); sys.exit(2)"
        return real([sys.executable, "-c", code], **settings)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", write_nothing)
    first = shelf.open()
    assert first.dictionary is None and first.is_outdated and not first.problem
    deadline = time.monotonic() + 30
    while not (found := shelf.open()).problem:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The same files would give the same answer.
    assert found.problem == "the models cannot be loaded"
    shelf.open()
    assert len(started) == 1
    assert not dictionary_file(paths).exists()


@pytest.fixture(scope="module")
def site(dictionary: Dictionary, planned_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported dictionary."""
    folder = tmp_path_factory.mktemp("site") / "dictionary"
    with duckdb.connect(str(DataPaths(planned_demo).published), read_only=True) as connection:
        assert write_site(dictionary, connection, folder) == len(dictionary.models) + 3
    return folder


def test_the_exported_site_opens_from_a_disk_and_asks_for_nothing(
    chromium: Browser, site: Path, dictionary: Dictionary
) -> None:
    for view in (PHONE, DESK):
        with opened(chromium, site.as_uri(), view) as page:
            for name in ("index.html", "columns.html", "glossary.html", "models/facts.fact_enriched_lead.html"):
                page.goto(f"{site.as_uri()}/{name}")
                page.evaluate(AXE)
                # Without fetching the style sheet once more, which a page from a disk may not.
                found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
                assert [rule["id"] for rule in found["violations"]] == []
                assert page.evaluate("document.documentElement.scrollWidth") <= view.width
            page.goto(f"{site.as_uri()}/columns.html")
            page.get_by_label("Show columns with these words").fill("net-new facts.fact_lead_match")
            rows = page.locator("tbody tr:visible")
            expect(rows.filter(has_text="is_net_new").first).to_be_visible()
            assert rows.count() < 20
            page.get_by_role("link", name="is_net_new", exact=True).first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^facts\."))


def test_no_link_of_the_exported_site_is_broken(site: Path) -> None:
    ids = {file: {*re.findall(r'\bid="([^"]+)"', file.read_text())} for file in site.rglob("*.html")}
    for file in ids:
        for link in re.findall(r'(?:href|src)="([^"]+)"', file.read_text()):
            path, _, place = link.partition("#")
            target = (file.parent / path).resolve() if path else file
            assert target.exists(), f"{file.name}: {link}"
            assert not place or target.suffix != ".html" or place in ids[target], f"{file.name}: {link}"
            assert "://" not in link


def test_production_published_after_a_comparison_is_told(
    chromium: Browser, app_address: str, app_data: Path, compared: str
) -> None:
    file = comparison_files(DataPaths(app_data))[compared]
    before = datetime.now(UTC) - timedelta(days=400)
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE about SET compared_at = ?", [before])
    with opened(chromium, app_address) as page:
        page.goto(f"/environments/{compared}")
        expect(page.get_by_text("Production has been built since")).to_be_visible()
