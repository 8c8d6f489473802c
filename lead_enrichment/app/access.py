"""Who may open which page: sessions, roles, the check of the origin, and the headers of every answer."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lead_enrichment.app.people import Person, hash_of, read_people
from lead_enrichment.app.settings import AppSettings, is_loopback

LOGGER = logging.getLogger(__name__)
SESSION, FLASH = "leads_session", "leads_flash"
SAFE = ("GET", "HEAD", "OPTIONS")
SIGN_IN = "/sign-in"
# What is answered without a session: nothing of a lead is on them.
PUBLIC = (SIGN_IN, "/health")
STATIC = "/static/"
API = "/api/"
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
LARGEST_BODY = 1_000_000
# Wrong tokens that are answered in a minute; the next ones wait.
ATTEMPTS, ATTEMPT_SECONDS = 10, 60.0


class RoleMissing(Exception):
    """Somebody asks for what their role may not do.

    Args:
        role: The role that may.
    """

    status = 403

    def __init__(self, role: str) -> None:
        self.role = role
        super().__init__(role)


class Sessions:
    """Signed cookies: who is signed in, and what the next page tells them."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings = settings
        secret = _secret(settings.secret_file)
        self._sessions = URLSafeTimedSerializer(secret, salt="session")
        self._flashes = URLSafeTimedSerializer(secret, salt="flash")
        self._attempts: deque[float] = deque()
        self._lock = threading.Lock()

    def cookie_for(self, person: Person) -> str:
        """Return the cookie of a session. It ends with the token: it names the token's hash, in part."""
        return str(self._sessions.dumps([person.name, _mark(person)]))

    def person(self, connection: HTTPConnection) -> Person | None:
        """Return who is asking; None for nobody who may."""
        settings = self._settings
        if settings.is_open:
            return Person(settings.local_user, "admin")
        people = read_people(settings.people_file)
        if settings.trusted_header:
            peer = connection.client.host if connection.client else ""
            names = connection.headers.getlist(settings.trusted_header)
            # Twice the header is what a client sent and a proxy added: whose word counts, nobody knows.
            return people.get(names[0].strip()) if peer in settings.proxies and len(names) == 1 else None
        try:
            name, mark = self._sessions.loads(
                connection.cookies.get(SESSION, ""), max_age=int(settings.session_hours * 3600)
            )
        except (BadSignature, ValueError, TypeError):
            return None
        person = people.get(name)
        return person if person and hmac.compare_digest(str(mark), _mark(person)) else None

    def may_try(self) -> bool:
        """Whether another token may be tried now: guessing is slow, whoever guesses."""
        with self._lock:
            now = time.monotonic()
            while self._attempts and self._attempts[0] < now - ATTEMPT_SECONDS:
                self._attempts.popleft()
            return len(self._attempts) < ATTEMPTS

    def failed(self) -> None:
        """Count a wrong token."""
        with self._lock:
            self._attempts.append(time.monotonic())

    def flash(self, messages: list[tuple[str, str]]) -> str:
        """Return the cookie that tells the next page what was done: pairs of kind and text."""
        return str(self._flashes.dumps(messages))

    def flashes(self, request: Request) -> list[tuple[str, str]]:
        """Return what the page tells: pairs of kind and text."""
        try:
            found = self._flashes.loads(request.cookies.get(FLASH, ""), max_age=60)
            return [(str(kind), str(text)) for kind, text in found]
        except (BadSignature, ValueError, TypeError):
            return []


def require(role: str) -> Any:
    """Return the dependency by which a route asks for a role: `person: Annotated[Person, require("steward")]`."""

    def allowed(request: Request) -> Person:
        person: Person = request.state.person
        if not person.may(role):
            raise RoleMissing(role)
        return person

    allowed.role = role  # type: ignore[attr-defined]
    return Depends(allowed)


def role_of(route: APIRoute) -> str | None:
    """Return the role that a route asks for; None where it asks for none."""
    roles = [getattr(part.call, "role", None) for part in route.dependant.dependencies]
    return next((role for role in roles if role), None)


def check_routes(routes: list[APIRoute]) -> None:
    """Check that every route that writes asks for a role.

    Raises:
        RuntimeError: One does not.
    """
    for route in routes:
        if (route.methods or set()) - set(SAFE) and role_of(route) is None and route.path not in PUBLIC:
            raise RuntimeError(f"{route.path} writes and asks for no role: add require(…) of access.py")


class Gate:
    """The door of the app, in front of every route: host, origin, session, size of the body, headers of the answer."""

    def __init__(
        self, app: ASGIApp, settings: AppSettings, sessions: Sessions, broken: Callable[[Request], Response]
    ) -> None:
        self._app, self._settings, self._sessions, self._broken = app, settings, sessions, broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        path, headers, is_begun = scope["path"], Headers(scope=scope), False

        async def send_guarded(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not path.startswith(STATIC):
                    # Personal data stay in no cache.
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        if path.startswith(API):
            # Programs: tokens instead of sessions, and errors that they can read; see api/access.py.
            await self._app(scope, receive, send_guarded)
            return
        refusal = self._refusal(scope, headers)
        if refusal:
            await refusal(scope, receive, send_guarded)
            return
        connection = HTTPConnection(scope)
        person = self._sessions.person(connection)
        scope.setdefault("state", {})["person"] = person
        if person is None and path not in PUBLIC and not path.startswith(STATIC):
            await self._ask(scope, headers)(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception:
            LOGGER.exception("%s %s failed", scope["method"], path)
            if is_begun:
                raise
            await self._broken(Request(scope))(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        """Return why a request is not answered, whoever sends it; None where it is."""
        if is_foreign_host(self._settings, headers):
            return PlainTextResponse("This app answers to its own address only.", 421)
        if scope["method"] in SAFE:
            return None
        if not is_own_origin(self._settings, headers, scope):
            return PlainTextResponse("This request comes from another page, and nothing was written.", 403)
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return PlainTextResponse("This is too long, and nothing was written.", 413)
        return None

    def _ask(self, scope: Scope, headers: Headers) -> PlainTextResponse | RedirectResponse:
        """Return what somebody gets who is not signed in."""
        if self._settings.trusted_header:
            return PlainTextResponse("Nobody of your name may use this app. Ask its operator.", 403)
        if headers.get("hx-request"):
            return PlainTextResponse("Sign in again.", 401, {"HX-Redirect": SIGN_IN})
        return RedirectResponse(SIGN_IN, 303)


def is_foreign_host(settings: AppSettings, headers: Headers) -> bool:
    """Whether an app without sign-in is asked by a name that is not its own.

    A foreign page could name its own host after this machine's address, and read along.
    """
    return settings.is_open and not _is_local(headers.get("host", ""))


def is_own_origin(settings: AppSettings, headers: Headers, scope: Scope) -> bool:
    """Whether a request that writes comes from a page of the app."""
    origin = headers.get("origin", "")
    return bool(origin) and origin == (settings.origin or f"{scope['scheme']}://{headers.get('host', '')}")


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return is_loopback(name)


def _mark(person: Person) -> str:
    """Return what changes with a person's token and role, so that a session does not outlive them."""
    return hash_of(f"{person.token_sha256} {person.role}")[:16]


def _secret(file: Path) -> str:
    """Return the secret of this data directory, made at the first start."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        secret = secrets.token_hex(32)
        stream.write(secret)
    return secret
