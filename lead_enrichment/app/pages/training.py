"""Walk-throughs by role, and the questions that people ask."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import FileResponse, Response

from lead_enrichment.app.rendering import render
from lead_enrichment.training import PICTURES, questions, walk_throughs

router = APIRouter()
# A path of the app, written as code, leads there; a key does not.
PAGE = re.compile(r"(?<!key )<code>(/[^<\s]*)</code>")
PICTURE = re.compile(r"[a-z-]+_[a-z]+\.png")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("link")


def html_of(text: str) -> Markup:
    """Return Markdown of the project's documents as HTML; nothing of it runs, and paths of the app become links."""
    return Markup(PAGE.sub(r'<a href="\1">\1</a>', _markdown().render(text)))


@router.get("/help/training/pictures/{name}")
def show_picture(name: str) -> Response:
    """Send a picture of a walk-through, which its Markdown names beside itself."""
    if not PICTURE.fullmatch(name) or not (Path() / PICTURES / name).is_file():
        raise HTTPException(404)
    return FileResponse(Path() / PICTURES / name, media_type="image/png")


@router.get("/help/training/{role}")
def show_role(request: Request, role: str) -> Response:
    """Show the walk-through of a role."""
    found = next((walk for walk in walk_throughs(Path()) if walk.role == role), None)
    if found is None:
        raise HTTPException(404)
    return render(request, "training/role.html", walk=found, html_of=html_of)


@router.get("/help/training")
def show(request: Request) -> Response:
    """Show the walk-throughs."""
    return render(request, "training/index.html", walks=walk_throughs(Path()), html_of=html_of)


@router.get("/help/questions")
def show_questions(request: Request) -> Response:
    """Show the questions that people ask, with their answers."""
    by_group: dict[str, list[Any]] = {}
    for question in questions(Path()):
        by_group.setdefault(question.group, []).append(question)
    return render(request, "training/questions.html", by_group=by_group, html_of=html_of)
