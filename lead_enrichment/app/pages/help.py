"""Help: what the app shows, its words, its keys."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.rendering import render

MENU = (MenuEntry("Help", "/help", "Reference", 90),)
router = APIRouter()


@router.get("/help")
def show(request: Request) -> Response:
    """Explain the app."""
    return render(request, "help.html")
