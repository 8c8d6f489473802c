"""The fake over HTTP: OAuth, REST, collections, composite, Bulk API 2.0, limits; and faults on the way."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from fake_salesforce.bulk import MOST_BYTES, Job, cell, typed
from fake_salesforce.fields import full_id
from fake_salesforce.org import INTEGRATION, MOST_ROWS, ORG_ID, Org, Refusal, Written
from fake_salesforce.soql import SoqlError

VERSIONS = tuple(f"{number}.0" for number in range(50, 66))
PAGE = 2_000
CLIENT_ID, CLIENT_SECRET = "fake_client_id", "fake_client_secret"
# Connections by who is at their other end, to cut them.
CONNECTIONS: dict[tuple[str, int], asyncio.WriteTransport] = {}


class Connection(H11Protocol):
    """A connection that can be cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        CONNECTIONS[transport.get_extra_info("peername")[:2]] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        CONNECTIONS.pop(self.transport.get_extra_info("peername")[:2], None)
        super().connection_lost(exc)


class Answer(Exception):
    """An answer that ends the work: an error, mostly."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        self.status = status
        self.body: Any = [{"errorCode": code, "message": message, **({"fields": list(fields)} if fields else {})}]
        super().__init__(message)


class FakeSalesforce:
    """An org behind an address.

    Args:
        org: Its state.
        job_seconds: How long a job waits before it begins, and between each 200 rows of it.
        public_key: By which assertions of the JWT flow are checked; none are taken without it.
    """

    def __init__(self, org: Org, job_seconds: float = 0.0, public_key: str | None = None) -> None:
        self.org, self.job_seconds, self.public_key = org, job_seconds, public_key
        self.tokens: dict[str, float] = {}
        self.jobs: dict[str, Job] = {}
        self.cursors: dict[str, tuple[list[str], list[Any]]] = {}
        self.running: set[asyncio.Task[None]] = set()
        self.address = ""
        self.page_rows = 50_000
        version = r"/services/data/v(?P<version>[0-9.]+)"
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("GET", "/services/data/?", self.versions),
                ("GET", version + "/?", self.resources),
                ("GET", version + "/limits/?", self.limits),
                ("GET", "/services/oauth2/userinfo", self.user),
                ("GET", "/id/[^/]+/[^/]+", self.user),
                ("GET", version + "/(?P<kind>query|queryAll)/?", self.query),
                ("GET", version + "/(?:query|queryAll)/(?P<cursor>[^/]+)", self.query_more),
                ("GET", version + "/sobjects/?", self.describe_global),
                ("GET", version + "/sobjects/(?P<name>[A-Za-z_]+)/describe/?", self.describe),
                ("POST", version + "/sobjects/Lead/?", self.create),
                ("GET|PATCH|DELETE", version + "/sobjects/(?P<name>[A-Za-z]+)/(?P<row_id>[A-Za-z0-9]+)", self.row),
                ("GET|PATCH", version + "/sobjects/Lead/(?P<field>[A-Za-z0-9_]+)/(?P<key>[^/]+)", self.external),
                ("POST|PATCH|DELETE", version + "/composite/sobjects/?", self.collection),
                ("GET|POST", version + "/composite/sobjects/Lead/?", self.collection_read),
                ("PATCH", version + "/composite/sobjects/Lead/(?P<field>[A-Za-z0-9_]+)/?", self.collection_upsert),
                ("POST", version + "/composite/?", self.composite),
                ("GET|POST", version + "/jobs/(?P<kind>ingest|query)/?", self.job_list),
                ("GET|PATCH|DELETE", version + "/jobs/(?P<kind>ingest|query)/(?P<job_id>[A-Za-z0-9]+)/?", self.job),
                ("PUT", version + "/jobs/ingest/(?P<job_id>[A-Za-z0-9]+)/batches/?", self.job_upload),
                ("GET", version + "/jobs/query/(?P<job_id>[A-Za-z0-9]+)/results/?", self.query_results),
                ("GET", version + "/jobs/ingest/(?P<job_id>[A-Za-z0-9]+)/(?P<which>successfulResults|failedResults|"
                        "unprocessed[rR]ecords)/?", self.job_results),
            )
        ]  # fmt: skip

    # The way in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let a fault have it."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        place = f"{request.method} {request.url.path}"
        self.org.requests.append(place)
        if self.org.meets("cut", place):
            self._cut(scope)
            return
        if self.org.meets("unavailable", place):
            response: Response = self._error(
                Answer(503, "SERVER_UNAVAILABLE", "We are down for maintenance. Sorry for the inconvenience.")
            )
        else:
            response = self._answer(request, body)
            if self.org.meets("cut_after", place):
                self._cut(scope)
                return
        response.headers["Date"] = format_datetime(self.org.clock(), usegmt=True)
        response.headers["Sforce-Limit-Info"] = f"api-usage={self.org.used}/{self.org.most_requests}"
        await response(scope, receive, send)

    def _cut(self, scope: Scope) -> None:
        CONNECTIONS[tuple(scope["client"])[:2]].abort()

    def _error(self, answer: Answer) -> Response:
        return JSONResponse(answer.body, answer.status)

    def _answer(self, request: Request, body: bytes) -> Response:
        path = unquote(request.url.path)
        try:
            if path == "/services/oauth2/token" and request.method == "POST":
                return self.token(request, body)
            if path == "/services/oauth2/revoke":
                return Response(status_code=200)
            if path != "/services/data" and path != "/services/data/":
                self._authenticate(request, f"{request.method} {path}")
            return self._route(request.method, path, request.query_params.get, request.headers.get, body)
        except Answer as answer:
            return self._error(answer)
        except SoqlError as error:
            return self._error(Answer(400, error.code, error.message))

    def _route(
        self, method: str, path: str, parameter: Callable[..., Any], header: Callable[..., Any], body: bytes
    ) -> Response:
        for methods, pattern, handler in self.routes:
            found = pattern.fullmatch(path)
            if found and method in methods.split("|"):
                parts = found.groupdict()
                if parts.get("version", VERSIONS[0]) not in VERSIONS:
                    break
                return handler(Call(method, parameter, header, body, self.address), **parts)  # type: ignore[no-any-return]
        raise Answer(404, "NOT_FOUND", "The requested resource does not exist")

    def _authenticate(self, request: Request, place: str) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if self.org.meets("expired", place):
            self.tokens.pop(token, None)
        if kind not in ("Bearer", "OAuth") or self.tokens.get(token, 0) < time.time():
            raise Answer(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.org.used >= self.org.most_requests:
            raise Answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.org.used += 1

    # OAuth

    def new_token(self) -> str:
        """Return a token that is taken until it expires."""
        token = f"{ORG_ID[:15]}!{secrets.token_hex(24)}"
        self.tokens[token] = time.time() + self.org.token_seconds
        return token

    def token(self, request: Request, body: bytes) -> Response:
        """OAuth: client credentials or JWT bearer."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            given = (form.get("client_id"), form.get("client_secret"))
            kind, _, text = request.headers.get("authorization", "").partition(" ")
            if kind == "Basic":
                given = tuple(base64.b64decode(text).decode().split(":", 1))  # type: ignore[assignment]
            if given != (CLIENT_ID, CLIENT_SECRET):
                return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        elif grant == "urn:ietf:params:oauth:grant-type:jwt-bearer" and self.public_key:
            try:
                claims = jwt.decode(
                    form.get("assertion", ""), self.public_key, algorithms=["RS256"],
                    options={"verify_aud": False, "require": ["iss", "sub", "aud", "exp"]},
                )  # fmt: skip
            except jwt.PyJWTError as error:
                return JSONResponse({"error": "invalid_grant", "error_description": f"invalid assertion: {error}"}, 400)
            if claims["iss"] != CLIENT_ID:
                return JSONResponse({"error": "invalid_client_id", "error_description": "client identifier invalid"},
                                    400)  # fmt: skip
        else:
            return JSONResponse({"error": "unsupported_grant_type", "error_description": "grant type not supported"},
                                400)  # fmt: skip
        return JSONResponse({
            "access_token": self.new_token(), "instance_url": self.address, "token_type": "Bearer", "scope": "api",
            "id": f"{self.address}/id/{ORG_ID}/{INTEGRATION}", "issued_at": str(int(time.time() * 1000)),
            "signature": "none",
        })  # fmt: skip

    def user(self, call: Call) -> Response:
        """Who is signed in."""
        return JSONResponse({
            "sub": f"{self.address}/id/{ORG_ID}/{INTEGRATION}", "user_id": INTEGRATION, "organization_id": ORG_ID,
            "id": f"{self.address}/id/{ORG_ID}/{INTEGRATION}", "asserted_user": True, "active": True,
            "preferred_username": "integration@example.com", "username": "integration@example.com",
            "name": "Integration", "email": "integration@example.com", "display_name": "Integration",
            "urls": {"rest": f"{self.address}/services/data/v{{version}}/"},
        })  # fmt: skip

    # What there is

    def versions(self, call: Call) -> Response:
        """Every version."""
        return JSONResponse([{"label": f"Release {number}", "url": f"/services/data/v{number}", "version": number}
                             for number in VERSIONS])  # fmt: skip

    def resources(self, call: Call, version: str) -> Response:
        """What a version has."""
        base = f"/services/data/v{version}"
        return JSONResponse({name: f"{base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs",
                                                                 "composite")})  # fmt: skip

    def limits(self, call: Call, version: str) -> Response:
        """What is left for today."""
        left = self.org.most_requests - self.org.used
        return JSONResponse({
            "DailyApiRequests": {"Max": self.org.most_requests, "Remaining": left},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 1024, "Remaining": 1024},
        })  # fmt: skip

    def describe_global(self, call: Call, version: str) -> Response:
        """Every object."""
        base = f"/services/data/v{version}/sobjects"
        return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [
            {"name": name, "label": name, "custom": False, "keyPrefix": "00Q" if name == "Lead" else None,
             "queryable": True, "createable": name == "Lead", "updateable": name == "Lead",
             "urls": {"sobject": f"{base}/{name}", "describe": f"{base}/{name}/describe"}}
            for name in self.org.objects]})  # fmt: skip

    def describe(self, call: Call, version: str, name: str) -> Response:
        """The fields of an object."""
        found = {item.lower(): item for item in self.org.objects}.get(name.lower())
        if found is None:
            raise Answer(404, "NOT_FOUND", "The requested resource does not exist")
        return JSONResponse({
            "name": found, "label": found, "labelPlural": f"{found}s", "custom": False, "createable": True,
            "updateable": True, "queryable": True, "keyPrefix": "00Q", "childRelationships": [], "recordTypeInfos": [],
            "fields": [item.describe() for item in self.org.objects[found].values()],
            "urls": {"sobject": f"/services/data/v{version}/sobjects/{found}"},
        })  # fmt: skip

    # SOQL

    def query(self, call: Call, version: str, kind: str) -> Response:
        """The first page of a query."""
        query, rows = self.org.query(call.parameter("q", ""), kind == "queryAll")
        if call.parameter("columns") == "true":
            return JSONResponse({"columnMetadata": [
                {"aggregate": False, "apexType": self.org.objects[query.object_name][name].kind, "columnName": name,
                 "custom": name.endswith("__c"), "displayName": name, "joinColumns": []}
                for name in query.fields
            ]})  # fmt: skip
        if query.is_count:
            return JSONResponse({"totalSize": len(rows), "done": True, "records": []})
        size = PAGE
        if found := re.search(r"batchSize=(\d+)", call.header("sforce-query-options", "") or ""):
            size = min(max(int(found[1]), 200), PAGE)
        told = [self._json(row, query.object_name, query.fields, version) for row in rows]
        cursor = f"01g{len(self.cursors):012d}AAA"
        if len(told) > size:
            self.cursors[cursor] = ([version, str(size)], told)
        return self._page(told, cursor, 0, size, version)

    def query_more(self, call: Call, version: str, cursor: str) -> Response:
        """A further page."""
        name, _, start = cursor.partition("-")
        if name not in self.cursors:
            raise Answer(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        (_, size), told = self.cursors[name]
        return self._page(told, name, int(start), int(size), version)

    def _page(self, told: list[Any], cursor: str, start: int, size: int, version: str) -> Response:
        end = start + size
        more = {} if end >= len(told) else {"nextRecordsUrl": f"/services/data/v{version}/query/{cursor}-{end}"}
        return JSONResponse({"totalSize": len(told), "done": not more, "records": told[start:end], **more})

    def _json(self, row: Any, name: str, fields: list[str], version: str) -> dict[str, Any]:
        kinds = self.org.objects[name]
        told: dict[str, Any] = {
            "attributes": {"type": name, "url": f"/services/data/v{version}/sobjects/{name}/{row['Id']}"}
        }
        for field in fields:
            value = row.get(field)
            is_time = kinds[field].kind == "datetime" and isinstance(value, str)
            told[field] = value.replace("Z", ".000+0000") if is_time else value
        return told

    # Rows

    def create(self, call: Call, version: str) -> Response:
        """Create a row."""
        return self._written(self.org.write(self._values(call.json()), INTEGRATION), 201)

    def _values(self, body: Any) -> dict[str, Any]:
        names = self.org.names["Lead"]
        return typed({names.get(key.lower(), key): value for key, value in body.items() if key != "attributes"},
                     self.org)  # fmt: skip

    def _written(self, written: Written, status: int) -> Response:
        if written.refusal:
            refusal = written.refusal
            code = 404 if refusal.code in ("ENTITY_IS_DELETED",) else 400
            answer = Answer(code, refusal.code, refusal.message, refusal.fields)
            if refusal.matches:
                answer.body[0]["duplicateResult"] = self._duplicates(refusal)
            raise answer
        if status == 204:
            return Response(status_code=204)
        return JSONResponse({"id": written.row_id, "success": True, "errors": [], "created": written.is_created},
                            status)  # fmt: skip

    def _duplicates(self, refusal: Refusal) -> dict[str, Any]:
        return {
            "allowSave": False, "duplicateRule": "Same_E_Mail_And_Company",
            "duplicateRuleEntityType": "Lead", "errorMessage": refusal.message,
            "matchResults": [{
                "entityType": "Lead", "errors": [], "matchEngine": "ExactMatchEngine", "rule": "Same", "size": 1,
                "success": True,
                "matchRecords": [{"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0,
                                  "record": {"attributes": {"type": "Lead"}, "Id": row_id}}
                                 for row_id in refusal.matches],
            }],
        }  # fmt: skip

    def row(self, call: Call, version: str, name: str, row_id: str) -> Response:
        """Read, change or delete a row by its id."""
        if name != "Lead":
            found = [item for item in self.org.rows_of.get(name, ()) if item["Id"] == row_id]
            if not found:
                raise Answer(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
            return JSONResponse(self._json(found[0], name, [*found[0]], version))
        if len(row_id) not in (15, 18):
            raise Answer(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible")
        row = self.org.leads.get(full_id(row_id))
        if row is None or row["IsDeleted"]:
            code = "NOT_FOUND" if row is None else "ENTITY_IS_DELETED"
            raise Answer(404, code, "The requested resource does not exist" if row is None else "entity is deleted")
        if call.method == "GET":
            asked = call.parameter("fields")
            fields = asked.split(",") if asked else [*self.org.objects["Lead"]]
            return JSONResponse(self._json(row, "Lead", fields, version))
        if call.method == "DELETE":
            return self._written(self.org.delete(row_id, INTEGRATION), 204)
        self._check_unmodified(call.header("if-unmodified-since"), row)
        return self._written(self.org.write(self._values(call.json()), INTEGRATION, row_id), 204)

    def _check_unmodified(self, since: str | None, row: Any) -> None:
        if since is None:
            return
        try:
            limit = parsedate_to_datetime(since).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (TypeError, ValueError) as error:
            raise Answer(400, "INVALID_HEADER", "If-Unmodified-Since holds no date") from error
        if row["LastModifiedDate"] > limit:
            answer = Answer(412, "PRECONDITION_FAILED", "The record was modified since the given date")
            raise answer

    def external(self, call: Call, version: str, field: str, key: str) -> Response:
        """Read a row, or write it, by an external id."""
        field = self._external_field(field)
        found = self.org.by_external.get((field, key.lower()))
        if call.method == "GET":
            if found is None:
                raise Answer(404, "NOT_FOUND", "The requested resource does not exist")
            return JSONResponse(self._json(self.org.leads[found], "Lead", [*self.org.objects["Lead"]], version))
        if found is not None:
            self._check_unmodified(call.header("if-unmodified-since"), self.org.leads[found])
        written = self.org.upsert(field, key, self._values(call.json()), INTEGRATION)
        return self._written(written, 201 if written.is_created else 200)

    def _external_field(self, name: str) -> str:
        spelled = self.org.names["Lead"].get(name.lower())
        if spelled is None or not (self.org.objects["Lead"][spelled].is_external_id or spelled == "Id"):
            raise Answer(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + name)
        return spelled

    # Collections and composite

    def collection(self, call: Call, version: str) -> Response:
        """Create, change or delete up to 200 rows."""
        if call.method == "DELETE":
            ids = (call.parameter("ids") or "").split(",")
            return JSONResponse([self._outcome(self.org.delete(row_id, INTEGRATION), None) for row_id in ids])
        told = []
        for record in self._records(call):
            values = self._values(record)
            row_id = values.pop("Id", None) or values.pop("id", None)
            if call.method == "PATCH" and not row_id:
                text = "Id not specified in an update call"
                told.append(self._outcome(Written(None, refusal=Refusal("MISSING_ARGUMENT", text)), None))
                continue
            told.append(self._outcome(self.org.write(values, INTEGRATION, row_id), None))
        return JSONResponse(told)

    def collection_upsert(self, call: Call, version: str, field: str) -> Response:
        """Write up to 200 rows by an external id."""
        field = self._external_field(field)
        told, used = [], set()
        for record in self._records(call):
            values = self._values(record)
            key = values.pop(field, None)
            if not key:
                written = Written(None, refusal=Refusal("MISSING_ARGUMENT", f"{field} not specified"))
            elif key in used:
                text = f"Duplicate external id specified: {key}"
                written = Written(None, refusal=Refusal("DUPLICATE_VALUE", text, (field,)))
            elif field == "Id":
                written = self.org.write(values, INTEGRATION, key)
            else:
                written = self.org.upsert(field, key, values, INTEGRATION)
            used.add(key)
            told.append(self._outcome(written, written.is_created))
        return JSONResponse(told)

    def collection_read(self, call: Call, version: str) -> Response:
        """Read up to 2,000 rows by their ids; null stands for one that is not there."""
        if call.method == "POST":
            asked = call.json()
            ids, fields = asked["ids"], asked["fields"]
        else:
            ids, fields = call.parameter("ids").split(","), call.parameter("fields").split(",")
        if len(ids) > (2_000 if call.method == "POST" else 800):
            raise Answer(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records")
        names = self.org.names["Lead"]
        unknown = [name for name in fields if name.lower() not in names]
        if unknown:
            raise Answer(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on entity 'Lead'")
        spelled = [names[name.lower()] for name in fields]
        rows = [self.org.leads.get(full_id(row_id)) for row_id in ids]
        return JSONResponse(
            [None if row is None or row["IsDeleted"] else self._json(row, "Lead", spelled, version) for row in rows]
        )

    def _records(self, call: Call) -> list[Any]:
        records = call.json().get("records", [])
        if len(records) > MOST_ROWS:
            raise Answer(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records")
        return list(records)

    def _outcome(self, written: Written, is_created: bool | None) -> dict[str, Any]:
        refusal = written.refusal
        created = {} if is_created is None else {"created": is_created}
        if refusal is None:
            return {"id": written.row_id, "success": True, "errors": [], **created}
        error: dict[str, Any] = {"statusCode": refusal.code, "message": refusal.message, "fields": list(refusal.fields)}
        if refusal.matches:
            error["duplicateResult"] = self._duplicates(refusal)
        row = {} if written.row_id is None else {"id": written.row_id}
        return {**row, "success": False, "errors": [error], **created}

    def composite(self, call: Call, version: str) -> Response:
        """Up to 25 requests in one."""
        asked = call.json()
        requests = asked["compositeRequest"]
        if len(requests) > 25:
            raise Answer(400, "LIMIT_EXCEEDED", "The request can contain up to 25 subrequests")
        told = []
        for item in requests:
            headers = {name.lower(): value for name, value in item.get("httpHeaders", {}).items()}
            path, _, text = item["url"].partition("?")
            parameters = {name: values[0] for name, values in parse_qs(text).items()}
            try:
                response = self._route(
                    item["method"], unquote(path), parameters.get, headers.get, json.dumps(item.get("body")).encode()
                )
                body, status = bytes(response.body), response.status_code
            except Answer as answer:
                body, status = json.dumps(answer.body).encode(), answer.status
            told.append({"body": json.loads(body) if body else None, "httpHeaders": {}, "httpStatusCode": status,
                         "referenceId": item["referenceId"]})  # fmt: skip
        return JSONResponse({"compositeResponse": told})

    # Bulk API 2.0

    def job_list(self, call: Call, version: str, kind: str) -> Response:
        """Create a job, or list those that there are."""
        if call.method == "GET":
            found = [job.info(version) for job in self.jobs.values() if job.is_query == (kind == "query")]
            return JSONResponse({"done": True, "records": found, "nextRecordsUrl": None})
        settings = {name: value for name, value in call.json().items() if value is not None}
        job_id = full_id(f"750F{len(self.jobs):011d}")
        job = Job(job_id, settings, self.org.now())
        if kind == "query":
            query, rows = self.org.query(settings.get("query", ""), settings["operation"] == "queryAll")
            if query.is_count:
                raise Answer(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query")
            job.state, job.columns = "UploadComplete", query.fields
            job.found = [{name: row.get(name) for name in query.fields} for row in rows]
        elif settings.get("operation") == "upsert":
            self._external_field(settings.get("externalIdFieldName", ""))
        self.jobs[job_id] = job
        if kind == "query":
            self._start(self._finish_query(job))
        return JSONResponse(job.info(version))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _finish_query(self, job: Job) -> None:
        await asyncio.sleep(self.job_seconds)
        if job.state == "UploadComplete":
            job.state = "JobComplete"

    async def _finish_ingest(self, job: Job) -> None:
        await asyncio.sleep(self.job_seconds)
        if job.state == "UploadComplete":
            for _ in job.process(self.org):
                await asyncio.sleep(self.job_seconds)

    def _job(self, job_id: str) -> Job:
        job = self.jobs.get(full_id(job_id))
        if job is None:
            raise Answer(404, "NOT_FOUND", "The requested resource does not exist")
        return job

    def job(self, call: Call, version: str, kind: str, job_id: str) -> Response:
        """Look at a job, close, abort or delete it."""
        job = self._job(job_id)
        if call.method == "DELETE":
            if job.state not in ("JobComplete", "Failed", "Aborted", "UploadComplete"):
                raise Answer(400, "INVALIDJOBSTATE", "Job must be complete to be deleted")
            del self.jobs[job.job_id]
            return Response(status_code=204)
        if call.method == "PATCH":
            state = call.json().get("state")
            if state == "UploadComplete" and job.state == "Open":
                if job.data is None:
                    # As in Salesforce: an empty job fails.
                    job.state, job.error = "Failed", "InvalidBatch : No data found"
                else:
                    job.state = "UploadComplete"
                    self._start(self._finish_ingest(job))
            elif state == "Aborted" and job.state in ("Open", "UploadComplete", "InProgress"):
                if job.state != "InProgress" and job.data is not None:
                    rows = csv.reader(io.StringIO(job.data.decode("utf-8-sig")))
                    job.header, job.unprocessed = next(rows, []), list(rows)
                job.state = "Aborted"
            else:
                raise Answer(409 if state != "Aborted" else 400, "INVALIDJOBSTATE",
                             f"Job state transition from {job.state} to {state} isn't allowed")  # fmt: skip
        return JSONResponse(job.info(version))

    def job_upload(self, call: Call, version: str, job_id: str) -> Response:
        """Take the data of a job, once."""
        job = self._job(job_id)
        if job.state != "Open":
            raise Answer(409, "INVALIDJOBSTATE", f"Job is in state {job.state}, and not Open")
        if job.data is not None:
            raise Answer(400, "INVALIDJOB", "Found multiple contents for job: <" + job_id + ">, please 'Close' / "
                         "'Abort' / 'Delete' the current Job then create a new Job")  # fmt: skip
        if len(call.body) > MOST_BYTES:
            raise Answer(413, "EXCEEDED_MAX_SIZE", "Exceeded the maximum size of 100 MB")
        job.data = call.body
        return Response(status_code=201)

    def job_results(self, call: Call, version: str, job_id: str, which: str) -> Response:
        """Return the rows that were written, refused, or left."""
        job = self._job(job_id)
        if job.state not in ("JobComplete", "Failed", "Aborted"):
            raise Answer(400, "INVALIDJOBSTATE", f"Job is in state {job.state}")
        return Response(job.results(which), media_type="text/csv")

    def query_results(self, call: Call, version: str, job_id: str) -> Response:
        """Return a page of what a query job found."""
        job = self._job(job_id)
        if job.state != "JobComplete":
            raise Answer(400, "INVALIDJOBSTATE", f"Job is in state {job.state}")
        size = min(int(call.parameter("maxRecords") or self.page_rows), self.page_rows)
        start = int(base64.urlsafe_b64decode(call.parameter("locator") or "MA==").decode())
        rows = job.found[start : start + size]
        text = job.write(job.columns, ([cell(row[name]) for name in job.columns] for row in rows))
        end = start + len(rows)
        locator = "null" if end >= len(job.found) else base64.urlsafe_b64encode(str(end).encode()).decode()
        return Response(text, media_type="text/csv",
                        headers={"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(rows))})  # fmt: skip


class Call:
    """A request as the handlers take it; of HTTP, or one of a composite."""

    def __init__(
        self, method: str, parameter: Callable[..., Any], header: Callable[..., Any], body: bytes, address: str
    ) -> None:
        self.method, self.parameter, self.header, self.body, self.address = method, parameter, header, body, address

    def json(self) -> Any:
        """Return the body, read.

        Raises:
            Answer: It is no JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Answer(400, "JSON_PARSER_ERROR", str(error)) from error


class Running:
    """The fake, served by a thread of this process until it is closed."""

    def __init__(self, fake: FakeSalesforce, port: int = 0) -> None:
        self.fake = fake
        settings = uvicorn.Config(
            fake, host="127.0.0.1", port=port, http=Connection, lifespan="off", log_level="critical", access_log=False,
            timeout_keep_alive=60, ws="none",
            date_header=False,
        )  # fmt: skip
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the fake could not be started"
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        fake.address = f"http://127.0.0.1:{port}"

    @property
    def address(self) -> str:
        """Its address."""
        return self.fake.address

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=10)
