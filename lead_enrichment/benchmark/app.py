"""The pages of the app under many readers, over a published copy as it is."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from lead_enrichment.app.settings import AppSettings
from lead_enrichment.benchmark.serving import AnswerTimes, answer_times, running_app
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import Row, rows

# Pages that are the same whatever was chosen.
PAGES = (
    "/", "/leads", "/review", "/map", "/territories", "/campaigns", "/campaigns/conversion", "/campaigns/funnel",
    "/campaigns/contacts", "/campaigns/metrics", "/files", "/quality", "/quality/rules", "/quality/profiles",
    "/incidents", "/outbox", "/lineage", "/dictionary",
)  # fmt: skip
# How long somebody looks at a page before the next, in seconds.
LOOKS = (1.0, 3.0)
SAMPLE = 500


@dataclass(frozen=True)
class AppTimes:
    """How the app answered.

    Args:
        pages: By page, and all together under `all`, how long answers took.
        peak_bytes: The most memory that the server held.
        largest_bytes: The largest page.
    """

    pages: dict[str, AnswerTimes]
    peak_bytes: int
    largest_bytes: int


def time_app(paths: DataPaths, readers: int, seconds: int) -> AppTimes:
    """Time the pages of the app with many readers, each of whom asks, looks, and asks again.

    Half of the pages are those of one lead and searches, with a letter left out.

    Args:
        paths: The data directory; nothing is written to it.
        readers: How many people read at once.
        seconds: How long.

    Raises:
        UsageError: Nothing was published, or whoever reads has to sign in.
        DataError: The app does not answer.
    """
    if not paths.published.exists():
        raise UsageError("nothing has been published yet", str(paths.published), "Run: make run")
    settings = AppSettings(paths)
    if not settings.is_open:
        raise UsageError(
            "whoever reads has to sign in, so that no page would be timed", str(settings.people_file),
            "Time a copy of published/ in a data directory of its own.",
        )  # fmt: skip
    leads = _sample(paths)
    found: list[tuple[str, float, bool, int]] = []
    with running_app(paths, "/health") as server, ThreadPoolExecutor(readers) as pool:
        until = time.monotonic() + seconds
        for answers in pool.map(lambda seed: _read(server.port, random.Random(seed), leads, until), range(readers)):
            found += answers
    names = sorted({name for name, *_ in found})
    return AppTimes(
        pages={
            name: answer_times([(taken, is_fine) for page, taken, is_fine, _ in found if name in (page, "all")])
            for name in (*names, "all")
        },
        peak_bytes=server.peak_bytes,
        largest_bytes=max(size for *_, size in found),
    )


def _sample(paths: DataPaths) -> list[Row]:
    with connect(str(paths.published), read_only=True) as connection:
        return rows(
            connection,
            f"""
            SELECT lead_key, name, phone_e164, email
            FROM intermediate.int_lead_current
            WHERE is_live
            USING SAMPLE RESERVOIR({SAMPLE} ROWS) REPEATABLE (1)
            """,
        )


def _read(port: int, dice: random.Random, leads: list[Row], until: float) -> list[tuple[str, float, bool, int]]:
    """Read pages until a moment; of each its name, milliseconds, whether it came, and its bytes."""
    questions: tuple[Callable[[random.Random, Row], tuple[str, str]], ...] = (_page, _page, _lead, _search)
    found = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    time.sleep(dice.uniform(0, LOOKS[1]))
    while time.monotonic() < until:
        name, path = dice.choice(questions)(dice, dice.choice(leads))
        began = time.perf_counter()
        answer = _ask(connection, path)
        size = len(answer.read())
        found.append((name, (time.perf_counter() - began) * 1_000, answer.status == 200, size))
        time.sleep(dice.uniform(*LOOKS))
    connection.close()
    return found


def _ask(connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
    """Ask for a page; a lead that another stands for leads on to that one."""
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.status == 303:
        answer.read()
        connection.request("GET", answer.headers["Location"])
        answer = connection.getresponse()
    return answer


def _page(dice: random.Random, lead: Row) -> tuple[str, str]:
    path = dice.choice(PAGES)
    return path, path


def _lead(dice: random.Random, lead: Row) -> tuple[str, str]:
    return "one lead", f"/leads/{quote(lead['lead_key'])}"


def _search(dice: random.Random, lead: Row) -> tuple[str, str]:
    said = str(dice.choice([lead[name] for name in ("name", "phone_e164", "email") if lead[name]] or ["child"]))
    left_out = dice.randrange(len(said))
    return "search", f"/leads?{urlencode({'q': said[:left_out] + said[left_out + 1 :]})}"
