"""The change feed of leads, fetched by Bulk API 2.0 and put into landing as any delivery.

The state of a pull is a file beside landing: until when leads were fetched, and the job that is under way. It is
written after each step, so that a pull that was killed goes on where it was; where it is lost, all leads are fetched.
Each pull begins a little before the last one ended: Salesforce stamps a change when it is made, and shows it when its
transaction ends. What comes twice is one version of a lead, and no second one is made of it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from lead_enrichment.contracts import Contract, contracts
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.completeness import manifest_path
from lead_enrichment.lock import only_holder
from lead_enrichment.paths import DataPaths, whole, write_text_whole
from lead_enrichment.salesforce import jobs
from lead_enrichment.salesforce.client import ApiError, Client

SOURCE = "salesforce"
# A transaction of Salesforce may last ten minutes.
OVERLAP = timedelta(minutes=15)
ROWS_A_PAGE = 20_000
QUERY = "query"

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class PullState:
    """How far pulls have come.

    Args:
        until: Up to when leads were fetched; None before the first pull.
        job_id: The job that is under way.
        since: From when on it fetches; None for all.
        created: When Salesforce made it, by its own clock.
        pages: How many pages of its results are on the disk.
        locator: Of the next page; empty for the first, None when the last is there.
        rows: On the pages.
    """

    until: str | None = None
    job_id: str | None = None
    since: str | None = None
    created: str | None = None
    pages: int = 0
    locator: str | None = ""
    rows: int = 0


@dataclass(frozen=True)
class Pulled:
    """What a pull fetched.

    Args:
        rows: Leads that changed.
        since: From when on; None for all.
        until: Up to when, by Salesforce's clock.
        file: The delivery in landing; None where nothing changed.
    """

    rows: int
    since: str | None
    until: str
    file: Path | None


def column_of(api_name: str) -> str:
    """Return the column under which extracts have a field: `LastName` is last_name, `Two_Words__c` two_words_c."""
    parted = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", api_name)
    return re.sub("_+", "_", parted).lower()


def fields_of_columns(contract: Contract, known: Mapping[str, Any]) -> dict[str, str]:
    """Return the API name of the field that stands for each column of the contract.

    Raises:
        UsageError: Salesforce shows none for a column. A column left out would read as if all its values were deleted.
    """
    found = {column_of(name): name for name in known}
    missing = [column.header for column in contract.columns if column_of(column.header) not in found]
    if missing:
        raise UsageError(
            f"Salesforce shows no field for {', '.join(missing)}", contract.source_key,
            "Let the integration user read it (docs/salesforce.md); where the org has none, take it out of "
            "contracts/salesforce.yaml.",
        )  # fmt: skip
    return {column.header: found[column_of(column.header)] for column in contract.columns}


def pull(client: Client, paths: DataPaths, since: date | None, is_full: bool, progress: Progress) -> Pulled:
    """Fetch the leads that changed since the last pull, those that were deleted too, and land them as one delivery.

    Args:
        client: The connection.
        paths: The data directory.
        since: Fetch what changed from this day on instead.
        is_full: Fetch all leads.
        progress: Is told what is done, and how many rows so far.

    Raises:
        UsageError: Another pull is at work, or Salesforce lets us see too little.
        DataError: The job failed.
    """
    with only_holder(paths.root / ".pull_salesforce.lock", "the pull from Salesforce"):
        work = paths.root / ".pull_salesforce"
        work.mkdir(exist_ok=True)
        state = _read(work)
        asked = since is not None or is_full
        if state.job_id is not None and (asked or not _is_there(client, state.job_id)):
            state = PullState(until=state.until)
        columns = fields_of_columns(contracts()[SOURCE], client.fields())
        if state.job_id is None:
            start = None if is_full else f"{since}T00:00:00Z" if since else _before(state.until)
            state = _begin(client, work, state, start, columns)
        progress("waiting for Salesforce", 0)
        ended = jobs.wait(
            client, QUERY, state.job_id or "", lambda name, done: progress("waiting for Salesforce", done)
        )
        if ended != jobs.COMPLETE:
            _write(work, PullState(until=state.until))
            raise DataError(f"Salesforce ended the query with {ended}", state.job_id or "", "Run it again.")
        while state.locator is not None:
            state = _fetch_page(client, work, state)
            progress("fetching", state.rows)
        file = _land(paths, work, state, columns, client.fields()) if state.rows else None
        until = state.created or ""
        _write(work, PullState(until=until))
        for page in work.glob("page_*.csv"):
            page.unlink()
        return Pulled(state.rows, state.since, until, file)


def _is_there(client: Client, job_id: str) -> bool:
    """Whether a job of a pull that was broken off can be used: Salesforce keeps results for seven days."""
    try:
        return jobs.look(client, QUERY, job_id)["state"] not in (jobs.FAILED, jobs.ABORTED)
    except ApiError as error:
        if error.status != 404:
            raise
        return False


def _before(until: str | None) -> str | None:
    if until is None:
        return None
    return f"{datetime.fromisoformat(until) - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"


def _begin(client: Client, work: Path, state: PullState, since: str | None, columns: Mapping[str, str]) -> PullState:
    """Let Salesforce begin a query, and write down its job."""
    for leftover in work.glob("page_*.csv"):
        leftover.unlink()
    where = f" WHERE SystemModstamp >= {since}" if since else ""
    soql = f"SELECT {', '.join(columns.values())} FROM Lead{where}"
    told = client.json("POST", "jobs/query", body={"operation": "queryAll", "query": soql})
    # By the clock of Salesforce, to which ours may be fast or slow.
    made = datetime.fromisoformat(told["createdDate"]).astimezone(UTC)
    begun = PullState(until=state.until, job_id=told["id"], since=since, created=f"{made:%Y-%m-%dT%H:%M:%SZ}")
    _write(work, begun)
    return begun


def _fetch_page(client: Client, work: Path, state: PullState) -> PullState:
    """Fetch a page of results, and write down that it is there."""
    page = {"maxRecords": str(ROWS_A_PAGE), **({"locator": state.locator} if state.locator else {})}
    answer = client.request("GET", f"jobs/query/{state.job_id}/results", accept="text/csv", parameters=page)
    with whole(work / f"page_{state.pages:05d}.csv") as unfinished:
        unfinished.write_bytes(answer.content)
    following = answer.headers.get("Sforce-Locator") or "null"
    fetched = replace(
        state,
        pages=state.pages + 1,
        locator=None if following == "null" else following,
        rows=state.rows + int(answer.headers["Sforce-NumberOfRecords"]),
    )
    _write(work, fetched)
    return fetched


def _land(
    paths: DataPaths, work: Path, state: PullState, columns: Mapping[str, str], known: Mapping[str, Mapping[str, Any]]
) -> Path:
    """Put the pages together as a delivery; under the same name where this is done again after a crash."""
    assert state.created is not None
    made = datetime.fromisoformat(state.created)
    folder = paths.landing / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"salesforce_{made:%Y-%m-%d_%H%M%S}.csv"
    with whole(target) as unfinished:
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            for number in range(state.pages):
                with (work / f"page_{number:05d}.csv").open(encoding="utf-8", newline="") as page:
                    writer.writerows(
                        [delivered(row[name], str(known[name]["type"])) for name in columns.values()]
                        for row in csv.DictReader(page)
                    )
        # Before the file itself: it may be taken in at once.
        write_text_whole(manifest_path(target), f"{json.dumps({'rows': state.rows, 'stated_by': 'leads pull'})}\n")
    return target


def delivered(cell: str, kind: str) -> str:
    """Return a value of the API as extracts have it: TRUE, 2026-11-27 01:12:38, 40.

    Args:
        cell: As in the results of a query.
        kind: Type of its field.
    """
    if kind == "boolean":
        return cell.upper()
    if kind == "datetime" and cell:
        return f"{cell[:10]} {cell[11:19]}"
    return cell.removesuffix(".0") if kind == "double" else cell


def _read(work: Path) -> PullState:
    """Return how far pulls have come; nowhere, where it cannot be read: then all is fetched, and nothing is missing."""
    try:
        return PullState(**json.loads((work / "state.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return PullState()


def _write(work: Path, state: PullState) -> None:
    write_text_whole(work / "state.json", json.dumps(asdict(state)))
