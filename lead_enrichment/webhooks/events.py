"""The events of the models: what happened, of which a target may want to hear.

An event is a row of a model, and its id a hash of what it is about, so that it is the same in every run. A message
holds keys, states and reasons, and no name, phone or address: who needs those asks the API for the lead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from lead_enrichment.warehouse.reading import Row, rows

NET_NEW, DUPLICATE, OPENED, CHANGED = "lead.net_new", "lead.duplicate", "incident.opened", "outbox.changed"
TYPES = (NET_NEW, DUPLICATE, OPENED, CHANGED)
TEST = "test"
# A change of status is identified by its day, since the day on which a run fills it again tells another time.
LEADS = """
    SELECT CONCAT($type, '|', lead_key, '|', changed_on) AS identity, lead_key AS subject, changed_at AS occurred_at,
        changed_on AS occurred_on,
        {{'lead_key': lead_key, 'entity_key': entity_key, 'status': match_status, 'cause': cause}} AS data
    FROM facts.fact_match_status_change WHERE match_status = '{status}'
"""
# By type: the table, the query, and whether all that is there when a target begins is noted, or that of the last day.
SOURCES: dict[str, tuple[str, str, bool]] = {
    NET_NEW: ("facts.fact_match_status_change", LEADS.format(status="net_new"), False),
    DUPLICATE: ("facts.fact_match_status_change", LEADS.format(status="duplicate"), False),
    OPENED: (
        "quality.incident",
        """
        SELECT CONCAT($type, '|', incident_key, '|', EPOCH_US(opened_at)) AS identity, incident_key AS subject,
            opened_at AS occurred_at, opened_at::DATE AS occurred_on,
            {'incident_key': incident_key, 'severity': severity, 'kind': kind, 'name': name, 'source': source_key,
             'owner': owner, 'cause': cause, 'remedy': remedy, 'affected_leads': affected_leads} AS data
        FROM quality.incident WHERE opened_at IS NOT NULL AND muted_by IS NULL
        """,
        True,
    ),
    CHANGED: (
        "outbox.change",
        """
        SELECT CONCAT($type, '|', outbox_key, '|', state, '|', EPOCH_US(state_at)) AS identity, outbox_key AS subject,
            state_at AS occurred_at, state_at::DATE AS occurred_on,
            {'outbox_key': outbox_key, 'target': target, 'operation': operation, 'lead_key': lead_key,
             'field': field, 'state': state, 'message': message} AS data
        FROM outbox.change
        WHERE state_at IS NOT NULL
            AND state IN ('accepted', 'confirmed', 'rejected', 'conflict', 'superseded', 'withdrawn')
        """,
        True,
    ),
}
# What was sent or noted is left out here, so that of a million events a run handles those that are left.
OPEN = """
    WITH event AS ({query})
    SELECT CONCAT('msg_', LEFT(SHA256(e.identity), 32)) AS message_id, e.*
    FROM event AS e
    WHERE e.occurred_on >= $since
        AND CONCAT('msg_', LEFT(SHA256(e.identity), 32)) NOT IN (SELECT message_id FROM done)
    ORDER BY e.occurred_at, e.subject
    LIMIT $most
"""
THERE = """
    WITH event AS ({query})
    SELECT CONCAT('msg_', LEFT(SHA256(e.identity), 32)) AS message_id, e.subject FROM event AS e
    WHERE e.occurred_on >= $since
"""
FIRST_DAY = "WITH event AS ({query}) SELECT MAX(occurred_on) FROM event"


@dataclass(frozen=True)
class WebhookMessage:
    """An event, as it is sent.

    Args:
        message_id: Its id, the same in every run.
        type: One of TYPES.
        subject: Key of what it is about.
        occurred_at: When it happened.
        data: What is told.
    """

    message_id: str
    type: str
    subject: str
    occurred_at: datetime
    data: dict[str, Any]

    @property
    def body(self) -> str:
        """The message as it is sent."""
        stamp = self.occurred_at.astimezone(UTC).isoformat()
        return json.dumps({"type": self.type, "timestamp": stamp, "data": self.data}, default=str)


def has_events(connection: duckdb.DuckDBPyConnection, kind: str) -> bool:
    """Whether production holds the model that tells events of a type."""
    schema, table = SOURCES[kind][0].split(".")
    query = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
    found = connection.execute(query, [schema, table]).fetchone()
    return bool(found and found[0])


def first_day(connection: duckdb.DuckDBPyConnection, kind: str) -> date:
    """Return the day from which on events count for a target that begins now."""
    _, query, is_all = SOURCES[kind]
    if is_all:
        return date(1970, 1, 1)
    found = connection.execute(FIRST_DAY.format(query=query), {"type": kind}).fetchone()
    return found[0] if found and found[0] else date(1970, 1, 1)


def noticed(connection: duckdb.DuckDBPyConnection, kind: str, since: date) -> pa.Table:
    """Return id and subject of the messages that are there, from a day on; they may be a million."""
    query = THERE.format(query=SOURCES[kind][1])
    return connection.execute(query, {"type": kind, "since": since}).to_arrow_table()


def open_messages(
    connection: duckdb.DuckDBPyConnection, kind: str, since: date, done: pa.ChunkedArray, most: int
) -> list[WebhookMessage]:
    """Return the messages of a type that are not done, the oldest first.

    Args:
        connection: Production.
        kind: One of TYPES.
        since: The day from which on events count.
        done: Ids of messages that are done.
        most: At most so many.
    """
    connection.register("done", pa.table({"message_id": done}))
    try:
        query = OPEN.format(query=SOURCES[kind][1])
        found: list[Row] = rows(connection, query, type=kind, since=since, most=most)
    finally:
        connection.unregister("done")
    return [
        WebhookMessage(row["message_id"], kind, row["subject"], row["occurred_at"], dict(row["data"])) for row in found
    ]
