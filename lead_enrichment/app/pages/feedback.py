"""Feedback: what people say about leads, values and definitions, the stewards' queue, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from lead_enrichment.app.access import require
from lead_enrichment.app.deliveries import one_at_a_time
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.people import Person
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import redirect, render
from lead_enrichment.errors import UsageError
from lead_enrichment.feedback import (
    LONGEST,
    OPEN,
    RESULT,
    answer,
    answers_to,
    feedback,
    feedback_on_its_way,
    find_feedback,
    give,
    pointed_at,
    submit,
    with_waiting,
    without_effect,
)
from lead_enrichment.warehouse.reading import Row

MENU = (
    MenuEntry("My feedback", "/feedback/mine", "Sales", 80),
    MenuEntry("Feedback queue", "/feedback/queue", "Data stewards", 30, "steward"),
)
router = APIRouter()
# Pieces of feedback on a page.
SHOWN = 100
Text = Annotated[str, Form(max_length=LONGEST)]
Short = Annotated[str, Form(max_length=300)]


@router.get("/feedback")
def begin() -> Response:
    """Redirect to the reader's own feedback."""
    return RedirectResponse("/feedback/mine", 303)


@router.get("/feedback/mine")
def mine(
    request: Request, lead: Annotated[str, Query(max_length=300)] = "", term: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Show what somebody said and what came of it, and take more."""
    with request.app.state.published.reading() as reader:
        found = [row for row in _feedback(request, reader) if row["given_by"] == request.state.person.name]
        # What was answered last is news to who gave it.
        found.sort(key=lambda row: row["answered_at"] or row["given_at"], reverse=True)
        return render(
            request, "feedback_mine.html", found=found[:SHOWN], total=len(found), lead=lead.strip(), term=term.strip()
        )


@router.get("/feedback/queue")
def queue(
    request: Request,
    person: Annotated[Person, require("steward")],
    state: Annotated[str, Query(max_length=20)] = "",
    about: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show stewards what waits for an answer."""
    with request.app.state.published.reading() as reader:
        found = _feedback(request, reader)
        counts = {word: sum(row["state"] == word for row in found) for word in RESULT.values()}
        wanted = (state,) if state in counts else OPEN
        chosen = [row for row in found if row["state"] in wanted and about in ("", row["subject"])]
        return render(
            request, "feedback_queue.html", found=[_with_place(row) for row in chosen[:SHOWN]], total=len(chosen),
            counts=counts, state=state if state in counts else "", about=about, idle=without_effect(reader.connection),
        )  # fmt: skip


@router.get("/feedback/{key}")
def one(request: Request, key: str) -> Response:
    """Show one piece of feedback whole."""
    with request.app.state.published.reading() as reader:
        row = find_feedback(_feedback(request, reader), key)
        answers = answers_to(reader.connection, row["feedback_key"])
        return render(request, "feedback_one.html", row=_with_place(row), answers=answers)


@router.post("/feedback")
def say(
    request: Request,
    person: Annotated[Person, require("viewer")],
    comment: Text = "",
    lead_key: Short = "",
    term: Short = "",
    value_seen: Text = "",
    suggested_value: Text = "",
    back: Short = "/feedback/mine",
) -> Response:
    """Take feedback in."""
    with request.app.state.published.reading() as reader, one_at_a_time():
        said = give(reader.connection, person.name, comment, lead_key, term, suggested_value, value_seen)
        submit(request.app.state.settings.paths, said)
    return redirect(
        request, _own_path(back), ("good", "Thank you. My feedback shows what comes of it; stewards see it now.")
    )


@router.post("/feedback/{key}/{action}")
def reply(
    request: Request,
    key: str,
    action: str,
    person: Annotated[Person, require("steward")],
    reason: Text = "",
    led_to: Text = "",
    back: Short = "/feedback/queue",
) -> Response:
    """Answer feedback: accept, decline or apply it."""
    with request.app.state.published.reading() as reader, one_at_a_time():
        row = find_feedback(_feedback(request, reader), key)
        try:
            said = answer(row, action, person.name, reason, led_to)
        except UsageError as error:
            by = f" {row['answered_by']} answered: {row['answer']}" if row["answered_by"] else ""
            return redirect(request, _own_path(back), ("bad", f"Nothing was written: {error.what}.{by} {error.remedy}"))
        submit(request.app.state.settings.paths, said)
    sentence = f"It is {RESULT[action]}. {row['given_by']} sees your answer; it is taken in with the next run."
    return redirect(request, _own_path(back), ("good", sentence))


def _feedback(request: Request, reader: CopyReader) -> list[Row]:
    """Return all feedback as it stands with what waits for the next run."""
    waiting = feedback_on_its_way(reader.connection, request.app.state.settings.paths)
    return with_waiting(reader.cached("feedback", lambda: feedback(reader.connection)), waiting)


def _with_place(row: Row) -> Row:
    return Row(row, place=pointed_at(row))


def _own_path(path: str) -> str:
    """Return a path of the app; nobody is sent to another page by a form."""
    is_own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_own else "/feedback/mine"
