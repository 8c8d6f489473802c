"""The application of the API, which stands under /api/v1 in the app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Body, Depends, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, create_model
from pydantic import Field as Described
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from lead_enrichment.app.api.access import ApiGate, security_schemes
from lead_enrichment.app.api.paging import MOST, USUAL, is_date, is_known, read_one, read_page, tag_of
from lead_enrichment.app.api.problems import (
    MEDIA_TYPE,
    SCHEMA,
    ApiProblem,
    on_bug,
    on_copy,
    on_http,
    on_invalid,
    on_leads,
    on_problem,
)
from lead_enrichment.app.api.resources import RESOURCES, Filter, Resource
from lead_enrichment.app.api.tokens import DECISIONS, FEEDBACK, INCIDENTS, ApiClient
from lead_enrichment.app.api.writes import Prepared, submit_once
from lead_enrichment.app.published import CopyProblem, PublishedCopy
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.errors import LeadsError, UsageError
from lead_enrichment.matching import decisions
from lead_enrichment.matching.verdicts import VERDICTS
from lead_enrichment.quality import incidents
from lead_enrichment.warehouse.lookups import find_lead

ROOT = "/api/v1"
PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
TYPES: dict[str, Any] = {
    "text": str, "integer": int, "number": float, "boolean": bool, "date": str, "datetime": str,
}  # fmt: skip
FORMATS: dict[str, Any] = {"date": {"format": "date"}, "datetime": {"format": "date-time"}}
# One line, without control characters: it stands in a cell of a file.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
KEY_FORM = r"^[A-Za-z0-9_.:-]{8,100}$"


def _date(text: str) -> str:
    if not is_date(text):
        raise ValueError("it is no date like 2026-03-15")
    return text


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("it is no whole number")
    return value


Date = Annotated[str, AfterValidator(_date), Described(json_schema_extra={"format": "date"})]
Line = Annotated[str, Described(min_length=1, max_length=500, pattern=ONE_LINE)]
Key = Annotated[str, Described(min_length=1, max_length=200, pattern=ONE_LINE)]
IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", pattern=KEY_FORM, description="New for each request, the same for a repeat")
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DecisionAsked(_Closed):
    """Whether two leads are one facility."""

    lead_key_1: Key
    lead_key_2: Key
    decision: Literal[tuple(VERDICTS)]  # type: ignore[valid-type]
    reason: Line


class FeedbackAsked(_Closed):
    """What is wrong with a lead, a value of it, or a definition."""

    lead_key: Key
    term: Annotated[str, Described(max_length=200, pattern=ONE_LINE)] | None = None
    comment: Line
    suggested_value: Line | None = None


class IncidentEventAsked(_Closed):
    """What somebody does about an incident."""

    action: Literal["ack", "snooze", "resolve", "reopen"]
    reason: Line
    snoozed_until: Date | None = None


class AcceptedWrite(BaseModel):
    """What was said, on its way into the data."""

    status: Literal["accepted"]
    delivery: str
    taken_in: str


def create_api(settings: AppSettings, published: PublishedCopy) -> FastAPI:
    """Return the API over one data directory; the app mounts it at ROOT."""
    api = FastAPI(
        title="Lead enrichment", version="1", docs_url=None, redoc_url=None, openapi_url=None,
        description="What the project knows of leads, for programs. docs/interfaces.md explains it.",
    )  # fmt: skip
    api.state.settings, api.state.published = settings, published
    for resource in RESOURCES:
        _add_list(api, resource)
        if resource.has_one:
            _add_one(api, resource)
    _add_writes(api)
    description = _describe(api)
    api.add_api_route("/openapi.json", lambda: JSONResponse(description), include_in_schema=False)
    for kind, answer in (
        (ApiProblem, on_problem), (HTTPException, on_http), (RequestValidationError, on_invalid),
        (CopyProblem, on_copy), (LeadsError, on_leads), (Exception, on_bug),
    ):  # fmt: skip
        api.add_exception_handler(kind, answer)
    api.add_middleware(ApiGate, settings=settings)
    return api


def needs(scope: str) -> Any:
    """Return the dependency by which a path asks for a scope."""

    def allowed(request: Request) -> ApiClient:
        client: ApiClient = request.state.client
        if scope not in client.scopes:
            raise ApiProblem(403, f"The token lacks the scope {scope}.")
        return client

    return Depends(allowed)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    words = {
        400: "The cursor is of another question", 401: "There is no token, or it is wrong",
        403: "The token lacks the scope", 404: "There is no such thing", 406: "Only application/json is answered",
        409: "It does not fit what was said before", 413: "The body is too long",
        415: "Only application/json is taken", 422: "Parameters or body are not as described",
        503: "The published copy cannot answer now",
    }  # fmt: skip
    shared = (401, 403, 404, 406, 422, 503)
    return {status: {"description": words[status], **PROBLEM} for status in sorted({*shared, *statuses})}


def _row_model(resource: Resource) -> type[BaseModel]:
    fields: dict[str, Any] = {
        field.name: (
            TYPES[field.kind] | None,
            Described(description=field.description, json_schema_extra=FORMATS.get(field.kind)),
        )
        for field in resource.fields
    }
    return create_model(resource.title, **fields)


def _filter_type(item: Filter) -> Any:
    if item.values:
        return Literal[item.values]
    return {"boolean": Literal["true", "false"], "date": Date, "text": Key}[item.kind]


def _add_list(api: FastAPI, resource: Resource) -> None:
    row = _row_model(resource)
    page = create_model(
        f"{resource.title}Page",
        data=(list[row], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, Described(description="Cursor of the next page; null after the last")),
        published_at=(str, Described(description="When the copy was finished", json_schema_extra=FORMATS["datetime"])),
    )  # fmt: skip
    filters: dict[str, Any] = {item.name: (_filter_type(item) | None, None) for item in resource.filters}
    limit = Annotated[int, Described(ge=1, le=MOST, description="Rows of the page"), BeforeValidator(_digits)]
    cursor = Annotated[str, Described(max_length=2_000, pattern="^[A-Za-z0-9_-]*$", description="Of the page before")]
    asked = create_model(
        f"{resource.title}Query", __config__=ConfigDict(extra="forbid"),
        **filters, limit=(limit, USUAL), cursor=(cursor, ""),
    )  # fmt: skip

    def read(request: Request, query: Any, client: ApiClient) -> Response:
        given = query.model_dump()
        limit, cursor = given.pop("limit"), given.pop("cursor")
        with request.app.state.published.reading() as reader:
            tag = tag_of(reader, request.url.path, request.url.query)
            if is_known(tag, request.headers.get("if-none-match", "")):
                return Response(status_code=304, headers={"etag": tag})
            rows, following = read_page(reader, resource, given, limit, cursor)
            at = reader.published_at.isoformat()
        return JSONResponse({"data": rows, "next_cursor": following, "published_at": at}, headers={"etag": tag})

    _resolve(read, query=Annotated[asked, Query()], client=Annotated[ApiClient, needs(resource.scope)])
    api.add_api_route(
        f"/{resource.name}", read, name=resource.name, operation_id=f"list_{resource.name.replace('-', '_')}",
        summary=f"Page of {resource.name}", description=resource.description,
        responses={200: {"model": page, "headers": ETAG}, 304: {"description": "As the client has it"},
                   **_problems(400)},
    )  # fmt: skip


ETAG = {"ETag": {"description": "Send it back in If-None-Match", "schema": {"type": "string"}}}


def _add_one(api: FastAPI, resource: Resource) -> None:
    row = _row_model(resource)

    def read(request: Request, key: str, client: ApiClient) -> Response:
        with request.app.state.published.reading() as reader:
            tag, header = tag_of(reader, request.url.path, ""), request.headers.get("if-none-match", "")
            # Who names the tag has had the row of this copy; * names none, and the row may not be there.
            found = None if "*" not in header and is_known(tag, header) else read_one(reader, resource, key)
        if found is None or is_known(tag, header):
            return Response(status_code=304, headers={"etag": tag})
        return JSONResponse(found, headers={"etag": tag})

    _resolve(read, key=Annotated[str, Path(max_length=300)], client=Annotated[ApiClient, needs(resource.scope)])
    name = resource.name.replace("-", "_")
    api.add_api_route(
        f"/{resource.name}/{{key}}", read, name=f"{resource.name}_one", operation_id=f"get_{name}",
        summary=f"One of {resource.name}", description=f"By its {resource.key[0]}.",
        responses={200: {"model": row, "headers": ETAG}, 304: {"description": "As the client has it"}, **_problems()},
    )  # fmt: skip


def _resolve(function: Callable[..., Any], **types: Any) -> None:
    """Give a function made for a resource its types, which are no text that FastAPI could look up."""
    function.__annotations__ = {"request": Request, **types, "return": Response}


def _add_writes(api: FastAPI) -> None:
    taken: dict[str, Any] = {
        "status_code": 202, "response_model": AcceptedWrite, "responses": _problems(400, 409, 413, 415),
    }  # fmt: skip

    @api.post("/decisions", operation_id="decide", **taken)
    def decide(
        request: Request, asked: Annotated[DecisionAsked, Body()], key: IdempotencyKey,
        client: Annotated[ApiClient, needs(DECISIONS)],
    ) -> dict[str, Any]:  # fmt: skip
        """Say whether two leads are one facility."""
        state = request.app.state
        paths = state.settings.paths

        def prepare() -> Prepared:
            with state.published.reading() as reader:
                for name in (asked.lead_key_1, asked.lead_key_2):
                    _known_lead(reader.connection, name)
                keys = (asked.lead_key_1, asked.lead_key_2)
                made = decisions.decide(reader.connection, keys, asked.decision, asked.reason, client.name)
            return again(made)

        def again(kept: Any) -> Prepared:
            made = decisions.Decision(**_timed(kept, "decided_at")) if isinstance(kept, dict) else kept
            return Prepared(made, lambda item: decisions.submit(paths, [item]))

        return submit_once(_kept(state.settings), client.name, key, ["decide", asked.model_dump()], prepare, again)

    @api.post("/feedback", operation_id="give_feedback", **taken)
    def give_feedback(
        request: Request, asked: Annotated[FeedbackAsked, Body()], key: IdempotencyKey,
        client: Annotated[ApiClient, needs(FEEDBACK)],
    ) -> dict[str, Any]:  # fmt: skip
        """Say what is wrong with a lead, or a value of it."""
        from lead_enrichment import feedback

        state = request.app.state
        paths = state.settings.paths

        def prepare() -> Prepared:
            with state.published.reading() as reader:
                _known_lead(reader.connection, asked.lead_key)
                return again(
                    feedback.give(
                        reader.connection, client.name, asked.comment, asked.lead_key, asked.term or "",
                        asked.suggested_value or "",
                    )
                )  # fmt: skip

        def again(kept: Any) -> Prepared:
            made = feedback.FeedbackStatement(**_timed(kept, "acted_at")) if isinstance(kept, dict) else kept
            return Prepared(made, lambda item: feedback.submit(paths, item))

        return submit_once(_kept(state.settings), client.name, key, ["feedback", asked.model_dump()], prepare, again)

    @api.post("/incidents/{incident_key}/events", operation_id="act_on_incident", **taken)
    def act(
        request: Request, incident_key: Annotated[str, Path(max_length=300)],
        asked: Annotated[IncidentEventAsked, Body()], key: IdempotencyKey,
        client: Annotated[ApiClient, needs(INCIDENTS)],
    ) -> dict[str, Any]:  # fmt: skip
        """Acknowledge, snooze, resolve or reopen an incident."""
        state = request.app.state
        paths = state.settings.paths

        def prepare() -> Prepared:
            now = datetime.now(UTC)
            with state.published.reading() as reader:
                found = [
                    row for row in incidents.incidents(reader.connection, now) if row["incident_key"] == incident_key
                ]
            if not found:
                raise ApiProblem(404, "There is no such incident.")
            if (asked.action == "snooze") != (asked.snoozed_until is not None):
                raise ApiProblem(409, "snoozed_until belongs to the action snooze, which needs it.")
            until = datetime.fromisoformat(asked.snoozed_until).replace(tzinfo=UTC) if asked.snoozed_until else None
            try:
                return again(incidents.make_event(found[0], asked.action, client.name, asked.reason, now, until))
            except UsageError as error:
                raise ApiProblem(409, f"{error.what[:1].upper()}{error.what[1:]}. {error.remedy}") from error

        def again(kept: Any) -> Prepared:
            if isinstance(kept, dict):
                kept = incidents.IncidentEvent(**_timed(kept, "acted_at", "snoozed_until"))
            return Prepared(kept, lambda item: incidents.submit_event(paths, item))

        what = ["incident", incident_key, asked.model_dump()]
        return submit_once(_kept(state.settings), client.name, key, what, prepare, again)


def _kept(settings: AppSettings) -> Any:
    return settings.people_file.parent / "idempotency"


def _known_lead(connection: Any, key: str) -> None:
    try:
        find_lead(connection, key)
    except UsageError as error:
        raise ApiProblem(404, f"{error.what[:1].upper()}{error.what[1:]}.") from error


def _timed(kept: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return what was kept of a statement with its times as such."""
    times = {name: datetime.fromisoformat(kept[name]) for name in names if kept[name]}
    return {**kept, **times}


def _describe(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description."""
    from fastapi.openapi.utils import get_openapi

    found = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes, openapi_version="3.1.0",
        servers=[{"url": ROOT}],
    )  # fmt: skip
    components = found["components"]
    components["schemas"] = {
        name: schema for name, schema in components["schemas"].items() if "ValidationError" not in name
    } | {"Problem": SCHEMA}
    components["securitySchemes"] = security_schemes()
    found["security"] = [{"token": []}]
    return dict(found)
