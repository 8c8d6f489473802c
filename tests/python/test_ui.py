"""`make ui`, seen in Chromium: the page shows the tables, where their columns come from, and a plan."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, Route, TimeoutError, expect, sync_playwright

from conftest import LEADS, ROOT, command_environment
from helpers import free_port

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BRONZE = ("bronze.nevada", "bronze.oklahoma", "bronze.salesforce", "bronze.texas")
SLOW = 60_000
ATTEMPTS = 3


@pytest.fixture(scope="module")
def ui_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server of the page writes."""
    return tmp_path_factory.mktemp("ui") / "ui.log"


@pytest.fixture(scope="module")
def ui(planned_demo: Path, ui_log: Path) -> Iterator[str]:
    """The address of a running `leads ui` over a copy of the planned demo."""
    data = ui_log.parent / "data"
    shutil.copytree(planned_demo, data)
    port = free_port()
    with ui_log.open("w") as log:
        server = subprocess.Popen(
            [*LEADS, "ui", "--port", str(port)], cwd=ROOT, env=command_environment(data), stdout=log, stderr=log
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/health", server, ui_log)
            # The first request loads the project, which beside other work takes longer than a page's elements may.
            with urllib.request.urlopen(f"{address}/api/models", timeout=300):
                pass
            # Whoever is at work is not held up while the page is open.
            with duckdb.connect(str(data / "warehouse" / "leads.duckdb")) as connection:
                connection.execute("CREATE TABLE main.written_meanwhile (n INT); DROP TABLE main.written_meanwhile")
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)
        assert not (data / "ui").exists()


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers; fail with its log where it ends first or takes more than a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, ui: str) -> Iterator[Page]:
    """An empty page that reaches the project's own server and nothing else."""

    def local_only(route: Route) -> None:
        if route.request.url.startswith(ui):
            route.continue_()
        else:
            route.abort()

    page = browser.new_page(viewport={"width": 1600, "height": 1000}, base_url=ui)
    page.set_default_timeout(SLOW)
    page.route("**/*", local_only)
    yield page
    page.close()


def test_dim_lead_shows_its_columns_with_their_types(page: Page) -> None:
    page.goto("/data-catalog")
    page.get_by_text("dim_lead", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"dims\.dim_lead$"))
    expect(page.get_by_text("Columns", exact=True).first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Durable key of the lead").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("TIMESTAMPTZ").first).to_be_attached(timeout=SLOW)
    expect(page.get_by_text("UNKNOWN", exact=True)).to_have_count(0)


def test_dim_lead_shows_its_lineage_back_to_the_four_bronze_tables(page: Page) -> None:
    page.goto("/data-catalog/models/dims.dim_lead")
    for table in BRONZE:
        expect(page.locator(".react-flow__node").filter(has_text=table).first).to_be_attached(timeout=SLOW)


def open_plan(page: Page, environment: str) -> None:
    """Open the page of plans and ask for the plan of a new environment.

    Raises:
        AssertionError: The page does not come to the end of a plan.
        TimeoutError: Nor does it let itself be clicked.
    """
    page.goto("/plan")
    # Production's own plan is made first, and closes what was opened before it ended.
    menu = page.get_by_role("button", name="Environment:").first
    expect(menu).to_be_enabled(timeout=SLOW)
    expect(page.get_by_text("Running Task")).to_have_count(0, timeout=SLOW)
    menu.click()
    page.get_by_placeholder("Environment").fill(environment)
    page.get_by_role("button", name="Add").click()
    expect(page).to_have_url(re.compile(rf"/plan/environments/{environment}$"))
    expect(page.get_by_role("button", name=re.compile("^Apply "))).to_be_visible(timeout=SLOW)


def test_a_plan_for_a_new_environment_opens(page: Page, ui_log: Path) -> None:
    # The page draws itself anew while it is used, and takes away what was about to be clicked. A user does it again,
    # and so does this test; a project that cannot be planned does not come to its end then either.
    for attempt in range(1, ATTEMPTS):
        with contextlib.suppress(AssertionError, TimeoutError):
            return open_plan(page, f"dev_{attempt}")
    try:
        open_plan(page, f"dev_{ATTEMPTS}")
    except (AssertionError, TimeoutError) as error:
        # Why a plan failed is not on its own page but on that of errors, and the server may tell more.
        page.locator("a[href='/errors']").first.click()
        with contextlib.suppress(TimeoutError):
            page.get_by_text("Traceback").first.wait_for(timeout=10_000)
        told = [line for line in ui_log.read_text().splitlines() if "HTTP/1.1" not in line]
        pytest.fail("\n".join([str(error), page.locator("body").inner_text(), *told[-100:]]))


def test_no_page_reports_an_error(page: Page) -> None:
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto("/data-catalog/models/dims.dim_lead")
    expect(page.get_by_text("No Errors").first).to_be_visible()
    assert [entry for entry in failed if "cdn" not in entry and "dynamically imported" not in entry] == []
