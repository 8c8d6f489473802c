"""Every page of the app in Chromium: narrow and wide, light and dark, by keyboard, without a finding of axe-core."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from app_pages import PHONE, assert_path_is_sound, opened

pytestmark = pytest.mark.browser

PAGES = {"overview": "/", "help": "/help"}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_in_every_view(chromium: Browser, app_address: str, name: str) -> None:
    assert_path_is_sound(chromium, app_address, PAGES[name], name)


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(chromium: Browser, app_address: str) -> None:
    with opened(chromium, app_address, PHONE) as page:
        page.goto("/")
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
