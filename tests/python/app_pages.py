"""The web app as people open it: real uvicorn, real Chromium, every other host unresolvable, axe-core on each page."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from conftest import LEADS, ROOT, command_environment
from helpers import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    # Whatever a page would fetch from elsewhere, it does not get.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LARGEST_PAGE = 1_000_000
# Where the pictures of every page go, for a person to look at; nowhere by default.
PICTURES = os.environ.get("LEADS_SCREENSHOTS")


@dataclass(frozen=True)
class View:
    """How a page is looked at."""

    width: int
    scheme: Any

    @property
    def height(self) -> int:
        return 844 if self.width < 600 else 900


PHONE, DESK = View(390, "light"), View(1440, "light")
VIEWS = (PHONE, DESK, View(390, "dark"), View(1440, "dark"))


@contextmanager
def running_app(data: Path, *words: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Start `leads app` on a data directory, and return its address; it is stopped at the end."""
    port, log = free_port(), data.parent / f"app_{time.monotonic_ns()}.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*LEADS, "app", "--port", str(port), *words], cwd=ROOT,
            env=command_environment(data) | (environment or {}), stdout=stream, stderr=stream,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while True:
                assert server.poll() is None, log.read_text()
                try:
                    with urllib.request.urlopen(f"{address}/health", timeout=5):
                        break
                except OSError:
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser, address: str, view: View = DESK) -> Iterator[Page]:
    """Open an empty page on the app; at its end nothing must have failed in it, and nothing asked for elsewhere."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height}, color_scheme=view.scheme, base_url=address,
        reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(20_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    # A refused style or script is told here.
    page.on(
        "console",
        lambda line: problems.append(line.text) if line.type == "error" and "status of 4" not in line.text else None,
    )
    page.on(
        "request",
        lambda request: problems.append(request.url) if not request.url.startswith((address, "data:")) else None,
    )
    try:
        yield page
        assert not problems
    finally:
        context.close()


def assert_page_is_sound(page: Page, name: str, view: View) -> None:
    """Check what every page promises: axe-core finds nothing, nothing is wider than the screen, one heading."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}_{view.width}_{view.scheme}.png", full_page=True)
    assert page.locator("h1").count() == 1
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= view.width, f"{name} is {width} wide on a screen of {view.width}"
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wrong = [
        f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"][:3]
    ]
    assert not wrong, f"{name} at {view.width} {view.scheme}:\n" + "\n".join(wrong)


def assert_path_is_sound(browser: Browser, address: str, path: str, name: str, views: Sequence[View] = VIEWS) -> None:
    """Open a page in each view and check what every page promises, its size too."""
    for view in views:
        with opened(browser, address, view) as page:
            sizes: list[int] = []
            page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))  # noqa: B023
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, f"{path}: {answer.status}"
            assert_page_is_sound(page, name, view)
            assert sum(sizes) <= LARGEST_PAGE
