"""Every page of the app in Chromium: narrow and wide, light and dark, by keyboard, without a finding of axe-core."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from app_pages import DESK, PHONE, VIEWS, assert_page_is_sound, assert_path_is_sound, opened

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/", "leads": "/leads", "search": "/leads?q=montesori", "nothing_found": "/leads?q=zzqqxx",
    "filtered_away": "/leads?status=Net-new&state=ZZ", "review": "/review", "outbox": "/outbox",
    "help": "/help", "map": "/map", "map_of_nevada": "/map?state=NV&by=known", "territories": "/territories",
    "campaigns": "/campaigns", "segment": "/campaigns/segments/new%20facilities",
    "left_out": "/campaigns/segments/new%20facilities?suppressed=true", "conversion": "/campaigns/conversion",
    "funnel": "/campaigns/funnel", "contacts": "/campaigns/contacts", "metrics": "/campaigns/metrics",
    "metric": "/campaigns/metrics/known_share",
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_in_every_view(chromium: Browser, app_address: str, name: str) -> None:
    assert_path_is_sound(chromium, app_address, PAGES[name], name)


def one(data: Path, query: str) -> tuple[str, ...]:
    """Return the first row of a query on the published copy."""
    with duckdb.connect(str(data / "published" / "leads.duckdb"), read_only=True) as connection:
        found = connection.execute(query).fetchone()
    assert found is not None
    return found


# The facility with the most leads, and one that the state alone knows.
LEADS = {
    "lead_of_many": "SELECT entity_key FROM facts.fact_enriched_lead ORDER BY leads DESC, entity_key LIMIT 1",
    "lead_net_new": "SELECT entity_key FROM facts.fact_enriched_lead WHERE is_net_new ORDER BY entity_key LIMIT 1",
    "lead_gone": "SELECT lead_key FROM facts.fact_lead_match WHERE match_status = 'gone' "
    "AND entity_key NOT IN (SELECT entity_key FROM facts.fact_enriched_lead) ORDER BY lead_key LIMIT 1",
}


@pytest.mark.parametrize("name", LEADS)
def test_the_page_of_a_lead_is_sound_in_every_view(
    chromium: Browser, app_address: str, app_data: Path, name: str
) -> None:
    assert_path_is_sound(chromium, app_address, f"/leads/{one(app_data, LEADS[name])[0]}", name)


def test_earlier_changes_of_a_facility_unfold(chromium: Browser, app_address: str, app_data: Path) -> None:
    with opened(chromium, app_address) as page:
        page.goto(f"/leads/{one(app_data, LEADS['lead_of_many'])[0]}")
        changes = page.locator(".timeline > li")
        expect(changes.nth(11)).to_be_visible()
        expect(changes.nth(12)).to_be_hidden()
        page.get_by_text(re.compile(r"^\d+ earlier changes$")).click()
        expect(changes.last).to_be_visible()


def test_a_page_that_is_not_there_says_so(chromium: Browser, app_address: str) -> None:
    for view in VIEWS[:1]:
        with opened(chromium, app_address, view) as page:
            page.goto("/leads/nobody:1")
            expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
            assert_page_is_sound(page, "no_such_page", view)


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address, PHONE) as page:
        page.goto("/help")
        menu = page.get_by_role("navigation", name="Pages")
        expect(menu).to_be_hidden()
        page.get_by_role("button", name="Menu").press("Enter")
        expect(menu).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()


def test_the_first_tab_leads_to_the_content(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address) as page:
        page.goto("/help")
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_a_lead_is_found_while_its_phone_is_typed_and_its_page_opens(
    chromium: Browser, app_address: str, app_data: Path
) -> None:
    phone, name = one(
        app_data,
        "SELECT ANY_VALUE(phone), ANY_VALUE(facility_name) FROM marts.sales_lead "
        "WHERE NOT phone IS NULL GROUP BY phone HAVING COUNT(*) = 1 ORDER BY phone LIMIT 1",
    )
    with opened(chromium, app_address) as page:
        page.goto("/help")
        page.keyboard.press("/")
        page.keyboard.type(f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}")
        page.keyboard.press("Enter")
        first = page.locator("#found tbody tr").first
        expect(first).to_contain_text(name, ignore_case=True)
        page.get_by_label("Search", exact=True).fill("zzqqxx")
        expect(page.get_by_text("Nothing is known by")).to_be_visible()
        page.get_by_label("Search", exact=True).fill(phone)
        first.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(name), re.IGNORECASE))


def test_a_filter_narrows_the_list_and_its_export(chromium: Browser, app_address: str, app_data: Path) -> None:
    (wanted,) = one(app_data, "SELECT COUNT(*) FROM marts.sales_lead WHERE status = 'Net-new' AND state = 'TX'")
    with opened(chromium, app_address) as page:
        page.goto("/leads")
        page.get_by_label("Status").select_option("Net-new")
        page.wait_for_url("**status=Net-new**")
        page.get_by_label("State").select_option("TX")
        page.wait_for_url("**state=TX**")
        expect(page.locator("#found")).to_contain_text(f"{wanted:,} facilities")
        with page.expect_download() as loading:
            page.get_by_role("link", name="Export CSV").click()
        with loading.value.path().open(newline="", encoding="utf-8") as stream:
            rows = [*csv.DictReader(stream)]
    assert len(rows) == wanted
    assert {row["status"] for row in rows} == {"Net-new"}


def test_pages_of_the_list_hold_every_facility_once(chromium: Browser, app_address: str, app_data: Path) -> None:
    (wanted,) = one(app_data, "SELECT COUNT(*) FROM marts.sales_lead")
    seen: list[str] = []
    with opened(chromium, app_address) as page:
        page.goto("/leads?sort=name")
        while True:
            seen += page.locator("#found tbody th a").evaluate_all("links => links.map(link => link.href)")
            if not page.get_by_role("link", name="Next page").count():
                break
            page.get_by_role("link", name="Next page").click()
            page.wait_for_load_state()
    assert len(seen) == len({*seen}) == wanted


def names_of(page: Page) -> list[str]:
    """Return the keys of the two leads that the review queue shows."""
    return page.locator("table.sides thead .small").all_inner_texts()


def test_pairs_are_decided_skipped_and_undone_by_keys(chromium: Browser, app_address: str, app_data: Path) -> None:
    landing = app_data / "landing" / "decisions"
    with opened(chromium, app_address, DESK) as page:
        page.goto("/review")
        first = names_of(page)
        page.keyboard.press("x")
        page.wait_for_url("**skip=1")
        assert names_of(page) != first
        page.goto("/review")
        page.keyboard.press("s")
        expect(page.get_by_text("It is taken in with the next run")).to_be_visible()
        (written,) = landing.glob("*.csv")
        with written.open(newline="") as stream:
            (row,) = csv.DictReader(stream)
        assert sorted((row["lead_key_1"], row["lead_key_2"])) == sorted(first)
        assert row["decision"] == "same"
        assert row["content_hash_1"]
        assert names_of(page) != first
        page.keyboard.press("u")
        expect(page.get_by_text("Taken back")).to_be_visible()
        assert names_of(page) == first
        assert not [*landing.glob("*.csv")]
