"""Overview: what came in, what is new, what waits for a person."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.rendering import render

MENU = (MenuEntry("Overview", "/", "Sales", 10),)
router = APIRouter()

BY_STATUS = """
    SELECT match_status, COUNT(*)::BIGINT AS leads FROM facts.fact_lead_match GROUP BY match_status
"""


@router.get("/")
def show(request: Request) -> Response:
    """Show the numbers of today."""
    with request.app.state.published.reading() as reader:
        by_status = {row["match_status"]: row["leads"] for row in reader.rows(BY_STATUS)}
        return render(request, "overview.html", by_status=by_status, published_at=reader.published_at)
