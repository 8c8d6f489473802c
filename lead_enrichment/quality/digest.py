"""The digest: once a month the scorecard, as a table and a picture, for those who answer for the data.

It is claimed and completed in the ledger of alerts, under a key made of month and channel: see alerts.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from lead_enrichment.charts import charts, save_chart
from lead_enrichment.claims import CLAIMED, FAILED, REVIVED, SENT
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.alert_settings import AlertSettings
from lead_enrichment.quality.alerts import only_sender, send_by_apprise
from lead_enrichment.warehouse.reading import Row, rows
from lead_enrichment.wording import counted

MONTHS_SHOWN = 12
ALL = "all"
SCORES = """
    SELECT month, source_key, dimension, leads, score, change FROM quality.scorecard
    WHERE owner = $all AND month <= $month AND month > $month - TO_MONTHS($months)
    ORDER BY month, source_key, dimension
"""
OPEN = (
    "SELECT severity, COUNT(*) AS incidents FROM quality.incident WHERE state = 'open' AND muted_by IS NULL GROUP BY 1"
)

Send = Callable[[str, str, str, Path], str | None]


@dataclass(frozen=True)
class Digest:
    """The scorecard of a month.

    Args:
        month: Its first day.
        scores: Rows of quality.scorecard over all owners, of the month and those before it, oldest first.
        open_incidents: How many are open now, by severity, without those that others explain.
    """

    month: date
    scores: tuple[Row, ...]
    open_incidents: dict[str, int]

    @property
    def title(self) -> str:
        """The subject."""
        return f"Data quality in {self.month:%B %Y}"

    @property
    def current(self) -> list[Row]:
        """The rows of the month itself."""
        return [row for row in self.scores if row["month"] == self.month]

    @property
    def body(self) -> str:
        """The text in Markdown: a row for each source, with its score, the change, and its weakest dimension."""
        lines = ["| Source | Leads | Score | Change | Weakest |", "| --- | ---: | ---: | ---: | --- |"]
        for row in self.current:
            if row["dimension"] != ALL:
                continue
            parts = [
                other
                for other in self.current
                if other["source_key"] == row["source_key"] and other["dimension"] != ALL and other["score"] is not None
            ]
            weakest = min(parts, key=lambda other: other["score"], default=None)
            told = (
                "" if weakest is None or weakest["score"] == 100 else f"{weakest['dimension']} {weakest['score']:.1f}"
            )
            lines.append(
                f"| {row['source_key']} | {row['leads']:,} | {_number(row['score'], '.1f')} "
                f"| {_number(row['change'], '+.1f')} | {told} |"
            )
        count = sum(self.open_incidents.values())
        by_severity = ", ".join(
            f"{self.open_incidents[name]:,} {name}"
            for name in ("critical", "error", "warning", "info")
            if name in self.open_incidents
        )
        told = f"{counted(count, 'incident')} open now{f': {by_severity}' if by_severity else ''}."
        return "\n".join([*lines, "", f"{told} See: `leads incidents`, `leads quality rules --failing`.", ""])


@dataclass(frozen=True)
class DigestOutcome:
    """What became of the digest for a channel: sent, or why not."""

    alert_key: str
    channel: str
    problem: str | None


@dataclass(frozen=True)
class UnsentDigest:
    """A digest that a channel should have and has not.

    Args:
        month: The first day of its month.
        failures: How often it could not be sent.
        is_given_up: Whether it is tried no more.
    """

    month: date
    channel: str
    failures: int
    is_given_up: bool


def month_before(now: datetime) -> date:
    """Return the first day of the month that was over last."""
    first = now.date().replace(day=1)
    return first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)


def read_digest(connection: duckdb.DuckDBPyConnection, month: date) -> Digest:
    """Return the digest of a month, whose `current` is empty where no delivery came in it."""
    scores = rows(connection, SCORES, all=ALL, month=month, months=MONTHS_SHOWN)
    open_incidents = {row["severity"]: row["incidents"] for row in rows(connection, OPEN)}
    return Digest(month, tuple(scores), open_incidents)


def draw(digest: Digest, path: Path) -> None:
    """Draw the scorecard as a picture: the dimensions of each source, and how its score went month by month."""
    alt = charts()
    current = [
        {"source": row["source_key"], "dimension": row["dimension"], "score": row["score"]}
        for row in digest.current
        if row["score"] is not None
    ]
    past = [
        {"month": f"{row['month']:%Y-%m}", "source": row["source_key"], "score": row["score"]}
        for row in digest.scores
        if row["dimension"] == ALL and row["score"] is not None
    ]
    order = [ALL, *sorted({row["dimension"] for row in current} - {ALL})]
    base = alt.Chart(alt.Data(values=current)).encode(
        x=alt.X("dimension:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("source:N", title=None),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "score:Q", legend=None, scale=alt.Scale(domain=[50, 75, 100], range=["#c65d4b", "#f2e3b3", "#3f8f6b"])
        )
    )
    numbers = base.mark_text(fontSize=13).encode(text=alt.Text("score:Q", format=".1f"), color=alt.value("#222222"))
    lines = (
        alt.Chart(alt.Data(values=past))
        .mark_line(point=True)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("score:Q", title="score", scale=alt.Scale(zero=False)),
            color=alt.Color("source:N", title=None),
        )
        .properties(width=620, height=180)
    )
    table = (cells + numbers).properties(width=620, height=alt.Step(36))
    save_chart(alt.vconcat(table, lines, title=f"{digest.title}, score from 0 to 100"), path)


def send_digest(
    paths: DataPaths,
    digest: Digest,
    settings: AlertSettings,
    clock: Callable[[], datetime],
    send: Send | None = None,
    revive: bool = False,
) -> list[DigestOutcome]:
    """Send a digest to each channel that has not got it, and return what became of it; nothing where nothing is due.

    Args:
        paths: The data directory, whose ledger holds what was sent.
        digest: What to send.
        settings: alerts.yaml.
        clock: Tells the time.
        send: Sends to an address: title, text and picture; returns the problem, or None.
        revive: Try again what was given up.

    Raises:
        UsageError: Another process sends.
    """
    deliver = send or _by_apprise
    outcomes: list[DigestOutcome] = []
    with only_sender(paths), TemporaryDirectory() as folder:
        ledger, picture = Ledger(paths.bronze), Path(folder, f"data_quality_{digest.month:%Y-%m}.png")
        events = ledger.alert_events()
        for channel in settings.digest:
            key = _key(digest.month, channel)
            own = [event for event in events if event["alert_key"] == key]
            if revive and _is_given_up(own, settings):
                ledger.append_alert_events([_event(key, channel, REVIVED, clock(), None)])
                own = []
            if not _is_due(own, settings, clock()):
                continue
            address = settings.address(channel)
            if address is None:
                outcomes.append(DigestOutcome(key, channel, f"{settings.channels[channel]} is not set"))
                continue
            if not picture.exists():
                draw(digest, picture)
            ledger.append_alert_events([_event(key, channel, CLAIMED, clock(), None)])
            fault = deliver(address, f"{digest.title} [{key}]", digest.body, picture)
            ledger.append_alert_events([_event(key, channel, FAILED if fault else SENT, clock(), fault)])
            outcomes.append(DigestOutcome(key, channel, fault))
    return outcomes


def unsent_digests(paths: DataPaths, digest: Digest, settings: AlertSettings) -> list[UnsentDigest]:
    """Return what channels should have and have not, the oldest first.

    That is the digest itself, from the day on which its month is over, and those of the months before it that were
    tried in vain: an older one that nobody ever tried to send is from a time before the digest.

    Args:
        paths: The data directory, whose ledger holds what was sent.
        digest: That of the month which is over, with the months before it.
        settings: alerts.yaml.
    """
    events = Ledger(paths.bronze).alert_events()
    found = []
    for month in sorted({row["month"] for row in digest.scores}):
        for channel in settings.digest:
            own = [event for event in events if event["alert_key"] == _key(month, channel)]
            failed = _failures(own)
            if failed is not None and (own or month == digest.month):
                found.append(UnsentDigest(month, channel, len(failed), _is_given_up(own, settings)))
    return found


def _failures(events: Sequence[dict[str, Any]]) -> list[datetime] | None:
    """Return when a digest could not be sent since it was tried anew; None where it was sent."""
    failed: list[datetime] = []
    for event in events:
        if event["event"] == SENT:
            return None
        if event["event"] == REVIVED:
            failed = []
        elif event["event"] == FAILED:
            failed.append(event["happened_at"])
    return failed


def _is_given_up(events: Sequence[dict[str, Any]], settings: AlertSettings) -> bool:
    failed = _failures(events)
    return failed is not None and len(failed) >= settings.tries


def _is_due(events: Sequence[dict[str, Any]], settings: AlertSettings, now: datetime) -> bool:
    """Whether a channel is to get a digest now: it has not, it is not given up, and the last try is long enough ago."""
    failed = _failures(events)
    if failed is None or len(failed) >= settings.tries:
        return False
    return not failed or now >= failed[-1] + settings.wait_after(len(failed))


def _key(month: date, channel: str) -> str:
    return hashlib.sha256(f"digest|{month:%Y-%m}|{channel}".encode()).hexdigest()[:16]


def _event(key: str, channel: str, event: str, now: datetime, problem: str | None) -> dict[str, Any]:
    return {
        "alert_key": key, "incident_key": None, "severity": None, "step": 0, "channel": channel, "event": event,
        "problem": problem, "happened_at": now,
    }  # fmt: skip


def _by_apprise(address: str, title: str, body: str, picture: Path) -> str | None:
    return send_by_apprise(address, title, body, "info", "markdown", [picture])


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
