"""Errors of the API as RFC 9457 describes them: application/problem+json."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from lead_enrichment.app.published import CopyProblem
from lead_enrichment.errors import DataError, LeadsError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, by RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status says what kind it is"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "What is wrong with the parameters or the body",
            "items": {
                "type": "object",
                "required": ["place", "problem"],
                "properties": {"place": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


class ApiProblem(Exception):
    """Something that a client is told.

    Args:
        status: Status of HTTP.
        detail: What is wrong, and what to do, in words.
        headers: Headers of the answer.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, headers
        super().__init__(detail)


def problem(
    status: int, detail: str = "", headers: dict[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> Response:
    """Return the answer that tells of a problem."""
    document: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        document["detail"] = detail
    if errors:
        document["errors"] = errors
    return JSONResponse(document, status, headers, MEDIA_TYPE)


def on_problem(request: Request, error: Exception) -> Response:
    """Answer an ApiProblem."""
    assert isinstance(error, ApiProblem)
    return problem(error.status, error.detail, error.headers)


def on_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: an unknown path, or a method that a path does not take."""
    assert isinstance(error, HTTPException)
    details = {404: "There is no such path. See /api/v1/openapi.json.", 405: "The path does not take this method."}
    return problem(error.status_code, details.get(error.status_code, ""), dict(error.headers or {}))


def on_invalid(request: Request, error: Exception) -> Response:
    """Answer parameters or a body that are not as the description says."""
    assert isinstance(error, RequestValidationError)
    found = [
        {"place": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]} for item in error.errors()[:20]
    ]
    return problem(422, "The request is not as the description says: /api/v1/openapi.json.", errors=found)


def on_copy(request: Request, error: Exception) -> Response:
    """Answer that the published copy cannot answer."""
    assert isinstance(error, CopyProblem)
    run = f" Run: {error.remedy}" if error.remedy else ""
    return problem(error.status, f"{error.title}. {error.text}{run}", {"retry-after": RETRY_SECONDS})


def on_leads(request: Request, error: Exception) -> Response:
    """Answer one of the package's own errors; the place, which may be a file of the machine, is left out."""
    assert isinstance(error, LeadsError)
    text = f"{error.what[:1].upper()}{error.what[1:]}. {error.remedy}".strip()
    return problem(500 if isinstance(error, DataError) else 422, text)


def on_bug(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw; the log of the app holds it."""
    return problem(500, "Something went wrong in the app. Its log holds what.")
