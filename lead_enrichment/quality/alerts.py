"""Alerts: what is due of the ladders, and sending it so that nothing is lost and nothing goes out twice.

Each message has a key: the incident, when it began, the step of the ladder, and the channel. A ledger that is only ever
appended to holds what became of it: noticed, claimed, sent, failed; see claims.py.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lead_enrichment.claims import CLAIMED, FAILED, NOTICED, REVIVED, SENT, only_sender_by
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.alert_settings import AlertSettings

# What Apprise calls the severities.
LOOKS = {"critical": "failure", "error": "failure", "warning": "warning", "info": "info"}
STATUS = re.compile(r"error[= ]+([1-5][0-9]{2})\b")

Incident = Mapping[str, Any]
Send = Callable[[str, str, str, str], str | None]


@dataclass(frozen=True)
class AlertMessage:
    """One message that a ladder asks for.

    Args:
        alert_key: By which two copies of it are told as one.
        due_at: From when on it is to be sent.
        failures: How often it could not be sent.
        is_given_up: Whether it is tried no more.
    """

    alert_key: str
    incident: Incident
    step: int
    channel: str
    due_at: datetime
    failures: int = 0
    is_given_up: bool = False

    @property
    def title(self) -> str:
        """The subject, with the key."""
        source = f" {self.incident['source_key']}" if self.incident["source_key"] else ""
        return f"{self.incident['severity'].upper()}{source}: {self.incident['name']} [{self.alert_key}]"

    @property
    def body(self) -> str:
        """The text: what is wrong, what it affects, what to do, and how to say that somebody does."""
        item = self.incident
        leads = "" if item["affected_leads"] is None else f"Leads or rows: {item['affected_leads']:,}\n"
        models = f"Built from it: {item['affected_models']}\n" if item["affected_models"] else ""
        muted = f"Explains {item['mutes']:,} more: {item['muted_keys']}\n" if item["mutes"] else ""
        return (
            f"{item['cause']}\n\n{leads}{models}{muted}Owner: {item['owner']}\nRemedy: {item['remedy']}\n\n"
            f"Incident {item['incident_key']}, since {item['opened_at']:%Y-%m-%d}; message {self.alert_key}.\n"
            f"leads incidents ack {item['incident_key']} --reason ...\n"
        )


@dataclass(frozen=True)
class AlertOutcome:
    """What became of a message: sent, or why not."""

    message: AlertMessage
    problem: str | None


@contextmanager
def only_sender(paths: DataPaths) -> Iterator[None]:
    """Be the only process that sends alerts of a data directory.

    Raises:
        UsageError: Another one sends.
    """
    with only_sender_by(paths.root / ".alert.lock", "leads alert", "Its messages are on their way."):
        yield


def needs_telling(incident: Incident, coming: Mapping[str, str]) -> bool:
    """Whether people are told of an incident: it is open, no other explains it, and nobody has begun to see to it.

    Args:
        incident: As quality.incident has it.
        coming: By incident, the action that waits for the next run.
    """
    is_handled = coming.get(incident["incident_key"]) in ("ack", "snooze", "resolve")
    return incident["state"] == "open" and not incident["muted_by"] and not is_handled


def messages(
    incidents: Sequence[Incident], events: Sequence[Mapping[str, Any]], settings: AlertSettings, now: datetime
) -> list[AlertMessage]:
    """Return the messages that are to be sent, now or later, or that are given up; those that are sent are left out.

    A ladder begins when an incident is noticed, not when its delivery came: that of an archive that is loaded came long
    ago.

    Args:
        incidents: Those of which people are told.
        events: The ledger of alerts, oldest first.
        settings: alerts.yaml.
        now: The time.
    """
    noticed: dict[str, datetime] = {}
    sent: set[str] = set()
    failures: dict[str, list[datetime]] = {}
    for event in events:
        key = event["alert_key"]
        if event["event"] == NOTICED:
            noticed.setdefault(key, event["happened_at"])
        elif event["event"] == SENT:
            sent.add(key)
        elif event["event"] == FAILED:
            failures.setdefault(key, []).append(event["happened_at"])
        elif event["event"] == REVIVED:
            failures.pop(key, None)
    found = []
    for incident in incidents:
        begun = noticed.get(episode_of(incident), now)
        for number, step in enumerate(settings.ladders[incident["severity"]], 1):
            for channel in settings.receivers(step, incident["owner"]):
                key = _key(episode_of(incident), str(number), channel)
                if key in sent:
                    continue
                failed = failures.get(key, [])
                due = begun + step.after
                if failed:
                    due = max(due, failed[-1] + settings.wait_after(len(failed)))
                found.append(
                    AlertMessage(key, incident, number, channel, due, len(failed), len(failed) >= settings.tries)
                )
    return found


def episode_of(incident: Incident) -> str:
    """Return the key of an incident since it began the last time: when it comes back, its ladder begins anew."""
    return _key(incident["incident_key"], f"{incident['opened_at'].timestamp():.6f}")


def _key(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def is_due(message: AlertMessage, settings: AlertSettings, now: datetime) -> bool:
    """Whether a message is to be sent now."""
    quiet = settings.quiet_hours
    is_held_back = quiet is not None and quiet.hold_back(message.incident["severity"], now)
    return message.due_at <= now and not message.is_given_up and not is_held_back


def send_due(
    paths: DataPaths,
    incidents: Sequence[Incident],
    settings: AlertSettings,
    clock: Callable[[], datetime],
    send: Send | None = None,
    revive: bool = False,
) -> list[AlertOutcome]:
    """Send what is due, and return what became of it.

    A channel without an address is told as a problem; that is no try.

    Args:
        paths: The data directory, whose ledger holds what was sent.
        incidents: Those of which people are told.
        settings: alerts.yaml.
        clock: Tells the time.
        send: Sends to an address: title, text and look; returns the problem, or None.
        revive: Try again what was given up.

    Raises:
        UsageError: Another process sends.
    """
    deliver = send or send_by_apprise
    with only_sender(paths):
        ledger = Ledger(paths.bronze)
        events = ledger.alert_events()
        known = {event["alert_key"] for event in events if event["event"] == NOTICED}
        fresh = [incident for incident in incidents if episode_of(incident) not in known]
        ledger.append_alert_events(
            [_row(NOTICED, episode_of(incident), incident, 0, "", clock(), None) for incident in fresh]
        )
        if revive:
            dead = [item for item in messages(incidents, events, settings, clock()) if item.is_given_up]
            ledger.append_alert_events([_of(item, REVIVED, clock(), None) for item in dead])
        if fresh or revive:
            events = ledger.alert_events()
        now = clock()
        outcomes = []
        for message in messages(incidents, events, settings, now):
            if not is_due(message, settings, now):
                continue
            address = settings.address(message.channel)
            if address is None:
                problem = f"{settings.channels[message.channel]} is not set"
                outcomes.append(AlertOutcome(message, problem))
                continue
            ledger.append_alert_events([_of(message, CLAIMED, clock(), None)])
            fault = deliver(address, message.title, message.body, LOOKS[message.incident["severity"]])
            ledger.append_alert_events([_of(message, FAILED if fault else SENT, clock(), fault)])
            outcomes.append(AlertOutcome(message, fault))
        return outcomes


def _of(message: AlertMessage, event: str, now: datetime, problem: str | None) -> dict[str, Any]:
    return _row(event, message.alert_key, message.incident, message.step, message.channel, now, problem)


def _row(
    event: str, key: str, incident: Incident, step: int, channel: str, now: datetime, problem: str | None
) -> dict[str, Any]:
    return {
        "alert_key": key, "incident_key": incident["incident_key"], "severity": incident["severity"], "step": step,
        "channel": channel, "event": event, "problem": problem, "happened_at": now,
    }  # fmt: skip


def unsent(
    paths: DataPaths, incidents: Sequence[Incident], settings: AlertSettings, now: datetime
) -> list[AlertMessage]:
    """Return the messages that should be out and are not: due, held back by quiet hours, or given up."""
    found = messages(incidents, Ledger(paths.bronze).alert_events(), settings, now)
    return [message for message in found if message.is_given_up or message.due_at <= now or message.failures]


def send_by_apprise(
    address: str, title: str, body: str, look: str, body_format: str = "text", attachments: Sequence[Path] = ()
) -> str | None:
    """Send a message to an address of Apprise, and return the problem; None where it is delivered.

    `body_format`, text or markdown, is what the body is: where it is not said, mail takes it for HTML, in which lines
    run together and a `<` of the data is no letter. A receiver that takes no files gets the message without them.

    What Apprise logs may hold the address, which is secret: of it only a status of HTTP or SMTP is kept.
    """
    import apprise

    with _listening("apprise") as lines:
        sender = apprise.Apprise()
        if not sender.add(address):
            return "its address is none that Apprise knows"
        is_sent = sender.notify(
            body=body,
            title=title,
            notify_type=apprise.NotifyType(look),
            body_format=body_format,
            attach=[*map(str, attachments)] or None,
        )
    if is_sent:
        return None
    status = STATUS.search("\n".join(lines))
    return f"the receiver answered {status[1]}" if status else "the receiver could not be reached, or refused it"


@contextmanager
def _listening(name: str) -> Iterator[list[str]]:
    """Collect what a logger logs, and let it go nowhere else."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, collector = logging.getLogger(name), Collector(logging.WARNING)
    handlers, propagates = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [collector], False
    try:
        yield lines
    finally:
        logger.handlers, logger.propagate = handlers, propagates
