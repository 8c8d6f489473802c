"""The ledger of the outbox: what senders and people do about changes, on its way into landing.

A file in landing is the ledger itself. It is written whole, and on the disk before `submit` returns, so that a claim
outlives a crash of the process or of the machine. The next run takes it in as every delivery.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from lead_enrichment.errors import UsageError
from lead_enrichment.lock import only_holder
from lead_enrichment.paths import DataPaths, whole
from lead_enrichment.spreadsheet import GuardedWriter

SOURCE = "acknowledgements"
CLAIMED, ACCEPTED, REJECTED, CONFLICT, ABANDONED = "claimed", "accepted", "rejected", "conflict", "abandoned"
APPROVED, RELEASED, WITHDRAWN = "approved", "released", "withdrawn"
EVENTS = (CLAIMED, ACCEPTED, REJECTED, CONFLICT, ABANDONED, APPROVED, RELEASED, WITHDRAWN)
KEY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class OutboxEvent:
    """What a sender or a person did about a change. The fields are the columns of contracts/acknowledgements.yaml.

    Args:
        outbox_key: Key of the change, as outbox.change has it.
        event: Of senders: claimed (from now on it may have been sent), accepted, rejected, conflict (the record has
            changed since the extract, and nothing was sent) or abandoned (a claim of which nothing was sent). Of
            people: approved (above a limit), released (a field that belongs to people) or withdrawn.
        target: System that it is for.
        lead_key: Lead of the change.
        field: Field of the system; * for the record as a whole.
        acted_by: Who or what did it.
        value: Value that was sent, as in `OutboxChange.new_value`.
        salesforce_id: Id of the record, once it is known.
        batch_id: Batch that it was sent in, such as the id of a Bulk API job.
        is_retryable: Of a rejection, whether the same change may succeed later.
        message: What the system answered, in its own words; of what people do, why.
        acted_at: When; now where it is left out.
    """

    outbox_key: str
    event: str
    target: str
    lead_key: str
    field: str
    acted_by: str
    value: str | None = None
    salesforce_id: str | None = None
    batch_id: str | None = None
    is_retryable: bool = False
    message: str | None = None
    acted_at: datetime | None = None


HEADER = tuple(item.name for item in fields(OutboxEvent))


@contextmanager
def only_sender(paths: DataPaths, target: str) -> Iterator[None]:
    """Hold the lock of a target, which the system frees when its holder dies: one sender at a time claims changes.

    Raises:
        UsageError: Another process holds it and does not end within LEADS_WAIT.
    """
    with only_holder(paths.root / f".outbox_{target}.lock", f"sender to {target}"):
        yield


def submit(paths: DataPaths, events: Iterable[OutboxEvent]) -> Path:
    """Write events as one file into landing, whole or not at all; it is on the disk when this returns.

    Args:
        paths: The data directory.
        events: At least one; they are written as they come, and need not be in memory together.

    Returns:
        The file.

    Raises:
        UsageError: There is none, or one is no event of the ledger; nothing is written.
    """
    folder = paths.landing / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    # Unlike in decisions, several processes may write at the same moment.
    target = folder / f"acknowledgements_{now:%Y-%m-%d_%H%M%S_%f}_{uuid4().hex[:8]}.csv"
    written = 0
    with whole(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = GuardedWriter(stream)
        writer.writerow(HEADER)
        for event in events:
            writer.writerow(_cells(event, now))
            written += 1
        if not written:
            raise UsageError("there is no event to write", SOURCE, "Give at least one.")
        stream.flush()
        os.fsync(stream.fileno())
    # The name of the file is on the disk only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return target


def _cells(event: OutboxEvent, now: datetime) -> Sequence[object]:
    if event.event not in EVENTS or not KEY.fullmatch(event.outbox_key):
        raise UsageError(f"{event.event} of {event.outbox_key} is no event", SOURCE, f"Say one of {', '.join(EVENTS)}.")
    if not (event.target and event.lead_key and event.field and event.acted_by):
        raise UsageError("an event lacks its target, lead, field or who did it", SOURCE, "Give all four.")
    *cells, acted_at = astuple(event)
    cells = ["" if cell is None else "TRUE" if cell is True else "FALSE" if cell is False else cell for cell in cells]
    return (*cells, (acted_at or now).astimezone(UTC).isoformat())


def landed(paths: DataPaths) -> Iterator[dict[str, str]]:
    """Return the events that lie in landing, oldest file first, under the columns of the contract.

    A file that is taken in meanwhile is left out: it is in bronze by then, so whoever wants all reads landing first.
    """
    for path in sorted((paths.landing / SOURCE).glob("[!.]*.csv")):
        # A pipe of this name would be waited for; what is no CSV is left to ingest.
        with suppress(OSError, csv.Error):
            if path.is_file():
                with path.open(encoding="utf-8", errors="replace", newline="") as stream:
                    for row in csv.DictReader(stream):
                        cells = {name: (row.get(name) or "").strip() for name in HEADER}
                        if KEY.fullmatch(cells["outbox_key"].lower()):
                            yield cells


def without_guard(cell: str) -> str:
    """Return a value as it was before `GuardedWriter` put an apostrophe in front; see staging.stg_acknowledgement."""
    return cell[1:] if re.match("'[=+@-]", cell) else cell
