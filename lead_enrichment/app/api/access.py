"""The door of the API: whose token it is, and what of a request is not answered at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lead_enrichment.app.access import LARGEST_BODY, is_foreign_host, is_own_origin
from lead_enrichment.app.api.problems import problem
from lead_enrichment.app.api.tokens import SCOPES, ApiClient, read_clients
from lead_enrichment.app.people import holder_of
from lead_enrichment.app.settings import AppSettings

JSON = "application/json"
# What takes a body; elsewhere the router says that the method is none.
WRITES = re.compile("/decisions|/feedback|/incidents/[^/]+/events")
# What an answer may be; a client that takes none of these gets none.
ANSWERED = ("*/*", "application/*", JSON)
# Nothing of the data is in it.
OPEN_PATHS = ("/openapi.json",)


def clients_file(settings: AppSettings) -> Path:
    """Return the file of the tokens of the API."""
    return settings.people_file.with_name("api_tokens.json")


def security_schemes() -> dict[str, Any]:
    """Return how a client shows who it is, for OpenAPI."""
    scopes = "; ".join(f"{name}: {words}" for name, words in SCOPES.items())
    return {"token": {"type": "http", "scheme": "bearer", "description": f"Made by leads api add. Scopes: {scopes}"}}


class ApiGate:
    """Stands before the routes of the API."""

    def __init__(self, app: ASGIApp, settings: AppSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The client alone may keep it, and asks each time whether it is still so.
                MutableHeaders(scope=message).setdefault("cache-control", "private, no-cache")
            await send(message)

        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers)
        await (answer or self._app)(scope, receive, send_private)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return why a request is not answered; None where it is."""
        settings, path = self._settings, scope["path"].removeprefix(scope.get("root_path", ""))
        if is_foreign_host(settings, headers):
            return problem(421, "This app answers to its own address only.")
        if path not in OPEN_PATHS:
            client = self._client(headers)
            if client is None:
                words = "Send a token: Authorization: Bearer leads_…; an operator makes one by: leads api add NAME"
                return problem(401, words, {"www-authenticate": "Bearer"})
            scope.setdefault("state", {})["client"] = client
        if not _takes_json(headers.getlist("accept")):
            return problem(406, f"Only {JSON} is answered.")
        names = [name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)]
        if len({*names}) < len(names):
            return problem(422, "A parameter is given twice.")
        if scope["method"] == "POST" and WRITES.fullmatch(path):
            return self._refusal_of_write(scope, headers)
        return None

    def _refusal_of_write(self, scope: Scope, headers: Headers) -> Response | None:
        if headers.get("origin") and not is_own_origin(self._settings, headers, scope):
            return problem(403, "This request comes from another page, and nothing was written.")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            return problem(415, f"Only {JSON} is taken.")
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length[:12]) > LARGEST_BODY:
            return problem(413, f"The body may have {LARGEST_BODY:,} bytes, and its length is told in Content-Length.")
        return None

    def _client(self, headers: Headers) -> ApiClient | None:
        """Return who asks; None for nobody who may."""
        settings, given = self._settings, headers.getlist("authorization")
        clients = read_clients(clients_file(settings))
        if not given:
            # As the pages do: nobody signs in where nobody was added, and the app serves this user alone.
            is_alone = settings.is_open and not clients
            return ApiClient(settings.local_user, frozenset(SCOPES)) if is_alone else None
        kind, _, token = given[0].partition(" ")
        if len(given) > 1 or kind.lower() != "bearer" or not token.strip():
            return None
        return holder_of(clients, token)


def _takes_json(accepted: list[str]) -> bool:
    if not accepted:
        return True
    for part in ",".join(accepted).split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        is_refused = any(item.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for item in parameters)
        if kind in ANSWERED and not is_refused:
            return True
    return False
