"""What each model costs and what its audits find: SQLMesh notifies its console, and this records it.

Listening at the console leaves the models as they are: their fingerprints, SQL and transactions know nothing of it, and
it works alike for SQL and Python models, in a plan and in a run, on any engine.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from lead_enrichment.hooks.failed_rows import show_failed_rows
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.memory import resident_bytes

if TYPE_CHECKING:
    from lead_enrichment.sqlmesh_internals import AuditAnswer

# `unchanged`: it was left as it is, since nothing that it reads has changed.
BUILT, UNCHANGED, FAILED = "built", "unchanged", "failed"
PASSED, WARNED = "passed", "warned"
# DuckDB works inside of SQLMesh's own process; the memory of any other engine is not seen from here.
IN_PROCESS = "duckdb"
SAMPLE_SECONDS = 0.05

# When a model's time is a jump: against how many earlier runs, how many times their median, and from how long on.
FEWEST_EARLIER, MOST_EARLIER, JUMP_RATIO, JUMP_SECONDS = 3, 20, 3.0, 5.0


@dataclass
class _Cost:
    """What one model has cost so far in one run; `batches` of it are done."""

    snapshot: Any
    started_at: datetime
    finished_at: datetime
    status: str = BUILT
    seconds: float = 0.0
    batches: int = 0
    peak_memory_bytes: int = 0
    interval_start: int | None = None
    interval_end: int | None = None


@dataclass
class _AuditSum:
    """What one audit of a model has found so far in one run."""

    failed_rows: int = 0
    is_blocking: bool = True
    seconds: float = 0.0
    batches: int = 0
    audited_at: datetime | None = None


class Recorder:
    """Listens at a console from one plan or run to the next."""

    def __init__(self, console: Any) -> None:
        self._console, self._lock, self._costs = console, Lock(), dict[str, _Cost]()
        self._audits = defaultdict[tuple[str, str, str], _AuditSum](_AuditSum)
        self._memory = _MemoryWatch()
        self._unfinished = False
        # Imported here: what only reads the records does without SQLMesh.
        from lead_enrichment.sqlmesh_internals import listen_to_audits, listen_to_failures, listen_to_models

        listen_to_models(console, self._began, self._ended, self._stopped)
        listen_to_failures(console, self._failed)
        listen_to_audits(self._audited)

    def begin(self, adapter: Any, environment: str, bronze: Path) -> None:
        """Begin a plan or run.

        Args:
            adapter: SQLMesh's engine adapter.
            environment: The environment that is built.
            bronze: The folder in which the records are kept.
        """
        self._adapter, self._environment, self._ledger = adapter, environment, Ledger(bronze)
        self._run_id, self._unfinished = uuid.uuid4().hex, False
        self._costs.clear()
        self._audits.clear()

    @property
    def is_complete(self) -> bool:
        """Whether every model that began since `begin` has ended, and none failed."""
        return not self._unfinished

    def leaves(self, snapshot: Any) -> None:
        """Note that a model that has begun is left as it is."""
        with self._lock:
            if snapshot.name in self._costs:
                self._costs[snapshot.name].status = UNCHANGED

    def _began(self, snapshot: Any, audit_only: bool = False) -> None:
        self._unfinished = True
        if audit_only:
            return
        now = datetime.now(UTC)
        with self._lock:
            cost = self._costs.setdefault(snapshot.name, _Cost(snapshot, now, now))
        self._memory.watch(snapshot.name, cost)

    def _ended(self, snapshot: Any, interval: Any, batch_idx: int, duration_ms: int | None, *_: Any, **__: Any) -> None:
        self._memory.release(snapshot.name)
        start, end = interval
        with self._lock:
            cost = self._costs.get(snapshot.name)
            if cost is None:
                return
            cost.finished_at = datetime.now(UTC)
            cost.batches += 1
            if duration_ms is None:
                cost.status = FAILED
            else:
                cost.seconds += duration_ms / 1000
            cost.interval_start = min(start, cost.interval_start or start)
            cost.interval_end = max(end, cost.interval_end or end)

    def _audited(self, answer: AuditAnswer) -> None:
        with self._lock:
            audit = self._audits[answer.model_name, answer.audit_name, answer.arguments]
            audit.failed_rows += answer.failed_rows
            audit.is_blocking = answer.is_blocking
            audit.seconds += answer.seconds
            audit.batches += 1
            audit.audited_at = datetime.now(UTC)

    def _stopped(self, success: bool = True) -> None:
        self._unfinished = not success
        self._memory.stop()
        costs, self._costs = list(self._costs.values()), {}
        audits = [self._audit_row(*key, audit) for key, audit in self._audits.items()]
        self._audits.clear()
        # A record that cannot be kept is no reason to stop the work that it is about.
        try:
            if costs:
                self._ledger.append_model_runs([self._row(cost) for cost in costs])
            if audits:
                self._ledger.append_audit_results(audits)
        except Exception as error:
            self._console.log_warning(f"What the models of this run cost could not be written down: {error}")

    def _failed(self, errors: list[BaseException]) -> None:
        # What cannot be shown is no reason to hide the failure that it is about.
        try:
            show_failed_rows(self._adapter, errors)
        except Exception as error:
            self._console.log_warning(f"The rows that failed could not be shown: {error}")

    def _audit_row(self, model: str, name: str, arguments: str, audit: _AuditSum) -> dict[str, Any]:
        failed = FAILED if audit.is_blocking else WARNED
        return {
            "run_id": self._run_id,
            "model_name": _short(model),
            "audit_name": name,
            "arguments": arguments,
            "environment": self._environment,
            "status": failed if audit.failed_rows else PASSED,
            "failed_rows": audit.failed_rows,
            "seconds": audit.seconds,
            "batches": audit.batches,
            "audited_at": audit.audited_at,
        }

    def _row(self, cost: _Cost) -> dict[str, Any]:
        return {
            "run_id": self._run_id,
            "model_name": _short(cost.snapshot.name),
            "environment": self._environment,
            "engine": self._adapter.dialect,
            "status": cost.status,
            "started_at": cost.started_at,
            "finished_at": cost.finished_at,
            "seconds": cost.seconds,
            "batches": cost.batches,
            "interval_start": _time(cost.interval_start),
            "interval_end": _time(cost.interval_end),
            "row_count": self._row_count(cost),
            "peak_memory_bytes": cost.peak_memory_bytes if self._adapter.dialect == IN_PROCESS else None,
        }

    def _row_count(self, cost: _Cost) -> int | None:
        """Count the rows of a model's table; None where it has no table of its own, such as a view."""
        if cost.status == FAILED or not cost.snapshot.is_materialized:
            return None
        # A change that is only previewed has a table of its own beside production's.
        table = cost.snapshot.table_name(is_deployable=not cost.snapshot.is_paused_forward_only)
        return int(self._adapter.fetchone(f"SELECT COUNT(*) FROM {table}")[0])


def record(console: Any, adapter: Any, environment: str, bronze: Path) -> None:
    """Record the models of the plan or run that begins; see Recorder.begin."""
    recorder = recorder_of(console)
    if recorder is None:
        recorder = console.leads_recorder = Recorder(console)
    recorder.begin(adapter, environment, bronze)


def recorder_of(console: Any) -> Recorder | None:
    """Return the recorder that listens at a console."""
    recorder: Recorder | None = getattr(console, "leads_recorder", None)
    return recorder


def newest_run(rows: list[dict[str, Any]], environment: str = "prod") -> list[dict[str, Any]]:
    """Return the models of an environment's newest run, the slowest first, each with what it usually takes.

    Args:
        rows: Records as `Ledger.model_runs` returns them, oldest first.
        environment: The environment.

    Returns:
        The records of that run, with `usual_seconds` (the median of the model's earlier runs; None where there are
        fewer than three) and `is_jump`. Runs over fewer days than the newest are no measure for it, and are left out.
    """
    rows = [row for row in rows if row["environment"] == environment]
    if not rows:
        return []
    run_id = rows[-1]["run_id"]
    built = defaultdict(list)
    for row in rows:
        if row["run_id"] != run_id and row["status"] == BUILT:
            built[row["model_name"], row["engine"]].append(row)
    found = []
    for row in (row for row in rows if row["run_id"] == run_id):
        comparable = (past for past in built[row["model_name"], row["engine"]] if _span(past) >= _span(row))
        earlier = [past["seconds"] for past in comparable][-MOST_EARLIER:]
        usual = median(earlier) if len(earlier) >= FEWEST_EARLIER else None
        is_jump = usual is not None and row["seconds"] > max(JUMP_SECONDS, JUMP_RATIO * usual)
        found.append({**row, "usual_seconds": usual, "is_jump": is_jump})
    return sorted(found, key=lambda row: -row["seconds"])


def _span(row: dict[str, Any]) -> float:
    """Return the days that a run of a model built."""
    return float((row["interval_end"] - row["interval_start"]).total_seconds() / 86_400)


def _short(name: str) -> str:
    """Return the schema and the name of a model, without catalog and quotes."""
    return ".".join(part.strip('"') for part in name.split(".")[-2:])


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class _MemoryWatch:
    """Keeps the highest resident memory of this process while a model is built.

    Linux reports the current memory and the highest ever: where the highest grew while a model was built, it is
    the model's; otherwise the highest of what was seen every 50 ms. Elsewhere only the highest ever is known.
    """

    def __init__(self) -> None:
        self._watched: dict[str, tuple[_Cost, int]] = {}
        self._lock, self._ended = Lock(), Event()
        self._thread: Thread | None = None

    def watch(self, name: str, cost: _Cost) -> None:
        """Begin to keep the highest memory in `cost`."""
        now, highest = resident_bytes()
        cost.peak_memory_bytes = max(cost.peak_memory_bytes, now)
        with self._lock:
            self._watched[name] = (cost, highest)
        if self._thread is None:
            self._ended.clear()
            self._thread = Thread(target=self._sample, daemon=True, name="model memory")
            self._thread.start()

    def release(self, name: str) -> None:
        """End what `watch` began."""
        now, highest = resident_bytes()
        with self._lock:
            watched = self._watched.pop(name, None)
        if watched is None:
            return
        cost, highest_before = watched
        cost.peak_memory_bytes = max(cost.peak_memory_bytes, highest if highest > highest_before else now)

    def stop(self) -> None:
        """Stop looking until the next `watch`."""
        self._ended.set()
        if self._thread:
            self._thread.join()
        self._thread = None

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            now, _ = resident_bytes()
            with self._lock:
                for cost, _highest in self._watched.values():
                    cost.peak_memory_bytes = max(cost.peak_memory_bytes, now)
