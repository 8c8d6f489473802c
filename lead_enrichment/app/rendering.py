"""Pages: templates, the words in which values are shown, and messages for the next page."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from lead_enrichment.app.access import FLASH
from lead_enrichment.matching.sentences import phone, place, sureness, titled
from lead_enrichment.wording import counted, listed, shorten, status_words, visible

HERE = Path(__file__).parent
STATIC_FILES = HERE / "static"
# How a status looks: the class of its badge.
BADGES = {
    "net_new": "good", "matched": "calm", "duplicate": "warn", "to_review": "ask", "gone": "faint",
    "Net-new": "good", "To review": "ask", "Customer": "calm", "Open": "calm", "Paused": "faint", "Lost": "faint",
    "Known": "calm", "Gone": "faint", "known": "calm",
    "open": "bad", "acknowledged": "ask", "snoozed": "faint", "resolved": "good",
    "critical": "bad", "error": "bad", "warning": "warn", "info": "calm",
    "loaded": "good", "quarantined": "bad", "withdrawn": "faint",
}  # fmt: skip


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates. Every value is escaped, and a name that is missing is an error and no empty place."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number, "day": day, "moment": moment, "phone": lambda value: phone(value) if value else "",
        "titled": titled, "name": calm_name, "status": status_words, "sure": sureness, "place": place,
        "badge": lambda word: BADGES.get(word, "calm"), "share": share, "counted": counted, "listed": listed,
        "shorten": shorten, "shown": shown, "marked": marked,
    }  # fmt: skip
    environment.globals["static"] = static
    return environment


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page.

    Args:
        request: The request that it answers.
        template: Its file under templates/.
        status: The code of the answer.
        context: What the template shows. Also there: `person`, `request`, `navigation`, `flashes`, `may`.
    """
    app = request.app.state
    person = request.state.person
    flashes = app.sessions.flashes(request)
    html = (
        templates()
        .get_template(template)
        .render(
            request=request,
            path=request.url.path,
            person=person,
            may=lambda role: person is not None and person.may(role),
            is_open=app.settings.is_open,
            navigation=app.navigation if person else (),
            flashes=[*flashes, *(app.notices.take(person.name) if person else ())],
            **context,
        )
    )
    answer = HTMLResponse(html, status)
    if flashes:
        answer.delete_cookie(FLASH, httponly=True, samesite="strict")
    return answer


def redirect(request: Request, path: str, *messages: tuple[str, str]) -> RedirectResponse:
    """Send the browser to a page of the app after a write.

    Args:
        request: The request that wrote.
        path: Where to; a path of the app.
        messages: What the page tells, as pairs of kind (good, warn, bad) and text.
    """
    answer = RedirectResponse(path, 303)
    if messages:
        answer.set_cookie(
            FLASH, request.app.state.sessions.flash([*messages]), max_age=60, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return answer


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """Return the address of a file under static/, which changes with its content: browsers may keep it for ever."""
    return f"/static/{name}?{hashlib.sha256((STATIC_FILES / name).read_bytes()).hexdigest()[:12]}"


# Words of names that stay in capitals, or are written otherwise.
CAPITALS = {
    "LLC", "YMCA", "YWCA", "II", "III", "IV", "USA", "ABC", "PLLC", "LLP", "LP", "AKA", "DBA", "TX", "OK", "NV",
    "NE", "NW", "SE", "SW", "FM", "PO", "US",
}  # fmt: skip


def calm_name(text: str | None) -> str:
    """Return a name for reading: one that is all in capitals gets small letters. What a source says stays elsewhere."""
    if not text:
        return ""
    if not text.isupper() or len(text) < 5:
        return visible(text)

    def calm(word: re.Match[str]) -> str:
        # The letters of 42nd are small; O'Brien has two capitals, Kid's one.
        first, apostrophe, rest = word[0].partition("'")
        if word[0] in CAPITALS or (apostrophe and len(first) == 1):
            return word[0] if word[0] in CAPITALS else f"{first}'{rest.capitalize()}"
        return word[0].capitalize()

    return visible(re.sub(r"[^\W_]+('[^\W\d_]+)?", calm, text))


def marked(text: Any, other: Any) -> list[tuple[str, bool]]:
    """Return the words of a text, each with whether the other text lacks it."""
    known = {word.strip(".,").casefold() for word in str(other).split()}
    return [(word, word.strip(".,").casefold() not in known) for word in str(text).split()]


def number(value: float | int | None) -> str:
    """Return a number with separators: 12,345 or 12.5."""
    if value is None:
        return ""
    return f"{int(value):,}" if value == int(value) else f"{value:,.1f}"


def share(value: float | None) -> str:
    """Return a part of the whole in percent: 12.3%."""
    return "" if value is None else f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}"


def day(value: date | datetime | None) -> str:
    """Return a date as 2026-03-15."""
    return "" if value is None else f"{value:%Y-%m-%d}"


def moment(value: datetime | None) -> str:
    """Return a time as 2026-03-15 14:05, UTC."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"


def shown(value: Any) -> str:
    """Return any value of a column as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, int | float):
        return number(value)
    return visible(str(value))
