"""Jobs of Bulk API 2.0, step by step: each step may be repeated, so that it can go on after a crash."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from lead_enrichment.errors import DataError
from lead_enrichment.salesforce.client import ApiError, Client

OPEN, COMPLETE, FAILED, ABORTED = "Open", "JobComplete", "Failed", "Aborted"
ENDED = (COMPLETE, FAILED, ABORTED)
# Seconds between two looks at a job: the first, and the longest.
FIRST_LOOK, LONGEST_LOOK = 0.05, 10.0
# What a job may be given at once, in bytes; Salesforce takes 100 MB.
MOST_BYTES = 90_000_000


class Words(Protocol):
    """Is told in which state a job is."""

    def __call__(self, state: str, done: int) -> None:
        """Take the state, and the rows that are done."""


def create_ingest_job(client: Client, operation: str, external_id: str | None = None) -> str:
    """Open a job that writes leads, and return its id. Nothing comes of it until it has data and is closed."""
    body = {"object": "Lead", "operation": operation, "contentType": "CSV", "lineEnding": "LF"}
    if external_id is not None:
        body["externalIdFieldName"] = external_id
    return str(client.json("POST", "jobs/ingest", body=body)["id"])


def upload(client: Client, job_id: str, data: bytes) -> None:
    """Give a job its data."""
    try:
        client.request("PUT", f"jobs/ingest/{job_id}/batches", data=data)
    except ApiError as error:
        # The answer to a first attempt was lost.
        if "multiple contents" not in error.message:
            raise


def close(client: Client, job_id: str) -> None:
    """Let a job begin."""
    try:
        client.json("PATCH", f"jobs/ingest/{job_id}", body={"state": "UploadComplete"})
    except ApiError:
        # The answer to a first attempt was lost.
        if look(client, "ingest", job_id)["state"] == OPEN:
            raise


def abort(client: Client, job_id: str) -> None:
    """Let nothing more come of a job; one that has ended stays as it is."""
    try:
        client.json("PATCH", f"jobs/ingest/{job_id}", body={"state": ABORTED})
    except ApiError:
        if look(client, "ingest", job_id)["state"] not in ENDED:
            raise


def look(client: Client, kind: str, job_id: str) -> Mapping[str, Any]:
    """Return a job as it is now."""
    found: Mapping[str, Any] = client.json("GET", f"jobs/{kind}/{job_id}")
    return found


def wait(client: Client, kind: str, job_id: str, tell: Words | None = None, patience: float = 86_400.0) -> str:
    """Wait until a job has ended, and return its state.

    Raises:
        DataError: It has not after `patience` seconds.
    """
    pause, deadline = FIRST_LOOK, time.monotonic() + patience
    while True:
        found = look(client, kind, job_id)
        if tell is not None:
            tell(found["state"], int(found.get("numberRecordsProcessed", 0)))
        if found["state"] in ENDED:
            return str(found["state"])
        if time.monotonic() >= deadline:
            raise DataError(f"the job is still in state {found['state']}", job_id, "Look at it in Salesforce's setup.")
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_LOOK)


def result_rows(client: Client, job_id: str, which: str) -> Iterator[dict[str, str]]:
    """Return the rows of a result: successfulResults, failedResults or unprocessedrecords.

    Each has the columns that were uploaded; of the first two also sf__Id, and sf__Created or sf__Error.
    """
    text = client.request("GET", f"jobs/ingest/{job_id}/{which}", accept="text/csv").content.decode("utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""))
