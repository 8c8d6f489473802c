"""A published copy with the tables that a sender reads, and a run that brings their states up to date.

The states are those of outbox.change, as far as a sender needs them; the models themselves are tested elsewhere, and
test_salesforce_loop.py sends with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from lead_enrichment.outbox.changes import COLUMNS
from lead_enrichment.outbox.ledger import SOURCE, landed
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect

NAME = "salesforce"


def update(number: int, lead: int, field: str, value: str, **given: Any) -> dict[str, Any]:
    """A change of a field of a lead that `salesforce_org.lead` makes."""
    return {
        "outbox_key": f"{number:032x}", "target": NAME, "operation": "update", "lead_key": f"salesforce:00Q{lead:012d}",
        "salesforce_id": f"00Q{lead:012d}", "field": field, "new_value": value, "reason": "it was blank",
        "base_modified_at": "2026-10-01 08:00:00+00", "state": "pending", **given,
    }  # fmt: skip


def create(number: int, **values: str) -> dict[str, Any]:
    """A create of a lead for a facility of Texas."""
    fields = {"LastName": f"Owner {number}", "Company": f"Facility {number}", **values}
    return {
        "outbox_key": f"{number:032x}", "target": NAME, "operation": "create", "lead_key": f"texas:{number}",
        "external_id": f"texas:{number}", "field": "*", "new_value": json.dumps(fields), "reason": "it is net-new",
        "state": "pending",
    }  # fmt: skip


def publish(paths: DataPaths, changes: Iterable[Mapping[str, Any]]) -> None:
    """Put a published copy with changes in place, all of which may be sent."""
    paths.published.parent.mkdir(exist_ok=True)
    paths.published.unlink(missing_ok=True)
    with connect(str(paths.published)) as connection:
        connection.execute("CREATE SCHEMA outbox; CREATE SCHEMA staging")
        columns = ", ".join(f"{name} {'TIMESTAMPTZ' if name.endswith('_at') else 'TEXT'}" for name in COLUMNS)
        connection.execute(f"CREATE TABLE outbox.change ({columns}, is_claimable BOOLEAN, blocked_reason TEXT)")
        rows = [{name: change.get(name) for name in COLUMNS} for change in changes]
        if rows:
            connection.register(
                "given", pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in COLUMNS]))
            )
            connection.execute("INSERT INTO outbox.change SELECT *, TRUE, NULL FROM given")
            connection.unregister("given")
        connection.execute(
            "CREATE TABLE staging.stg_acknowledgement (outbox_key TEXT, event TEXT, target TEXT, lead_key TEXT, "
            "field TEXT, value TEXT, salesforce_id TEXT, batch_id TEXT, is_retryable BOOLEAN, message TEXT, "
            "acted_at TIMESTAMPTZ, problem TEXT, received_at TIMESTAMPTZ, file_id TEXT, row_number BIGINT)"
        )


def run(paths: DataPaths) -> None:
    """Take in what senders said, as a run does: what is done is not sent again, what may succeed later is."""
    said = [*landed(paths)]
    with connect(str(paths.published)) as connection:
        if said:
            connection.register("said", pa.Table.from_pylist(said))
            connection.execute(
                "INSERT INTO staging.stg_acknowledgement SELECT outbox_key, event, target, lead_key, field, value, "
                "NULLIF(salesforce_id, ''), batch_id, is_retryable = 'TRUE', message, acted_at::TIMESTAMPTZ, NULL, "
                "NOW(), 'f', ROW_NUMBER() OVER () FROM said"
            )
            connection.unregister("said")
        connection.execute(
            "UPDATE outbox.change AS c SET state = l.event, "
            "is_claimable = (l.event = 'abandoned' OR (l.event = 'rejected' AND l.is_retryable)) FROM ("
            "  SELECT * FROM staging.stg_acknowledgement QUALIFY ROW_NUMBER() OVER (PARTITION BY outbox_key "
            "  ORDER BY acted_at DESC, event = 'claimed', received_at DESC, row_number DESC) = 1) AS l "
            "WHERE l.outbox_key = c.outbox_key"
        )
    for path in (paths.landing / SOURCE).glob("*.csv"):
        path.unlink()


def states(paths: DataPaths) -> dict[str, list[str]]:
    """Return the keys of changes, as numbers, by state."""
    with connect(str(paths.published), read_only=True) as connection:
        found: dict[str, list[str]] = {}
        for key, state in connection.execute("SELECT outbox_key, state FROM outbox.change ORDER BY 1").fetchall():
            found.setdefault(state, []).append(str(int(key, 16)))
        return found
