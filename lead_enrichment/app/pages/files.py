"""Files and drift: what was delivered, what is late, what was refused, and what a person decides of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lead_enrichment.app.access import require
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.people import Person
from lead_enrichment.app.rehearsals import last_rehearsal, start_rehearsal
from lead_enrichment.app.rendering import redirect, render
from lead_enrichment.contracts import contracts
from lead_enrichment.errors import LeadsError, UsageError
from lead_enrichment.ingest.ledger import PROPOSED, Ledger
from lead_enrichment.ingest.quarantine import accept, delivered_name, quarantined, reject
from lead_enrichment.paths import DataPaths
from lead_enrichment.preview import rehearsal
from lead_enrichment.warehouse.reading import Row

MENU = (MenuEntry("Files and drift", "/files", "Operations", 10),)
router = APIRouter()
SHOWN = 50
STATUSES = ("loaded", "duplicate", "quarantined", "withdrawn")

NEWEST = """
    SELECT
        source_key, COUNT(*) FILTER (status = 'loaded') AS files, MAX(file_date) FILTER (status = 'loaded') AS newest,
        COUNT(*) FILTER (status = 'quarantined') AS refused,
        COALESCE(SUM(rows_loaded) FILTER (status = 'loaded'), 0)::BIGINT AS rows_loaded,
        COALESCE(SUM(rows_rejected) FILTER (status = 'loaded'), 0)::BIGINT AS rows_rejected
    FROM facts.fact_file_load GROUP BY source_key ORDER BY source_key
"""
# Newest first; a page begins behind the attempt at which the one before ended.
FILES = """
    SELECT f.*
    FROM facts.fact_file_load AS f
    WHERE ($source = '' OR f.source_key = $source) AND ($status = '' OR f.status = $status)
        AND ($before = '' OR (f.started_at, f.attempt_id) < (
            SELECT (b.started_at, b.attempt_id) FROM facts.fact_file_load AS b WHERE b.attempt_id = $before
        ))
    ORDER BY f.started_at DESC, f.attempt_id DESC
    LIMIT $limit
"""
ATTEMPTS = "SELECT * FROM facts.fact_file_load WHERE file_id = ? ORDER BY started_at DESC LIMIT 50"
# Of a delivery of leads. ops.reconciliation counts all files, and bronze too: that takes a run's time, not a page's.
COUNTED = """
    SELECT
        COUNT(*) AS rows_in_staging, COUNT(DISTINCT s.lead_key) AS leads, COUNT(DISTINCT c.lead_key) AS leads_current
    FROM intermediate.int_lead_delivered AS s
    LEFT JOIN intermediate.int_lead_current AS c ON c.lead_key = s.lead_key
    WHERE s.file_id = ?
"""
REJECTED_ROWS = "SELECT line_number, raw_text, reason FROM ops.rejected_row WHERE file_id = ? ORDER BY 1 LIMIT 100"


@router.get("/files")
def show(
    request: Request,
    source: Annotated[str, Query(max_length=100)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the deliveries, what is late, and what waits for a person."""
    paths = request.app.state.settings.paths
    with request.app.state.published.reading() as reader:
        found = reader.rows(FILES, source=source, status=status, before=before, limit=SHOWN + 1)
        sources = reader.cached("sources of files", lambda: reader.rows(NEWEST))
        return render(
            request, "files.html", found=found[:SHOWN], has_more=len(found) > SHOWN, source=source, wanted=status,
            statuses=STATUSES, sources=_with_lateness(sources), waiting=_waiting(paths), refused=_refused(paths),
            job=last_rehearsal(paths), is_first=not before,
        )  # fmt: skip


@router.get("/files/rehearsal")
def rehearsed(request: Request, person: Annotated[Person, require("operator")]) -> Response:
    """Show the rehearsal that was started last: its progress, then what it found."""
    paths = request.app.state.settings.paths
    job = last_rehearsal(paths)
    plan = job.report.get("plan") if job and job.report else None
    is_kept = isinstance(plan, dict) and rehearsal.kept_rehearsal(paths, str(plan["rehearsal_id"])) is not None
    answer = render(request, "rehearsal.html", job=job, is_kept=is_kept)
    if job and job.state == "running":
        # The page loads itself again, without a script.
        answer.headers["refresh"] = "3"
    return answer


@router.get("/files/proposals/{proposal_id}")
def proposal(request: Request, proposal_id: str) -> Response:
    """Show what the columns of a refused file most likely are."""
    rows = _proposal(request.app.state.settings.paths, proposal_id)
    return render(
        request, "proposal.html", rows=rows, first=rows[0], is_undecided=rows[0]["status"] == PROPOSED,
        can_accept=all(row["column_name"] for row in rows), proposal_id=proposal_id,
    )  # fmt: skip


@router.get("/files/{file_id}")
def one(request: Request, file_id: str) -> Response:
    """Show one delivery: its attempts, its counts at each step, and the rows that were rejected."""
    with request.app.state.published.reading() as reader:
        attempts = reader.rows(ATTEMPTS, file_id)
        if not attempts:
            raise UsageError("no such file was delivered, or the next run shows it", "", "See the list of files.")
        counts = _counts(attempts, reader.row(COUNTED, file_id))
        return render(
            request, "file.html", attempts=attempts, newest=attempts[0], counts=counts,
            rejected=reader.rows(REJECTED_ROWS, file_id),
        )  # fmt: skip


@router.post("/files/proposals/{proposal_id}/{decision}")
def decide(
    request: Request, proposal_id: str, decision: str, person: Annotated[Person, require("operator")]
) -> Response:
    """Accept or reject a proposal, as `leads contracts accept` and `reject` do."""
    paths = request.app.state.settings.paths
    _proposal(paths, proposal_id)
    try:
        if decision == "accept":
            accepted = accept(paths, proposal_id, person.name)
            said = f"contracts/{accepted.source_key}.yaml is version {accepted.version}: have it committed."
            where = "The file lies in landing again; the next run takes it in." if accepted.released else ""
            return redirect(request, "/files", ("good", f"Accepted. {said} {where}".strip()))
        if decision == "reject":
            reject(paths, proposal_id, person.name)
            return redirect(request, "/files", ("good", "Rejected. Its file stays in quarantine."))
    except LeadsError as error:
        return redirect(request, f"/files/proposals/{proposal_id}", ("bad", f"Nothing was changed: {error.what}."))
    raise UsageError("this is no decision", "", "Accept it or reject it.")


@router.post("/files/rehearsal")
def rehearse(
    request: Request, person: Annotated[Person, require("operator")], file: Annotated[str, Form(max_length=400)] = ""
) -> Response:
    """Start the rehearsal of a file in quarantine, in a process of its own."""
    paths = request.app.state.settings.paths
    # Only what lies there can be named: the form's text is compared, and never made a path.
    found = [path for path in quarantined(paths) if f"{path.parent.name}/{path.name}" == file]
    if not found:
        raise UsageError("no such file lies in quarantine", "", "See the list of files.")
    try:
        start_rehearsal(paths, found[0], person.name)
    except UsageError as error:
        return redirect(request, "/files/rehearsal", ("bad", f"{error.what}. {error.remedy}"))
    return redirect(request, "/files/rehearsal")


@router.post("/files/rehearsal/{decision}")
def conclude(request: Request, decision: str, person: Annotated[Person, require("operator")]) -> Response:
    """Let the rehearsed file in, or remove the copy, as `leads rehearse --accept` and `--drop` do."""
    paths = request.app.state.settings.paths
    job = last_rehearsal(paths)
    named = job.report.get("plan") if job and job.report else None
    plan = rehearsal.kept_rehearsal(paths, str(named["rehearsal_id"])) if isinstance(named, dict) else None
    if plan is None or decision not in ("accept", "drop"):
        raise UsageError("no rehearsal is kept", "", "Start one from the list of files.")
    try:
        with rehearsal.only_rehearsal(paths):
            if decision == "drop":
                rehearsal.discard(paths, plan)
                return redirect(request, "/files", ("good", "The copy is gone; the file stays in quarantine."))
            rehearsal.accept(paths, plan, person.name)
    except LeadsError as error:
        return redirect(request, "/files/rehearsal", ("bad", f"Nothing was changed: {error.what}. {error.remedy}"))
    commit = f" Have contracts/{plan.source_key}.yaml committed." if plan.aliases else ""
    return redirect(request, "/files", ("good", f"{plan.file_name} is let in; the next run takes it in.{commit}"))


def _counts(attempts: list[Row], built: Row | None) -> Row | None:
    """Return the rows of a loaded delivery at each step, and in words where they do not add up; None without a load."""
    load = next((row for row in attempts if row["status"] == "loaded"), None)
    contract = contracts().get(load["source_key"]) if load else None
    if load is None or built is None or contract is None:
        return None
    is_of_leads = contract.content == "leads"
    is_built = not is_of_leads or bool(built["rows_in_staging"]) or not load["rows_loaded"]
    problem = ""
    if load["rows_delivered"] != load["rows_loaded"] + load["rows_rejected"]:
        problem = "rows of the file are neither loaded nor rejected"
    elif is_of_leads and is_built and load["rows_loaded"] != built["rows_in_staging"]:
        problem = "loaded rows are missing in staging"
    return Row(load, **built, is_built=is_built, is_of_leads=is_of_leads, problem=problem)


def _proposal(paths: DataPaths, proposal_id: str) -> list[dict[str, Any]]:
    rows = Ledger(paths.bronze).proposals().get(proposal_id)
    if not rows:
        raise UsageError("there is no such proposal", "", "See the list of files.")
    return rows


def _with_lateness(found: list[Row]) -> list[Row]:
    today, known = datetime.now(UTC).date(), contracts()
    return [
        Row(row, days_late=contract.days_late(row["newest"], today), content=contract.content)
        for row in found
        if (contract := known.get(row["source_key"]))
    ]


def _waiting(paths: DataPaths) -> list[str]:
    """Return the files that wait in landing for the next run."""
    return sorted(
        f"{path.parent.name}/{path.name}"
        for path in paths.landing.glob("*/[!.]*")
        if not path.name.endswith(".manifest.json")
    )


def _refused(paths: DataPaths) -> list[dict[str, Any]]:
    """Return the files in quarantine, the newest first, each with its reason and proposal."""
    proposals = {
        (rows[0]["source_key"], rows[0]["file_name"]): rows for rows in Ledger(paths.bronze).proposals().values()
    }
    found = []
    for path in sorted(quarantined(paths), key=lambda path: path.name, reverse=True)[:SHOWN]:
        said = path.with_name(f"{path.name}.reason.txt")
        rows = proposals.get((path.parent.name, delivered_name(path)), [])
        found.append(
            {
                "source": path.parent.name, "name": delivered_name(path), "key": f"{path.parent.name}/{path.name}",
                "reason": said.read_text(encoding="utf-8").strip() if said.exists() else "",
                "proposal_id": rows[0]["proposal_id"] if rows else "", "status": rows[0]["status"] if rows else "",
                "decided_by": rows[0]["decided_by"] if rows else "",
            }
        )  # fmt: skip
    return found
