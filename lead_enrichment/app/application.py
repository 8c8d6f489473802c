"""The application: routes, the gate before them, and pages for what goes wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Scope

from lead_enrichment.app.access import Gate, RoleMissing, Sessions, check_routes
from lead_enrichment.app.api.application import ROOT, create_api
from lead_enrichment.app.deliveries import Notices
from lead_enrichment.app.navigation import menu_of, page_modules
from lead_enrichment.app.published import CopyProblem, PublishedCopy
from lead_enrichment.app.rendering import STATIC_FILES, render
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.errors import DataError, LeadsError

FOREVER = "public, max-age=31536000, immutable"


class KeptFiles(StaticFiles):
    """Files that a browser may keep: their address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = FOREVER if scope["query_string"] else "no-cache"
        return answer


class WholeMount(Mount):
    """Hands every path that begins so to another app: Starlette's own stops at a line break, which a key may hold."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        super().__init__(path, app=app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def create_app(settings: AppSettings) -> FastAPI:
    """Return the app over one data directory."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.published.close()

    app = FastAPI(title="Lead enrichment", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    modules = [*page_modules()]
    app.state.settings = settings
    app.state.sessions = Sessions(settings)
    app.state.published = PublishedCopy(settings)
    app.state.notices = Notices()
    app.state.navigation = menu_of(modules)
    routes: list[APIRoute] = []
    for module in modules:
        app.include_router(module.router)
        routes += [route for route in module.router.routes if isinstance(route, APIRoute)]
    check_routes(routes)
    app.router.routes.append(WholeMount(ROOT, create_api(settings, app.state.published)))
    app.mount("/static", KeptFiles(directory=STATIC_FILES), name="static")
    for kind, answer in ERRORS.items():
        app.add_exception_handler(kind, answer)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Gate, settings=settings, sessions=app.state.sessions, broken=_broken)
    return app


def _copy_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, CopyProblem)
    return _problem(request, error.status, error.title, error.text, error.remedy)


def _leads_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LeadsError)
    # The place is a file of the machine or a value: the sentence says what is wrong without it.
    text = f"{error.what[:1].upper()}{error.what[1:]}. {error.remedy}".strip()
    return _problem(request, 500 if isinstance(error, DataError) else 400, "This could not be done", text)


def _role_missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, RoleMissing)
    return _problem(
        request, error.status, "Your role may not do this", f"The role {error.role} may. Ask the operator of the app."
    )


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _problem(
            request, 404, "There is no such page", "It may have moved, or the address was cut. Search for the lead."
        )
    return _problem(request, error.status_code, "This could not be answered", str(error.detail))


def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = ", ".join(str(found["loc"][-1]) for found in error.errors()[:3])
    return _problem(request, 422, "The address or form is not complete", f"Missing or of another form: {names}.")


def _broken(request: Request) -> Response:
    return _problem(
        request,
        500,
        "Something went wrong in the app",
        "The app's log holds it. Tell the operator what you did.",
    )


ERRORS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    CopyProblem: _copy_problem,
    LeadsError: _leads_error,
    RoleMissing: _role_missing,
    HTTPException: _http,
    RequestValidationError: _not_valid,
}


def _problem(request: Request, status: int, title: str, text: str, remedy: str = "") -> Response:
    """Return the page of something that went wrong."""
    return render(request, "problem.html", status, title=title, text=text, remedy=remedy)
