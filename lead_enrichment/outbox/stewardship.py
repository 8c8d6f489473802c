"""What people see of the outbox, and what they do about it: release, approve, withdraw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.changes import UPDATE, WHOLE
from lead_enrichment.outbox.ledger import APPROVED, RELEASED, WITHDRAWN, OutboxEvent
from lead_enrichment.warehouse.reading import Row, rows, schemas_in

OPERATIONS = {"creates": "create", "updates": UPDATE}
STATES = ("pending", "claimed", "accepted", "confirmed", "rejected", "conflict", "superseded", "withdrawn")
# What a person should look at first: what went wrong, then what may be sent, then what is blocked.
LIST = """
    SELECT * FROM outbox.change
    WHERE ($target IS NULL OR target = $target) AND ($state IS NULL OR state = $state)
        AND ($operation IS NULL OR operation = $operation) AND ($field IS NULL OR field = $field)
        AND ($blocked IS NULL OR (blocked_reason IS NOT NULL) = $blocked)
        AND ($to_review IS NULL OR is_to_review = $to_review)
    ORDER BY
        LIST_POSITION(['rejected', 'conflict', 'claimed', 'pending', 'accepted'], state),
        is_claimable DESC, operation, lead_key, field
"""
# How `counts` names new leads that the system takes for duplicates.
TO_REVIEW = "to review"
COUNTS = f"""
    SELECT
        target, operation, state,
        CASE
            WHEN is_to_review THEN '{TO_REVIEW}'
            WHEN is_claimable THEN 'may be sent' WHEN is_over_limit THEN 'too much at once: release it'
            WHEN blocked_reason IS NOT NULL THEN 'blocked' ELSE ''
        END AS standing,
        COUNT(*) AS changes, COUNT(DISTINCT lead_key) AS leads
    FROM outbox.change GROUP BY ALL ORDER BY target, operation, state, standing
"""
EVENTS = """
    SELECT acted_at, event, field, value, acted_by, message, batch_id, problem FROM staging.stg_acknowledgement
    WHERE lead_key = ? ORDER BY acted_at, received_at, row_number
"""
# What would be sent in both environments, by lead and field; a merge is proposed to a person.
DIFFERENCE = """
    WITH before AS (
        SELECT *, is_claimable OR is_over_limit OR (operation = 'merge' AND state = 'pending') AS is_due
        FROM {before} WHERE state IN ('pending', 'rejected', 'conflict')
    ), after AS (
        SELECT *, is_claimable OR is_over_limit OR (operation = 'merge' AND state = 'pending') AS is_due
        FROM {after} WHERE state IN ('pending', 'rejected', 'conflict')
    ), paired AS (
        SELECT
            COALESCE(a.target, b.target) AS target,
            COALESCE(a.operation, b.operation) AS operation,
            COALESCE(a.lead_key, b.lead_key) AS lead_key,
            COALESCE(a.field, b.field) AS field,
            COALESCE(a.old_value, b.old_value) AS old_value,
            b.new_value AS value_before,
            a.new_value AS value_after,
            COALESCE(a.blocked_reason, a.reason, b.reason) AS reason,
            COALESCE(b.is_due, FALSE) AS was_due,
            COALESCE(a.is_due, FALSE) AS is_due,
            a.outbox_key IS NOT NULL AS is_there
        FROM after AS a
        FULL OUTER JOIN before AS b ON b.target = a.target AND b.lead_key = a.lead_key AND b.field = a.field
    )
    SELECT
        CASE
            WHEN is_due AND NOT was_due AND operation = 'merge' THEN 'would be proposed for a merge'
            WHEN is_due AND NOT was_due THEN 'would be sent'
            WHEN is_due THEN 'would be sent with another value'
            WHEN is_there THEN 'would be held back'
            ELSE 'would not be sent any more'
        END AS difference,
        target, operation, lead_key, field, old_value, value_before, value_after, reason
    FROM paired
    WHERE is_due <> was_due OR (is_due AND value_after <> value_before)
    ORDER BY 1, operation, lead_key, field
"""


def list_changes(connection: duckdb.DuckDBPyConnection, limit: int, **wanted: Any) -> tuple[int, list[Row]]:
    """Return how many changes there are, and the first of them, those that need a person in front.

    Args:
        connection: The tables.
        limit: How many to return.
        wanted: target, state, operation, field, and blocked and to_review as truth values; None for any.
    """
    given = {name: wanted.get(name) for name in ("target", "state", "operation", "field", "blocked", "to_review")}
    found = rows(connection, f"SELECT *, COUNT(*) OVER () AS number FROM ({LIST}) LIMIT {int(limit)}", **given)
    return (found[0]["number"] if found else 0), found


def counts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return how many changes there are by target, operation, state and whether they may be sent."""
    return rows(connection, COUNTS)


def changes_of(connection: duckdb.DuckDBPyConnection, lead_key: str) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the changes of a lead, the fields that people own, and what was ever said of its changes.

    Raises:
        UsageError: There is nothing of the three.
    """
    found = rows(connection, "SELECT * FROM outbox.change WHERE lead_key = ? ORDER BY field", lead_key)
    owned = rows(connection, "SELECT * FROM outbox.human_edit WHERE lead_key = ? ORDER BY field", lead_key)
    events = rows(connection, EVENTS, lead_key)
    if not (found or owned or events):
        raise UsageError(f"nothing is to be changed of {lead_key}", "", "See: leads outbox list")
    return found, owned, events


def differences(connection: duckdb.DuckDBPyConnection, catalog: str, before: str, after: str) -> list[Row]:
    """Return what one environment would send and another would not, lead by lead.

    Args:
        connection: The warehouse.
        catalog: Its catalog.
        before: An environment, as a rule prod.
        after: The one that is held against it.

    Raises:
        UsageError: One of the two is unknown.
    """
    tables = {}
    for role, name in (("before", before), ("after", after)):
        schema = schemas_in(connection, catalog, name, "outbox", ("change",))["change"]
        tables[role] = f'{catalog}."{schema}".change'
    return rows(connection, DIFFERENCE.format(**tables))


def release_of(
    connection: duckdb.DuckDBPyConnection, target: str, lead_key: str, field: str, by: str, why: str
) -> OutboxEvent:
    """Return the event by which a field no longer belongs to people, or a lead that they deleted may be made again.

    Raises:
        UsageError: It does not belong to them.
    """
    owned = rows(
        connection,
        "SELECT field FROM outbox.human_edit WHERE target = ? AND lead_key = ? AND is_owned ORDER BY field",
        target, lead_key,
    )  # fmt: skip
    names = {row["field"].lower(): row["field"] for row in owned}
    is_made = field == WHOLE and rows(
        connection,
        "SELECT 1 FROM outbox.change "
        "WHERE target = ? AND lead_key = ? AND operation = 'create' AND NOT old_value IS NULL",
        target, lead_key,
    )  # fmt: skip
    if field.lower() not in names and not is_made:
        hint = f"They own {', '.join(names.values())}." if names else "They own none of its fields."
        raise UsageError(f"the field {field} of {lead_key} does not belong to people", "", hint)
    name = names.get(field.lower(), field)
    return OutboxEvent(_key_of(connection, target, lead_key, name), RELEASED, target, lead_key, name, by, message=why)


def approvals(
    connection: duckdb.DuckDBPyConnection, target: str, what: str, by: str, why: str
) -> Iterator[OutboxEvent]:
    """Return the events by which all that is too much at once may be sent: of each change one.

    What turns up later is not among them.

    Args:
        connection: The published copy.
        target: System that it is for.
        what: creates or updates.
        by: Who lets it pass.
        why: Why.
    """
    query = (
        "SELECT outbox_key, lead_key, field FROM outbox.change "
        "WHERE target = ? AND operation = ? AND is_over_limit ORDER BY lead_key, field"
    )
    for row in rows(connection, query, target, OPERATIONS[what]):
        yield OutboxEvent(row["outbox_key"], APPROVED, target, row["lead_key"], row["field"], by, message=why)


def withdrawal_of(
    connection: duckdb.DuckDBPyConnection, target: str, lead_key: str, field: str, by: str, why: str
) -> OutboxEvent:
    """Return the event by which a change is never sent.

    Raises:
        UsageError: There is no such change, or it was sent already.
    """
    found = rows(
        connection, "SELECT * FROM outbox.change WHERE target = ? AND lead_key = ? ORDER BY field", target, lead_key
    )
    row = next((row for row in found if row["field"].lower() == field.lower()), None)
    if row is None:
        hint = f"There is {', '.join(other['field'] for other in found)}." if found else "See: leads outbox list"
        raise UsageError(f"nothing is to be sent as {field} of {lead_key}", "", hint)
    if row["state"] not in ("pending", "rejected", "conflict"):
        raise UsageError(f"the change is {row['state']}", f"{lead_key} {field}", "Correct it in the system itself.")
    return OutboxEvent(row["outbox_key"], WITHDRAWN, target, lead_key, row["field"], by, message=why)


def _key_of(connection: duckdb.DuckDBPyConnection, target: str, lead_key: str, field: str) -> str:
    """Return the key of the change of a field, or one of its own where nothing is to be changed at present."""
    query = "SELECT outbox_key FROM outbox.change WHERE target = ? AND lead_key = ? AND field = ?"
    found = rows(connection, query, target, lead_key, field)
    text = f"{target}|{lead_key}|{field}"
    return str(found[0]["outbox_key"]) if found else hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
