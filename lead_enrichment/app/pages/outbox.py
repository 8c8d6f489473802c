"""Outbox: what should change in Salesforce, what was sent, what was refused, and which fields belong to people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lead_enrichment.app.access import require
from lead_enrichment.app.deliveries import one_at_a_time
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.people import Person
from lead_enrichment.app.rendering import redirect, render
from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.ledger import submit
from lead_enrichment.outbox.stewardship import (
    STATES,
    TO_REVIEW,
    changes_of,
    counts,
    list_changes,
    release_of,
    withdrawal_of,
)

MENU = (MenuEntry("Outbox", "/outbox", "Operations", 40),)
router = APIRouter()

TARGET = "salesforce"
SHOWN = 100
# What is looked at: in words, and as a choice among the changes.
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "ready": ("May be sent", {"blocked": False, "state": "pending"}),
    "blocked": ("Held back", {"blocked": True, "state": "pending"}),
    "review": ("To review: duplicates for Salesforce", {"to_review": True}),
    "refused": ("Refused", {"state": "rejected"}),
    "conflict": ("Met an edit of people", {"state": "conflict"}),
    "under_way": ("Claimed", {"state": "claimed"}),
    "accepted": ("Accepted", {"state": "accepted"}),
    "confirmed": ("Confirmed", {"state": "confirmed"}),
    "all": ("All", {}),
}
BATCHES = """
    SELECT
        COALESCE(batch_id, '') AS batch_id, MAX(event_at) AS last_at, COUNT(*) AS changes,
        COUNT(*) FILTER (event = 'accepted') AS accepted, COUNT(*) FILTER (event = 'rejected') AS rejected,
        COUNT(*) FILTER (event = 'conflict') AS conflicts, COUNT(*) FILTER (event = 'claimed') AS unanswered
    FROM outbox.acknowledgement WHERE event IS NOT NULL GROUP BY ALL ORDER BY last_at DESC LIMIT 12
"""


@router.get("/outbox")
def show(request: Request, view: Annotated[str, Query(max_length=20)] = "ready") -> Response:
    """Show how many changes stand where, the first of one kind, and the last batches."""
    chosen = view if view in VIEWS else "ready"
    with request.app.state.published.reading() as reader:
        number, found = reader.cached(
            f"outbox {chosen}", lambda: list_changes(reader.connection, SHOWN, **VIEWS[chosen][1])
        )
        total, batches = reader.cached("outbox", lambda: (counts(reader.connection), reader.rows(BATCHES)))
    tally = {state: sum(row["changes"] for row in total if row["state"] == state) for state in STATES}
    ready = sum(row["changes"] for row in total if row["standing"] == "may be sent")
    to_review = sum(row["changes"] for row in total if row["standing"] == TO_REVIEW)
    held = sum(
        row["changes"] for row in total
        if row["state"] == "pending" and row["standing"] not in ("may be sent", TO_REVIEW)
    )  # fmt: skip
    return render(
        request, "outbox.html", found=found, number=number, tally=tally, ready=ready, to_review=to_review, held=held,
        batches=batches, chosen=chosen, views=VIEWS, has_any=bool(total),
    )  # fmt: skip


@router.get("/outbox/{lead_key}")
def show_lead(request: Request, lead_key: str) -> Response:
    """Show all of one lead: changes, fields of people, and what was ever said of them."""
    with request.app.state.published.reading() as reader:
        try:
            found, owned, events = changes_of(reader.connection, lead_key[:200])
        except UsageError:
            found, owned, events = [], [], []
    return render(
        request, "outbox_lead.html", 200 if found or owned or events else 404, lead_key=lead_key, found=found,
        owned=owned, events=events,
    )  # fmt: skip


@router.post("/outbox/{lead_key}")
def say(
    request: Request,
    person: Annotated[Person, require("steward")],
    lead_key: str,
    field: Annotated[str, Form(max_length=80)],
    action: Annotated[str, Form(max_length=20)],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Write into landing that a field is released, or that a change is withdrawn."""
    state = request.app.state
    why = " ".join(reason.split())
    # A lead that is not known has no page to go back to; the list is there always.
    back = "/outbox"
    if not why:
        return redirect(request, back, ("warn", "Say why: others will ask. Nothing was written."))
    making = withdrawal_of if action == "withdraw" else release_of
    with state.published.reading() as reader, one_at_a_time():
        try:
            event = making(reader.connection, TARGET, lead_key, field, person.name, why)
        except UsageError as error:
            return redirect(request, back, ("warn", f"Nothing was written: {error.what}. {error.remedy}"))
        submit(state.settings.paths, [event])
    told = f"Noted: {event.field} of {event.lead_key} is {event.event}. It is taken in with the next run."
    return redirect(request, back, ("good", told))
