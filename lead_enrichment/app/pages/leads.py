"""Leads: search, filters, the list of work, and its export."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from lead_enrichment.app.downloads import csv_file
from lead_enrichment.app.lead_list import (
    EXPORTED,
    ORDERS,
    STATUSES,
    Wish,
    choices,
    counties,
    exported,
    page_of,
    settled,
)
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.rendering import render

MENU = (MenuEntry("Leads", "/leads", "Sales", 20),)
router = APIRouter()


def wish(
    q: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=40)] = "",
    status: Annotated[str, Query(max_length=40)] = "",
    territory: Annotated[str, Query(max_length=200)] = "",
    duplicates: bool = False,
    sort: Annotated[str, Query(max_length=20)] = "priority",
    after: Annotated[str, Query(max_length=200)] = "",
    county: Annotated[str, Query(max_length=100)] = "",
) -> Wish:
    """Return what the address asks for; an order that there is not is the usual one."""
    return Wish(q.strip(), state, status, territory, duplicates, sort if sort in ORDERS else "priority", after, county)


Asked = Annotated[Wish, Depends(wish)]


@router.get("/leads")
def show(request: Request, asked: Asked) -> Response:
    """Show a page of the list, or what a search finds."""
    with request.app.state.published.reading() as reader:
        asked = settled(reader, asked)
        found, offered = page_of(reader, asked), choices(reader)
        offered_counties = counties(reader, asked.state)
    return render(
        request, "leads.html", found=found, asked=asked, offered=offered, counties=offered_counties,
        statuses=STATUSES, orders=ORDERS,
    )  # fmt: skip


@router.get("/leads.csv")
def export(request: Request, asked: Asked) -> Response:
    """Send the list as a CSV file."""
    # Whether the copy can be read is told by a page, before the first line.
    with request.app.state.published.reading() as reader:
        choices(reader)
    return csv_file(request, "leads", EXPORTED, lambda reader: exported(reader, settled(reader, asked)))
