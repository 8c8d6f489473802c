"""Incidents: what is wrong with the data now, and what people do about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lead_enrichment.app.access import require
from lead_enrichment.app.deliveries import one_at_a_time
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.people import Person
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import redirect, render
from lead_enrichment.errors import UsageError
from lead_enrichment.quality.incidents import (
    ACTIONS,
    RESULT,
    events_of,
    events_on_their_way,
    find_incident,
    incidents,
    make_event,
    now_utc,
    submit_event,
)
from lead_enrichment.warehouse.reading import Row

MENU = (MenuEntry("Incidents", "/incidents", "Operations", 20),)
router = APIRouter()
SHOWN = 100
# What a page shows of them, by the word in its address.
CHOICES = {"": "not resolved", "open": "nobody sees to it", "muted": "muted", "resolved": "resolved", "all": "all"}
DONE = {"ack": "acknowledged", "snooze": "snoozed", "resolve": "resolved", "reopen": "open again"}


@router.get("/incidents")
def show(
    request: Request,
    which: Annotated[str, Query(max_length=20)] = "",
    source: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the incidents, the most severe first."""
    with request.app.state.published.reading() as reader:
        found = _incidents(request, reader)
        which = which if which in CHOICES else ""
        chosen = [row for row in found if _is_chosen(row, which) and source in ("", row["source_key"])]
        return render(
            request, "incidents.html", found=chosen[:SHOWN], total=len(chosen), which=which, choices=CHOICES,
            source=source, sources=sorted({row["source_key"] for row in found if row["source_key"]}),
            counts={word: sum(_is_chosen(row, word) for row in found) for word in CHOICES},
        )  # fmt: skip


@router.get("/incidents/{key}")
def one(request: Request, key: str) -> Response:
    """Show one incident whole: cause, remedy, what it affects, and what people did about it."""
    with request.app.state.published.reading() as reader:
        found = _incidents(request, reader)
        row = find_incident(found, key)
        muted = [other for other in found if other["muted_by"] == row["incident_key"]]
        actions = [action for action, states in ACTIONS.items() if row["state"] in states]
        return render(
            request, "incident.html", row=row, muted=muted[:SHOWN], actions=actions, today=f"{now_utc():%Y-%m-%d}",
            events=events_of(reader.connection, row["incident_key"]), next_week=f"{now_utc() + timedelta(7):%Y-%m-%d}",
        )  # fmt: skip


@router.post("/incidents/{key}/{action}")
def act(
    request: Request,
    key: str,
    action: str,
    person: Annotated[Person, require("operator")],
    reason: Annotated[str, Form(max_length=2_000)] = "",
    until: Annotated[date | None, Form()] = None,
) -> Response:
    """Take in what somebody does about an incident."""
    if action not in ACTIONS:
        raise UsageError(f"{action!r} is nothing to be done", "", f"There is {', '.join(ACTIONS)}.")
    if action == "snooze" and until is None:
        raise UsageError("the snooze has no end", "", "Give the day on which it ends.")
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) if until and action == "snooze" else None
    with request.app.state.published.reading() as reader, one_at_a_time():
        row = find_incident(_incidents(request, reader), key)
        path = f"/incidents/{row['incident_key']}"
        try:
            event = make_event(row, action, person.name, reason, now_utc(), end)
        except UsageError as error:
            return redirect(request, path, ("bad", f"Nothing was written: {error.what}. {error.remedy}"))
        submit_event(request.app.state.settings.paths, event)
    return redirect(request, path, ("good", f"It is {DONE[action]}. The next run takes it in; alerts stop at once."))


def _incidents(request: Request, reader: CopyReader) -> list[Row]:
    """Return the incidents in the state in which the next run leaves them; `waits` is the action that waits for it."""
    coming = events_on_their_way(reader.connection, request.app.state.settings.paths)
    return [
        Row(row, state=RESULT.get(waits or "", row["state"]), waits=waits)
        for row in incidents(reader.connection, now_utc())
        for waits in (coming.get(row["incident_key"]),)
    ]


def _is_chosen(row: Row, which: str) -> bool:
    state = str(row["state"])
    is_muted, is_resolved = bool(row["muted_by"]), state == "resolved"
    if which == "all":
        return True
    if which == "muted":
        return is_muted and not is_resolved
    if which == "resolved":
        return is_resolved
    return not is_muted and not is_resolved and (which != "open" or state == "open")
