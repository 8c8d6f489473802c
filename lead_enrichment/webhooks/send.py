"""Sending webhooks: what is due for each target, by the ledger bronze.webhook_event; see claims.py."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lead_enrichment.claims import CLAIMED, FAILED, NOTICED, REVIVED, SENT, only_sender_by
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.webhooks.call import GONE, CallResult, call_webhook
from lead_enrichment.webhooks.events import (
    TEST,
    TYPES,
    WebhookMessage,
    first_day,
    has_events,
    noticed,
    open_messages,
)
from lead_enrichment.webhooks.webhook_settings import WebhookTarget

BEGAN, DISABLED, ENABLED = "began", "disabled", "enabled"
# After which failure how long: 10 attempts in all, as the standard proposes.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
TRIES = len(WAITS) + 1
# A receiver that fails so often in a row is left alone until the next run.
FAILURES_IN_A_ROW = 3
# What is due so soon is waited for: cron comes every minute at best.
SOON = timedelta(seconds=6)
# More than these need not be known: `leads status` counts them.
COUNTED = 100_000

Call = Callable[[WebhookTarget, str, str, datetime], CallResult]
Clock = Callable[[], datetime]


@dataclass
class TargetLedger:
    """What the ledger holds of a target.

    Args:
        since: By type the day from which on events count.
        done: Ids of messages that were sent, or were there when the target began.
        failures: Of each message that failed since it was last revived, when.
        disabled_at: Since when the target is disabled.
        held_until: Before which the receiver asked not to be called.
    """

    since: dict[str, date] = field(default_factory=dict)
    done: pa.ChunkedArray = field(default_factory=lambda: pa.chunked_array([], pa.string()))
    failures: dict[str, list[datetime]] = field(default_factory=dict)
    disabled_at: datetime | None = None
    held_until: datetime | None = None

    def due_at(self, message: WebhookMessage) -> datetime | None:
        """Return from when on a message may be sent; None where it is given up."""
        failed = self.failures.get(message.message_id, [])
        if len(failed) >= TRIES:
            return None
        return failed[-1] + WAITS[len(failed) - 1] if failed else datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class WebhookOutcome:
    """What became of a message to a target."""

    target: str
    message: WebhookMessage
    result: CallResult


@dataclass(frozen=True)
class UnsentWebhooks:
    """What a target should have and has not.

    Args:
        target: The target.
        waiting: Messages that are to be sent.
        given_up: Messages that are tried no more.
        problem: Why nothing goes out at all; None where it does.
    """

    target: str
    waiting: int
    given_up: int
    problem: str | None


@contextmanager
def only_webhook_sender(paths: DataPaths) -> Iterator[None]:
    """Be the only process that sends webhooks of a data directory.

    Raises:
        UsageError: Another one sends.
    """
    with only_sender_by(paths.root / ".webhook.lock", "leads webhooks", "Its messages are on their way."):
        yield


def read_ledger(paths: DataPaths, target: str) -> TargetLedger:
    """Return what the ledger holds of a target."""
    rows = Ledger(paths.bronze).webhook_events()
    rows = rows.filter(pc.equal(rows["target"], target))
    is_done = pc.is_in(rows["event"], value_set=_texts((SENT, NOTICED)))
    found = TargetLedger(done=rows.filter(is_done)["message_id"])
    # What was only claimed, or is done, decides nothing here.
    rest = rows.filter(pc.is_in(rows["event"], value_set=_texts((BEGAN, FAILED, REVIVED, DISABLED, ENABLED))))
    for row in rest.sort_by("happened_at").to_pylist():
        event, at = row["event"], row["happened_at"]
        if event == BEGAN:
            found.since.setdefault(row["event_type"], row["since"])
        elif event == FAILED:
            found.failures.setdefault(row["message_id"], []).append(at)
            found.held_until = row["retry_at"] or found.held_until
        elif event == REVIVED:
            found.failures.pop(row["message_id"], None)
        elif event == DISABLED:
            found.disabled_at = at
        else:
            found.disabled_at = found.held_until = None
    return found


def _texts(values: Sequence[str]) -> pa.Array:
    return pa.array(values, pa.string())


def begin(paths: DataPaths, connection: duckdb.DuckDBPyConnection, target: WebhookTarget, clock: Clock) -> TargetLedger:
    """Return what the ledger holds of a target; one that is new hears of what happens from now on.

    What the models tell already is noted as such, of leads that of the newest day: earlier days stay as they are.
    """
    known = read_ledger(paths, target.name)
    entries, there = [], []
    for kind in target.events:
        if kind in known.since or not has_events(connection, kind):
            continue
        now, since = clock(), first_day(connection, kind)
        found = noticed(connection, kind, since)
        shared = {"target": target.name, "event_type": kind, "event": NOTICED, "happened_at": now}
        for name, value in shared.items():
            is_text = isinstance(value, str)
            kept = pa.scalar(value, pa.string() if is_text else pa.timestamp("us", tz="UTC"))
            found = found.append_column(name, pa.repeat(kept, found.num_rows))
        there.append(found)
        entries.append({**_row(target, BEGAN, now), "event_type": kind, "since": since})
    if not entries:
        return known
    # One file: a target whose begin is killed has begun, or begins anew.
    Ledger(paths.bronze).append_webhook_events(entries, there)
    return read_ledger(paths, target.name)


def pending(
    connection: duckdb.DuckDBPyConnection, target: WebhookTarget, known: TargetLedger, most: int
) -> list[WebhookMessage]:
    """Return the messages that a target should have and has not, the oldest first; given-up ones are among them."""
    found = [
        message
        for kind in TYPES
        if kind in target.events and kind in known.since and has_events(connection, kind)
        for message in open_messages(connection, kind, known.since[kind], known.done, most)
    ]
    return sorted(found, key=lambda message: (message.occurred_at, message.subject, message.message_id))


def send_webhooks(
    paths: DataPaths,
    connection: duckdb.DuckDBPyConnection,
    targets: Sequence[WebhookTarget],
    clock: Clock,
    call: Call = call_webhook,
    wait: Callable[[float], None] = time.sleep,
    revive: bool = False,
) -> list[WebhookOutcome]:
    """Send what is due to each target, and return what became of it.

    Args:
        paths: The data directory, whose ledger holds what was sent.
        connection: Production.
        targets: Those of webhooks.yaml.
        clock: Tells the time.
        call: Sends a message.
        wait: Waits so many seconds, for what is due soon.
        revive: Try again what was given up.

    Raises:
        UsageError: Another process sends.
    """
    outcomes: list[WebhookOutcome] = []
    with only_webhook_sender(paths):
        for target in targets:
            known = begin(paths, connection, target, clock)
            if target.fault or known.disabled_at:
                continue
            # Reading past what was given up: it must not stand in the way of what is new.
            most = target.most_per_run + sum(len(failed) >= TRIES for failed in known.failures.values())
            left = pending(connection, target, known, most)
            if revive:
                dead = [message for message in left if known.due_at(message) is None]
                Ledger(paths.bronze).append_webhook_events(
                    [_row(target, REVIVED, clock(), message) for message in dead]
                )
                for message in dead:
                    known.failures.pop(message.message_id)
            outcomes += _send_to(paths, target, known, left, clock, call, wait)
    return outcomes


def _send_to(
    paths: DataPaths, target: WebhookTarget, known: TargetLedger, left: list[WebhookMessage], clock: Clock, call: Call,
    wait: Callable[[float], None],
) -> list[WebhookOutcome]:  # fmt: skip
    """Send messages to one target, in order, until it asks not to be called, or fails too often."""
    outcomes: list[WebhookOutcome] = []
    ledger, in_a_row = Ledger(paths.bronze), 0
    ends: list[dict[str, Any]] = []
    queue = left
    while queue:
        later = []
        try:
            for message in queue:
                due, now = known.due_at(message), clock()
                if due is None:
                    continue
                if due > now:
                    later.append(message)
                    continue
                is_held = known.held_until is not None and known.held_until > now
                if is_held or in_a_row >= FAILURES_IN_A_ROW or len(outcomes) >= target.most_per_run:
                    return outcomes
                # The end of one message and the claim of the next are one file, and so one commit.
                ledger.append_webhook_events([*ends, _row(target, CLAIMED, now, message)])
                ends = []
                result = call(target, message.message_id, message.body, now)
                ends.append(_row(target, FAILED if result.problem else SENT, clock(), message, result))
                outcomes.append(WebhookOutcome(target.name, message, result))
                in_a_row = in_a_row + 1 if result.problem else 0
                if result.status == GONE:
                    ends.append({**_row(target, DISABLED, clock()), "status": GONE})
                    return outcomes
                if result.problem:
                    known.failures.setdefault(message.message_id, []).append(ends[-1]["happened_at"])
                    known.held_until = result.retry_at or known.held_until
                    later.append(message)
        finally:
            ledger.append_webhook_events(ends)
            ends = []
        times = [due for message in later if (due := known.due_at(message))]
        if not times:
            break
        soonest = max(min(times), known.held_until or min(times))
        if soonest - clock() > SOON:
            break
        wait(max((soonest - clock()).total_seconds(), 0.0))
        queue, in_a_row = later, 0
    return outcomes


def send_test(target: WebhookTarget, clock: Clock, call: Call = call_webhook) -> CallResult:
    """Send a message of the type `test` to a target; no ledger holds it.

    Raises:
        UsageError: Its address or secret is not set, or none.
    """
    if target.fault:
        raise UsageError(target.fault, f"targets.{target.name}", "Set it right, where the command runs.")
    message = WebhookMessage(f"msg_test_{uuid.uuid4().hex}", TEST, "", clock(), {"target": target.name})
    return call(target, message.message_id, message.body, clock())


def enable(paths: DataPaths, target: WebhookTarget, clock: Clock) -> bool:
    """Let a target be called again that was disabled, and return whether it was.

    Raises:
        UsageError: Another process sends.
    """
    with only_webhook_sender(paths):
        if read_ledger(paths, target.name).disabled_at is None:
            return False
        Ledger(paths.bronze).append_webhook_events([_row(target, ENABLED, clock())])
        return True


def unsent_webhooks(
    paths: DataPaths, connection: duckdb.DuckDBPyConnection, targets: Sequence[WebhookTarget], now: datetime
) -> list[UnsentWebhooks]:
    """Return what targets should have and have not."""
    found = []
    for target in targets:
        known = read_ledger(paths, target.name)
        left = pending(connection, target, known, COUNTED)
        dead = sum(known.due_at(message) is None for message in left)
        problem = None
        if target.fault:
            problem = target.fault
        elif known.disabled_at:
            problem = (
                f"it said on {known.disabled_at:%Y-%m-%d} that it is gone (410): leads webhooks enable {target.name}"
            )
        elif known.held_until and known.held_until > now:
            problem = f"it asked not to be called before {known.held_until:%Y-%m-%d %H:%M} UTC"
        found.append(UnsentWebhooks(target.name, len(left) - dead, dead, problem))
    return [item for item in found if item.waiting or item.given_up or item.problem]


def _row(
    target: WebhookTarget, event: str, now: datetime, message: WebhookMessage | None = None,
    result: CallResult | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "message_id": message.message_id if message else "", "target": target.name,
        "event_type": message.type if message else "", "subject": message.subject if message else "", "event": event,
        "status": result.status if result else None, "problem": result.problem if result else None,
        "retry_at": result.retry_at if result else None, "since": None, "happened_at": now,
    }  # fmt: skip
