"""The changes of outbox.change for those who send them: what may be sent now, and what was begun and never answered.

A change may be sent where the model says so and nobody has said anything of it since: what senders and people did after
the last run lies in landing or in bronze, and is held against the published copy here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime

import duckdb
import pyarrow as pa

from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.ledger import APPROVED, CLAIMED, HEADER, RELEASED, SOURCE, landed, without_guard
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import exactly
from lead_enrichment.warehouse.reading import Row, production, rows

# The field of a change that is about the record as a whole: a create, or a merge.
WHOLE = "*"
CREATE, UPDATE, MERGE = "create", "update", "merge"
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class OutboxChange:
    """A row of outbox.change, the columns that a sender needs.

    Args:
        outbox_key: Its key: the same change always has the same.
        target: System that it is for.
        operation: create, update or merge.
        lead_key: Lead that it is about: the Salesforce lead; of a create the lead of a state.
        external_id: Of a create the value of the external id (Lead_Enrichment_Key__c) by which it is upserted, so that
            a second attempt finds the first. NULL for others: an upsert by it would create them.
        salesforce_id: Of an update the id of the record.
        field: Field of the system by its API name; WHOLE for a create.
        old_value: Value that the last extract shows; None where it is blank.
        new_value: Value to send; of a create a JSON object of field and value.
        base_version_key: Version of the lead that the change was computed from.
        base_modified_at: LastModifiedDate of the record in that version: where the record was changed later, the
            change must not be sent.
        reason: Why, in words.
        state: As in outbox.change.
        batch_id: Batch of the last claim.
    """

    outbox_key: str
    target: str
    operation: str
    lead_key: str
    external_id: str | None
    salesforce_id: str | None
    field: str
    old_value: str | None
    new_value: str | None
    base_version_key: str | None
    base_modified_at: datetime | None
    reason: str
    state: str
    batch_id: str | None

    @property
    def values(self) -> dict[str, str]:
        """What to send: values by the API name of the field."""
        if self.field == WHOLE:
            return {str(name): str(value) for name, value in json.loads(self.new_value or "{}").items()}
        return {self.field: self.new_value or ""}


@dataclass(frozen=True)
class OutboxClaim:
    """A change that a sender claimed and that nobody has answered since: it may have been sent, or not.

    Args:
        outbox_key: Key of the change.
        lead_key: Its lead.
        field: Its field.
        value: Value that may have been sent, as in `OutboxChange.new_value`.
        salesforce_id: Id of the record, where the claim names it.
        acted_at: When it was claimed.
    """

    outbox_key: str
    lead_key: str
    field: str
    value: str | None
    salesforce_id: str | None
    acted_at: datetime


COLUMNS = tuple(item.name for item in fields(OutboxChange))
# Events of files that were taken in since the last run.
TAKEN_IN = f"""
    INSERT INTO temp.since
    SELECT {", ".join(HEADER)} FROM READ_PARQUET(?, union_by_name = TRUE)
    WHERE file_id NOT IN (SELECT file_id FROM staging.stg_acknowledgement)
"""
# What somebody did since the last run counts for the field, whichever value it was about. What people allow is allowed
# by the models only.
CLAIMABLE = f"""
    CREATE OR REPLACE TEMP TABLE claimable AS
    SELECT c.outbox_key FROM outbox.change AS c
    WHERE c.target = $target AND c.is_claimable
        AND NOT EXISTS (
            SELECT 1 FROM temp.since AS s
            WHERE s.target = c.target AND s.lead_key = c.lead_key
                AND (s.field = c.field OR s.field = '{WHOLE}') AND s.event NOT IN ('{APPROVED}', '{RELEASED}')
        )
    ORDER BY c.operation, c.lead_key, c.field
"""
# The keys alone are sorted: to sort whole rows takes 150 MB for 100,000 of them.
PAGE = f"""
    SELECT {", ".join(f"c.{name}" for name in COLUMNS)}
    FROM (SELECT rowid AS place, outbox_key FROM temp.claimable WHERE rowid BETWEEN ? AND ?) AS k
    INNER JOIN outbox.change AS c ON c.outbox_key = k.outbox_key
    ORDER BY k.place
"""
# Of equal times the one that was read last: an answer is written after its claim.
UNANSWERED = f"""
    WITH said AS (
        SELECT
            outbox_key, event, target, lead_key, field, value, salesforce_id, batch_id, acted_at,
            received_at AS read_at, row_number
        FROM staging.stg_acknowledgement WHERE problem IS NULL
        UNION ALL
        SELECT
            outbox_key, event, target, lead_key, field, value, salesforce_id, batch_id, acted_at::TIMESTAMPTZ,
            'infinity'::TIMESTAMPTZ AS read_at, rowid AS row_number
        FROM temp.since
    )
    SELECT outbox_key, lead_key, field, value, salesforce_id, batch_id, acted_at FROM said
    WHERE target = $target AND event NOT IN ('{APPROVED}', '{RELEASED}')
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY outbox_key ORDER BY acted_at DESC, event = '{CLAIMED}', read_at DESC, row_number DESC
    ) = 1 AND event = '{CLAIMED}'
    ORDER BY batch_id, lead_key, field
"""


class Outbox:
    """The outbox as it is now: the published copy of production, and what was said since.

    Args:
        connection: The published copy, opened for reading.
        paths: The data directory.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> None:
        self._connection = connection
        columns = ", ".join(f"{name} TEXT" for name in HEADER)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE since ({columns})")
        # Landing before bronze: a file that is taken in between is then read in bronze. One read twice does no harm.
        lying = [tuple(without_guard(row[name]) or None for name in HEADER) for row in landed(paths)]
        if lying:
            columns_of_text = [pa.array(column, pa.string()) for column in zip(*lying, strict=True)]
            connection.register("lying", pa.table(columns_of_text, names=list(HEADER)))
            connection.execute("INSERT INTO temp.since FROM lying")
            connection.unregister("lying")
        if any((paths.bronze / SOURCE).glob("*/*.parquet")):
            connection.execute(TAKEN_IN, [exactly(paths.bronze / SOURCE, "*", "*.parquet")])

    def claimable(self, target: str) -> Iterator[OutboxChange]:
        """Return what may be sent to a target now: creates first, and of one lead its fields together.

        They are as of the beginning, and a few thousand of them in memory at a time; other questions may be asked in
        between, but not this one again.
        """
        self._connection.execute(CLAIMABLE, {"target": target})
        first = 0
        while found := self._connection.execute(PAGE, [first, first + ROWS_AT_ONCE - 1]).fetchall():
            yield from (OutboxChange(*row) for row in found)
            first += ROWS_AT_ONCE

    def counts(self, target: str) -> list[Row]:
        """Return how many changes of a target are in each operation and state, and why those that are blocked are."""
        return rows(
            self._connection,
            "SELECT operation, state, blocked_reason, COUNT(*) AS changes, COUNT(DISTINCT lead_key) AS leads "
            "FROM outbox.change WHERE target = $target GROUP BY ALL ORDER BY ALL",
            target=target,
        )

    def unanswered(self, target: str) -> dict[str, list[OutboxClaim]]:
        """Return by batch what was claimed and never answered: a sender broke off, or waits for the system.

        A sender asks the system what became of each, and submits an answer: accepted, rejected, conflict, or abandoned
        where nothing was sent.
        """
        found: dict[str, list[OutboxClaim]] = {}
        for row in rows(self._connection, UNANSWERED, target=target):
            claim = OutboxClaim(*(row[item.name] for item in fields(OutboxClaim)))
            found.setdefault(row["batch_id"] or "", []).append(claim)
        return found


@contextmanager
def open_outbox(paths: DataPaths) -> Iterator[Outbox]:
    """Open the outbox of production for senders; other environments have none.

    Raises:
        UsageError: There is no production yet, or it was planned before it had an outbox.
    """
    with production(paths) as connection:
        yield Outbox(connection, paths)


def refuse_other_environments(name: str | None) -> None:
    """Let nothing be sent that an environment other than production says.

    Raises:
        UsageError: `name` is another one.
    """
    if name not in (None, "prod"):
        raise UsageError(
            f"changes of {name} are never sent", name or "", "Promote it first: sqlmesh plan; then send from prod."
        )
