"""Incidents as they stand, and what people do about them on its way into landing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.submission import one_line, rows_on_their_way, submit_rows
from lead_enrichment.warehouse.reading import Row, find_by_key, rows

SOURCE = "incidents"
HEADER = ("incident_key", "action", "acted_by", "acted_at", "snoozed_until", "reason")
# The states in which each action has an effect.
ACTIONS = {
    "ack": ("open", "snoozed"),
    "snooze": ("open", "acknowledged", "snoozed"),
    "resolve": ("open", "acknowledged", "snoozed"),
    "reopen": ("resolved",),
}
RESULT = {"ack": "acknowledged", "snooze": "snoozed", "resolve": "resolved", "reopen": "open"}
# The most severe first, and of equal ones the newest. A snooze that is over leaves an incident open.
INCIDENTS = """
    SELECT * REPLACE (CASE WHEN state = 'snoozed' AND snoozed_until <= $now THEN 'open' ELSE state END AS state)
    FROM quality.incident
    ORDER BY
        LIST_POSITION(['critical', 'error', 'warning', 'info'], severity),
        COALESCE(opened_at, resolved_at) DESC,
        incident_key
"""
EVENTS = """
    SELECT acted_at, action, acted_by, reason, snoozed_until, outcome, remark FROM ops.incident_event
    WHERE incident_key = ? ORDER BY acted_at, file_id, row_number
"""
REFUSED = """
    SELECT f.file_name, e.row_number, e.remark AS problem FROM ops.incident_event AS e
    JOIN bronze.file_ledger AS f ON f.file_id = e.file_id AND f.status = 'loaded'
    WHERE e.outcome IN ('refused', 'unknown incident') ORDER BY e.received_at, e.row_number
"""


@dataclass(frozen=True)
class IncidentEvent:
    """What somebody does about an incident."""

    incident_key: str
    action: str
    acted_by: str
    acted_at: datetime
    reason: str
    snoozed_until: datetime | None = None


def incidents(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[Row]:
    """Return every incident, the most severe first; `now` is when snoozes are held against."""
    return rows(connection, INCIDENTS, now=now)


def find_incident(found: list[Row], wanted: str) -> Row:
    """Return the incident of a key, or of the beginning of one.

    Raises:
        UsageError: None has it, or several have.
    """
    return find_by_key(found, "incident_key", wanted, "incident", "incidents", "leads incidents --all")


def events_of(connection: duckdb.DuckDBPyConnection, incident_key: str) -> list[Row]:
    """Return what people did about an incident and what came of it, oldest first."""
    return rows(connection, EVENTS, incident_key)


def refused_events(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the delivered events that cannot be read or name no incident, with file, row and why."""
    return rows(connection, REFUSED)


def make_event(
    incident: Row, action: str, acted_by: str, reason: str, now: datetime, until: datetime | None = None
) -> IncidentEvent:
    """Return what somebody does about an incident.

    Raises:
        UsageError: It has no effect in the state of the incident, nobody does it or for no reason, or a snooze is over
            before it begins.
    """
    person = one_line(acted_by, "name of who does it")
    why = one_line(reason, "reason")
    if incident["state"] not in ACTIONS[action]:
        remedy = f"What is {' or '.join(ACTIONS[action])} takes the action {action}."
        raise UsageError(f"the incident is {incident['state']}", incident["incident_key"], remedy)
    if until is not None and until <= now:
        raise UsageError(f"{until:%Y-%m-%d %H:%M} is over", "--until", "Give a time that is still to come.")
    return IncidentEvent(incident["incident_key"], action, person, now, why, until)


def submit_event(paths: DataPaths, event: IncidentEvent) -> Path:
    """Write an event as a file into landing, whole or not at all, and return its path."""
    until = event.snoozed_until.isoformat() if event.snoozed_until else ""
    row = (event.incident_key, event.action, event.acted_by, event.acted_at.isoformat(), until, event.reason)
    return submit_rows(paths, SOURCE, event.acted_at, HEADER, [row], event.incident_key)


def events_on_their_way(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> dict[str, str]:
    """Return the action by incident that no model has seen: it lies in landing, or in bronze since the last run."""
    waiting = rows_on_their_way(connection, paths, SOURCE, HEADER[:2], "staging.stg_incident_event")
    return {row["incident_key"].lower(): row["action"] for row in waiting}


def now_utc() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
