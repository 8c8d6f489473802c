"""The connection to Salesforce: sign-in, what may be tried again, and its errors as sentences.

Every write that goes through here may be repeated: creates are upserts by an external id, changes are made by id. So
an answer that is lost on the way is asked for again, and nothing is done twice.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from lead_enrichment.errors import UsageError
from lead_enrichment.salesforce.settings import ADVICE, Settings

# Seconds to wait for a connection, and for each part of an answer.
TIMEOUT = (10.0, 120.0)
# A job may take hours; a request that fails is tried so often, with waits that grow from the first to the longest.
TRIES, FIRST_WAIT, LONGEST_WAIT = 6, 0.5, 30.0
MOST_ROWS_READ = 2_000
UNREACHABLE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
# What Salesforce is busy with now, and may do later.
BUSY = {429, 500, 502, 503, 504}


class ApiError(Exception):
    """Salesforce refused a request.

    Args:
        status: Of HTTP.
        code: Its error code, such as INVALID_FIELD.
        message: Its own words.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{code}: {message}")


class _Session(requests.Session):
    """A session that never waits without end."""

    def request(self, *positional: Any, **named: Any) -> requests.Response:
        """Send a request."""
        named.setdefault("timeout", TIMEOUT)
        return super().request(*positional, **named)


class Client:
    """A connection to an org.

    Args:
        settings: How it is reached.
        first_wait: Seconds before the first attempt is repeated; tests set it lower.
    """

    def __init__(self, settings: Settings, first_wait: float = FIRST_WAIT) -> None:
        self._settings, self._first_wait = settings, first_wait
        self._session = _Session()
        # A connection for each of the few requests at a time; what fails is repeated here, not in there.
        self._session.mount(settings.address, HTTPAdapter(pool_maxsize=2, max_retries=0))
        self._salesforce: Salesforce | None = None
        # The fields of leads by name, once asked for.
        self._fields: dict[str, dict[str, Any]] = {}
        # Of the day's requests: used and allowed, as of the last answer.
        self.usage: tuple[int, int] | None = None
        # By its own clock, as of the last answer.
        self.server_time = datetime.now(UTC)

    @property
    def address(self) -> str:
        """The org's address."""
        return self._settings.address

    @property
    def version(self) -> str:
        """The version of the API."""
        return self._settings.version

    # Signing in

    def _sign_in(self) -> Salesforce:
        """Get a token, and return simple-salesforce's client with it.

        Its own sign-in knows the hosts under salesforce.com alone, and no address of a sandbox or a test.

        Raises:
            UsageError: Salesforce refuses it; the answer is told, secrets are not.
        """
        settings = self._settings
        form: dict[str, str]
        if settings.private_key is not None:
            try:
                key = settings.private_key.read_text(encoding="utf-8")
                claims = {
                    "iss": settings.client_id, "sub": settings.username, "aud": settings.login_address,
                    "exp": int(time.time()) + 180,
                }  # fmt: skip
                assertion = jwt.encode(claims, key, algorithm="RS256")
            except (OSError, ValueError, TypeError, jwt.PyJWTError) as error:
                what = "SALESFORCE_PRIVATE_KEY_FILE is no PEM file of a private key that may be read"
                raise UsageError(what, str(settings.private_key), ADVICE) from error
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        else:
            form = {
                "grant_type": "client_credentials", "client_id": settings.client_id,
                "client_secret": settings.client_secret or "",
            }  # fmt: skip
        answer = self._repeat(
            lambda: self._session.post(f"{settings.address}/services/oauth2/token", data=form, allow_redirects=False)
        )
        try:
            told = answer.json()
        except ValueError:
            told = {}
        if answer.status_code != 200 or "access_token" not in told:
            why = told.get("error_description") or told.get("error") or f"status {answer.status_code}"
            raise UsageError(f"Salesforce does not let us in: {why}", settings.address, ADVICE)
        found = Salesforce(
            session_id=told["access_token"], instance_url=settings.address, version=settings.version,
            session=self._session,
        )  # fmt: skip
        # It writes https:// whatever the address says.
        found.base_url = f"{settings.address}/services/data/v{settings.version}/"
        found.bulk2_url = f"{found.base_url}jobs/"
        return found

    # Asking

    def _repeat(self, attempt: Any) -> requests.Response:
        """Return the answer to a request; repeat it while Salesforce is busy or cannot be reached.

        Raises:
            UsageError: It stays so.
        """
        wait, why = self._first_wait, ""
        for number in range(TRIES):
            if number:
                # Not all at once with others that were cut off at the same time.
                time.sleep(wait * (0.5 + random.random()))
                wait = min(2 * wait, LONGEST_WAIT)
            try:
                answer: requests.Response = attempt()
            except UNREACHABLE as error:
                why = f"it cannot be reached ({type(error).__name__})"
                continue
            if answer.status_code not in BUSY:
                return answer
            why = f"it answers with status {answer.status_code}"
        raise UsageError(f"Salesforce is not available: {why}", self._settings.address, "Try again later.")

    def request(
        self, method: str, path: str, *, body: Any = None, data: bytes | None = None, accept: str = "application/json",
        parameters: Mapping[str, str] | None = None,
    ) -> requests.Response:  # fmt: skip
        """Return the answer to a request.

        Args:
            method: Of HTTP.
            path: Below /services/data/vXX.X/.
            body: Sent as JSON.
            data: Sent as it is, as CSV.
            accept: What is wanted.
            parameters: Of the address.

        Raises:
            ApiError: Salesforce refuses it.
            UsageError: It cannot be reached, or lets us in no more.
        """
        content = {"data": data} if data is not None else {} if body is None else {"data": json.dumps(body)}
        kind = "text/csv; charset=UTF-8" if data is not None else "application/json; charset=UTF-8"

        def attempt() -> requests.Response:
            for is_last in (*(False,) * (TRIES - 1), True):
                if self._salesforce is None:
                    self._salesforce = self._sign_in()
                try:
                    answer: requests.Response = self._salesforce._call_salesforce(
                        method, f"{self._salesforce.base_url}{path}", name=path, params=parameters or {},
                        headers={"Content-Type": kind, "Accept": accept}, **content,
                    )  # fmt: skip
                    return answer
                except SalesforceExpiredSession as error:
                    # A token lives for hours, and may be taken away at any time.
                    self._salesforce = None
                    if is_last:
                        raise _api_error(error) from error
                except SalesforceError as error:
                    if error.status in BUSY:
                        # Told by its status, for `_repeat`.
                        answer = requests.Response()
                        answer.status_code = error.status
                        return answer
                    raise _api_error(error) from error
            raise AssertionError("the last attempt returns or raises")

        answer = self._repeat(attempt)
        used, _, allowed = answer.headers.get("Sforce-Limit-Info", "").removeprefix("api-usage=").partition("/")
        if used.isdecimal() and allowed.isdecimal():
            self.usage = int(used), int(allowed)
        if "Date" in answer.headers:
            self.server_time = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        return answer

    def json(self, method: str, path: str, *, body: Any = None, **parameters: str) -> Any:
        """Return the answer to a request, read as JSON; None where there is none. See `request`."""
        answer = self.request(method, path, body=body, parameters=parameters)
        return answer.json() if answer.content else None

    # What there is

    def fields(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the fields of leads that the user may see, by name, as describe has them."""
        if not self._fields:
            self._fields = {item["name"]: item for item in self.json("GET", "sobjects/Lead/describe")["fields"]}
        return self._fields

    def remaining(self) -> tuple[int, int]:
        """Return how many of the day's requests are left, and how many there are."""
        found = self.json("GET", "limits")["DailyApiRequests"]
        return int(found["Remaining"]), int(found["Max"])

    def user_id(self) -> str:
        """Return the id of the user that we are."""
        if self._salesforce is None:
            self._salesforce = self._sign_in()
        found = self._salesforce
        answer = self._repeat(
            lambda: self._session.get(f"{self.address}/services/oauth2/userinfo", headers=dict(found.headers))
        )
        return str(answer.json()["user_id"])

    def leads(self, ids: Sequence[str], names: Sequence[str]) -> Iterator[dict[str, Any] | None]:
        """Return the leads of ids, in their order; None for one that is deleted or never was."""
        for start in range(0, len(ids), MOST_ROWS_READ):
            some = list(ids[start : start + MOST_ROWS_READ])
            yield from self.json("POST", "composite/sobjects/Lead", body={"ids": some, "fields": list(names)})

    def query_all(self, soql: str) -> Iterator[dict[str, Any]]:
        """Return the rows of a query, those of deleted leads too."""
        page = self.json("GET", "queryAll/", q=soql)
        yield from page["records"]
        while not page["done"]:
            page = self.json("GET", f"query/{page['nextRecordsUrl'].rpartition('/')[2]}")
            yield from page["records"]


def _api_error(error: SalesforceError) -> ApiError:
    """Return a refusal with its code and its words."""
    content = error.content
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, dict):
        return ApiError(error.status, str(first.get("errorCode", "")), str(first.get("message", "")))
    return ApiError(error.status, f"HTTP_{error.status}", " ".join(str(content).split())[:300])
