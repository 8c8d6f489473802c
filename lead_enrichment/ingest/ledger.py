"""The file ledger: a Parquet file for every attempt on a file, written last; what it does not name is not loaded.

Beside it, in tables of their own, stand what was done to the archive, and what each model cost.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lead_enrichment.bronze import (
    ALERT_EVENT_COLUMNS,
    ARCHIVE_EVENT_COLUMNS,
    AUDIT_RESULT_COLUMNS,
    COMPACTED,
    LEDGER_COLUMNS,
    LEDGER_TABLES,
    MODEL_RUN_COLUMNS,
    PROPOSAL_COLUMNS,
    WEBHOOK_EVENT_COLUMNS,
    arrow_schema,
    write_whole,
)
from lead_enrichment.errors import DataError
from lead_enrichment.ledger_files import MOST_LOOSE, compact, read
from lead_enrichment.users import user_name
from lead_enrichment.warehouse.connection import connect

# Outcome of an attempt.
LOADED, DUPLICATE, QUARANTINED, WAITING = "loaded", "duplicate", "quarantined", "waiting"
# What became of a load that was taken back.
WITHDRAWN = "withdrawn"
# How a proposal stands.
PROPOSED, ACCEPTED, REJECTED = "proposed", "accepted", "rejected"

# What came from each source.
TOTALS = """
    SELECT source_key, COUNT(*) FILTER (status = $1) AS loaded, COUNT(*) FILTER (status = $2) AS repeated,
        COUNT(*) FILTER (status = $3) AS refused, MAX(file_date) FILTER (status = $1) AS newest_file_date,
        COALESCE(SUM(rows_loaded) FILTER (status = $1), 0)::BIGINT AS rows_loaded,
        COALESCE(SUM(rows_rejected) FILTER (status = $1), 0)::BIGINT AS rows_rejected
    FROM attempts GROUP BY source_key
"""
REFUSED = """
    SELECT * FROM attempts
    WHERE status = $1 AND file_id NOT IN (SELECT file_id FROM attempts WHERE status = $2)
    ORDER BY started_at, finished_at
"""
LOADED_NAMES = "SELECT file_id, file_name FROM attempts WHERE status = $1 ORDER BY received_at"
# Of each model in each environment and engine; what it usually takes is told from these.
NEWEST_RUNS = """
    SELECT * FROM runs
    QUALIFY ROW_NUMBER() OVER (PARTITION BY environment, engine, model_name ORDER BY started_at DESC) <= $1
    ORDER BY started_at, run_id, model_name
"""
RUNS_KEPT = 100


@dataclass(frozen=True)
class Attempt:
    """One attempt to take a file in, as the ledger keeps it."""

    file_id: str
    source_key: str
    file_name: str
    file_date: date | None
    delivery_mode: str
    status: str
    reason: str | None
    rows_delivered: int
    rows_loaded: int
    rows_rejected: int
    file_bytes: int
    encoding: str | None
    header: str | None
    received_at: datetime
    started_at: datetime
    completeness: str | None = None
    rows_expected: int | None = None
    attested_by: str | None = None


@dataclass(frozen=True)
class Overview:
    """What came, in sums.

    Args:
        totals: By source: files `loaded`, `repeated` and `refused`, `newest_file_date`, `rows_loaded`, `rows_rejected`.
        refused: The attempts on files that were refused and not let in since, oldest first.
        loaded: File name by id of the files that are loaded, in the order in which they were received.
    """

    totals: dict[str, dict[str, Any]]
    refused: list[dict[str, Any]]
    loaded: dict[str, str]


@dataclass(frozen=True)
class ArchiveEvent:
    """What was done to an archived file, as the ledger keeps it."""

    file_id: str
    source_key: str
    file_name: str
    action: str
    reason: str
    archived_bytes: int
    acted_by: str


@dataclass(frozen=True)
class Suggestion:
    """What a delivered column most likely is."""

    column: str
    header: str
    score: float
    evidence: str


@dataclass(frozen=True)
class Advice:
    """The likely mappings with their evidence, and what only a person can resolve."""

    suggestions: tuple[Suggestion, ...]
    unresolved: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """The ledger in a bronze folder."""

    bronze: Path

    def append(self, attempt: Attempt) -> None:
        """Write an attempt down; the rename that ends it is the commit of a load."""
        row: dict[str, Any] = {
            "attempt_id": uuid.uuid4().hex,
            **asdict(attempt),
            "run_by": user_name(),
            "finished_at": datetime.now(UTC),
        }
        schema = arrow_schema(LEDGER_COLUMNS)
        table = pa.Table.from_pylist([{name: row[name] for name in schema.names}], schema=schema)
        target = partition(self.bronze / "file_ledger", attempt.received_at) / f"{row['attempt_id']}.parquet"
        write_whole(table, target)

    def mark_withdrawn(self, attempt: dict[str, Any], reason: str) -> None:
        """Write down that a load was taken back, in its own row: no model takes it for loaded any more.

        Args:
            attempt: The load, as `attempts` returns it.
            reason: Why.
        """
        said = f"withdrawn by {user_name()} on {datetime.now(UTC):%Y-%m-%d}: {reason}"
        before = f"; before: {attempt['reason']}" if attempt["reason"] else ""
        row = {**attempt, "status": WITHDRAWN, "reason": f"{said}{before}"}
        schema = arrow_schema(LEDGER_COLUMNS)
        table = pa.Table.from_pylist([{name: row[name] for name in schema.names}], schema=schema)
        target = partition(self.bronze / "file_ledger", attempt["received_at"]) / f"{row['attempt_id']}.parquet"
        write_whole(table, target)

    def attempts(self, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Return every attempt as a dictionary of LEDGER_COLUMNS, oldest first.

        Args:
            columns: Those that are needed, all by default: of 100,000 attempts all of them take 2 s.
        """
        return self._rows("file_ledger", ("started_at", "finished_at"), columns)

    def overview(self) -> Overview:
        """Return what came, in sums: of 100,000 attempts only those that still need somebody become dictionaries."""
        names = ("source_key", "file_name", "file_id", "file_date", "status", "reason", "rows_loaded", "rows_rejected",
                 "received_at", "started_at", "finished_at")  # fmt: skip
        with connect() as connection:
            connection.register("attempts", read(self.bronze / "file_ledger", LEDGER_COLUMNS, names))
            totals = connection.execute(TOTALS, [LOADED, DUPLICATE, QUARANTINED]).to_arrow_table().to_pylist()
            refused = connection.execute(REFUSED, [QUARANTINED, LOADED]).to_arrow_table().to_pylist()
            loaded = connection.execute(LOADED_NAMES, [LOADED]).fetchall()
        return Overview({row["source_key"]: row for row in totals}, refused, dict(loaded))

    def append_proposal(self, proposal_id: str, source_key: str, file_id: str, file_name: str, advice: Advice) -> None:
        """Write down what the columns of a refused file most likely are."""
        found: list[dict[str, Any]] = [
            {"column_name": item.column, "header": item.header, "score": item.score, "evidence": item.evidence}
            for item in advice.suggestions
        ]
        found += [{"evidence": sentence} for sentence in advice.unresolved]
        shared = {
            "proposal_id": proposal_id, "source_key": source_key, "file_id": file_id, "file_name": file_name,
            "status": PROPOSED, "decided_by": user_name(),
        }  # fmt: skip
        self._append_proposal_rows([{**shared, **row} for row in found])

    def decide_proposal(self, rows: list[dict[str, Any]], status: str, by: str | None = None) -> None:
        """Write down that a person accepted or rejected a proposal.

        Args:
            rows: The rows of the proposal, as `proposals` returns them.
            status: ACCEPTED or REJECTED.
            by: Who decided; the user who runs the command by default.
        """
        self._append_proposal_rows([{**row, "status": status, "decided_by": by or user_name()} for row in rows])

    def _append_proposal_rows(self, rows: list[dict[str, Any]]) -> None:
        now, schema = datetime.now(UTC), arrow_schema(PROPOSAL_COLUMNS)
        table = pa.Table.from_pylist([{**row, "decided_at": now} for row in rows], schema=schema)
        write_whole(table, partition(self.bronze / "column_proposal", now) / f"{uuid.uuid4().hex}.parquet")

    def proposals(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of every proposal as they stand now, by the proposal's id, oldest first."""
        newest: dict[str, list[dict[str, Any]]] = {}
        for row in self._rows("column_proposal", ("decided_at",)):
            rows = newest.get(row["proposal_id"], [])
            if rows and rows[0]["decided_at"] != row["decided_at"]:
                rows = []
            newest[row["proposal_id"]] = [*rows, row]
        return newest

    def append_archive_event(self, event: ArchiveEvent) -> None:
        """Write down what is done to an archived file."""
        now = datetime.now(UTC)
        row: dict[str, Any] = {"event_id": uuid.uuid4().hex, **asdict(event), "acted_at": now}
        table = pa.Table.from_pylist([row], schema=arrow_schema(ARCHIVE_EVENT_COLUMNS))
        write_whole(table, partition(self.bronze / "archive_event", now) / f"{row['event_id']}.parquet")

    def archive_events(self) -> list[dict[str, Any]]:
        """Return every archive event as a dictionary of ARCHIVE_EVENT_COLUMNS, oldest first."""
        return self._rows("archive_event", ("acted_at",))

    def append_model_runs(self, rows: list[dict[str, Any]]) -> None:
        """Write down what the models of a plan or run cost.

        Args:
            rows: A dictionary of MODEL_RUN_COLUMNS for each model, without run_by.
        """
        schema = arrow_schema(MODEL_RUN_COLUMNS)
        table = pa.Table.from_pylist([{**row, "run_by": user_name()} for row in rows], schema=schema)
        day = partition(self.bronze / "model_run", rows[0]["started_at"])
        write_whole(table, day / f"{uuid.uuid4().hex}.parquet")

    def model_runs(self) -> list[dict[str, Any]]:
        """Return what each model cost as a dictionary of MODEL_RUN_COLUMNS, oldest first; the newest 100 of each."""
        with connect() as connection:
            connection.register("runs", read(self.bronze / "model_run", MODEL_RUN_COLUMNS))
            found = connection.execute(NEWEST_RUNS, [RUNS_KEPT]).to_arrow_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def append_audit_results(self, rows: list[dict[str, Any]]) -> None:
        """Write down what the audits of a plan or run found.

        Args:
            rows: A dictionary of AUDIT_RESULT_COLUMNS for each audit, without run_by.
        """
        schema = arrow_schema(AUDIT_RESULT_COLUMNS)
        table = pa.Table.from_pylist([{**row, "run_by": user_name()} for row in rows], schema=schema)
        day = partition(self.bronze / "audit_result", rows[0]["audited_at"])
        write_whole(table, day / f"{uuid.uuid4().hex}.parquet")

    def audit_results(self) -> list[dict[str, Any]]:
        """Return what each audit found as a dictionary of AUDIT_RESULT_COLUMNS, oldest first."""
        return self._rows("audit_result", ("audited_at",))

    def append_alert_events(self, rows: list[dict[str, Any]]) -> None:
        """Write down what became of messages about incidents.

        Args:
            rows: A dictionary of ALERT_EVENT_COLUMNS for each, without run_by; none writes nothing.
        """
        if not rows:
            return
        schema = arrow_schema(ALERT_EVENT_COLUMNS)
        table = pa.Table.from_pylist([{**row, "run_by": user_name()} for row in rows], schema=schema)
        day = partition(self.bronze / "alert_event", rows[0]["happened_at"])
        write_whole(table, day / f"{uuid.uuid4().hex}.parquet")

    def alert_events(self) -> list[dict[str, Any]]:
        """Return what became of messages as a dictionary of ALERT_EVENT_COLUMNS, oldest first."""
        return self._rows("alert_event", ("happened_at",))

    def append_webhook_events(self, rows: list[dict[str, Any]], noticed: Iterable[pa.Table] = ()) -> None:
        """Write down what became of messages to webhooks, as one file.

        Args:
            rows: A dictionary of WEBHOOK_EVENT_COLUMNS for each, without run_by; none writes nothing.
            noticed: More rows, with some of the columns; they may be many.
        """
        if not rows:
            return
        schema = arrow_schema(WEBHOOK_EVENT_COLUMNS)
        table = pa.Table.from_pylist([{**row, "run_by": user_name()} for row in rows], schema=schema)
        table = pa.concat_tables([table, *noticed], promote_options="default").cast(schema)
        day = partition(self.bronze / "webhook_event", rows[0]["happened_at"])
        write_whole(table, day / f"{uuid.uuid4().hex}.parquet")

    def webhook_events(self) -> pa.Table:
        """Return what became of messages to webhooks, under WEBHOOK_EVENT_COLUMNS, in no order; they may be many."""
        return read(self.bronze / "webhook_event", WEBHOOK_EVENT_COLUMNS)

    def compact(self, most_loose: int = MOST_LOOSE) -> None:
        """Take the small files of each table up into one, where they are many; see ledger_files.py."""
        for table in COMPACTED:
            # A table with a damaged file, or on a full disk, stays as it is: that costs time and no row. `leads doctor`
            # names the file, and the next ingest tries again.
            with suppress(DataError, OSError):
                compact(self.bronze / table, LEDGER_TABLES[table][1], most_loose)

    def _rows(self, table: str, order: tuple[str, ...], columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
        names = None if columns is None else {*columns, *order}
        found = read(self.bronze / table, LEDGER_TABLES[table][1], names)
        rows: list[dict[str, Any]] = found.sort_by([(name, "ascending") for name in order]).to_pylist()
        return rows


def proposal_id_of(source_key: str, file_id: str) -> str:
    """Return the id of the proposal for a refused file; the first 8 digits of the file's SHA-256 are enough."""
    return f"{source_key}-{file_id[:8]}"


def loaded_of(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the attempts that loaded a file, in the order in which the files were received."""
    return sorted((row for row in attempts if row["status"] == LOADED), key=lambda row: row["received_at"])


def partition(table: Path, received_at: datetime) -> Path:
    """Return the folder of a bronze table that holds what was received at a time."""
    return table / f"received_on={received_at.astimezone(UTC).date()}"
