"""Signing in and out, by a token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lead_enrichment.app.access import SESSION, SIGN_IN, require
from lead_enrichment.app.people import Person, holder_of, read_people
from lead_enrichment.app.rendering import redirect, render

router = APIRouter()


@router.get(SIGN_IN)
def form(request: Request) -> Response:
    """Ask for the token."""
    if request.state.person:
        return redirect(request, "/")
    return render(request, "sign_in.html", problem="")


@router.post(SIGN_IN)
def sign_in(request: Request, token: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Begin a session, where the token is somebody's."""
    state = request.app.state
    if not state.sessions.may_try():
        return render(request, "sign_in.html", 429, problem="Too many tokens were tried. Wait a minute.")
    person = holder_of(read_people(state.settings.people_file), token)
    if person is None:
        state.sessions.failed()
        return render(request, "sign_in.html", 403, problem="Nobody has this token. Copy it whole, without spaces.")
    answer = redirect(request, "/", ("good", f"Good day, {person.name}."))
    answer.set_cookie(
        SESSION, state.sessions.cookie_for(person), max_age=int(state.settings.session_hours * 3600), httponly=True,
        samesite="strict", secure=request.url.scheme == "https" or state.settings.origin.startswith("https:"),
    )  # fmt: skip
    return answer


@router.post("/sign-out")
def sign_out(request: Request, person: Annotated[Person, require("viewer")]) -> Response:
    """End the session."""
    answer = redirect(request, SIGN_IN)
    answer.delete_cookie(SESSION, httponly=True, samesite="strict")
    return answer
