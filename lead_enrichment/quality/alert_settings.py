"""alerts.yaml: who is told of incidents, after how long, and through what."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lead_enrichment.errors import UsageError
from lead_enrichment.settings_file import read_yaml, schema_faults

FILE = Path("alerts.yaml")
OWNER, DEFAULT = "owner", "default"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
REMEDY = "See docs/quality.md, and check it with: leads alert test"


@dataclass(frozen=True)
class LadderStep:
    """One step of a ladder: after how long the channels are told; `owner` stands for those of the owner."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True)
class QuietHours:
    """Hours in which only some severities are told."""

    begin: time
    end: time
    time_zone: ZoneInfo
    exempt: frozenset[str]

    def hold_back(self, severity: str, now: datetime) -> bool:
        """Whether a message of a severity has to wait at a time."""
        local = now.astimezone(self.time_zone).time()
        begun, over = local >= self.begin, local >= self.end
        is_quiet = begun and not over if self.begin <= self.end else begun or not over
        return is_quiet and severity not in self.exempt


@dataclass(frozen=True)
class AlertSettings:
    """What alerts.yaml holds.

    Args:
        channels: The environment variable that holds the address of each channel.
        owners: The channels of each owner; `default` for all others.
        ladders: The steps of each severity.
        digest: The channels that get the scorecard once a month.
        tries: After so many failures a message is given up.
    """

    channels: dict[str, str]
    owners: dict[str, tuple[str, ...]]
    ladders: dict[str, tuple[LadderStep, ...]]
    quiet_hours: QuietHours | None = None
    tries: int = 6
    first_wait: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(hours=6)
    digest: tuple[str, ...] = ()

    def receivers(self, step: LadderStep, owner: str) -> tuple[str, ...]:
        """Return the channels of a step for an owner, each once."""
        own = self.owners.get(owner, self.owners[DEFAULT])
        return tuple(dict.fromkeys(name for entry in step.to for name in (own if entry == OWNER else (entry,))))

    def wait_after(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures of a message."""
        # Beyond thirty doublings the longest wait holds whatever the first was.
        wait: timedelta = min(self.first_wait * 2 ** min(failures - 1, 30), self.longest_wait)
        return wait

    def address(self, channel: str) -> str | None:
        """Return the address of a channel, which is secret; None where the environment does not hold it."""
        return os.environ.get(self.channels[channel]) or None


def read_settings(path: Path = FILE) -> AlertSettings:
    """Return what alerts.yaml holds.

    Raises:
        UsageError: It is not there, or not as it has to be; file, place and reason are named.
    """
    where = path.name
    document = read_yaml(path, REMEDY)
    for fault in faults(document):
        raise UsageError(fault, where, REMEDY)
    quiet, sending = document.get("quiet_hours"), document.get("sending", {})
    return AlertSettings(
        {name: item["address_from"] for name, item in document["channels"].items()},
        {name: tuple(channels) for name, channels in document["owners"].items()},
        {
            severity: tuple(LadderStep(_span(step["after"]), tuple(step["to"])) for step in steps)
            for severity, steps in document["ladders"].items()
        },
        None if quiet is None else _quiet(quiet, where),
        sending.get("tries", AlertSettings.tries),
        _span(sending["first_wait"]) if "first_wait" in sending else AlertSettings.first_wait,
        _span(sending["longest_wait"]) if "longest_wait" in sending else AlertSettings.longest_wait,
        tuple(document.get("digest", {}).get("to", ())),
    )


def faults(document: Any) -> list[str]:
    """Return what alert_schema.json does not allow, and which channels are told of that are none."""
    found = schema_faults(document, "lead_enrichment.quality", "alert_schema.json")
    if found:
        return found
    known = set(document["channels"])
    told = [(f"owners.{name}", channels, known) for name, channels in document["owners"].items()]
    told += [("digest.to", document["digest"]["to"], known)] if "digest" in document else []
    told += [
        (f"ladders.{severity}.{number}", step["to"], known | {OWNER})
        for severity, steps in document["ladders"].items()
        for number, step in enumerate(steps)
    ]
    return [
        f"{place}: {name} is no channel; there is {', '.join(sorted(allowed))}"
        for place, names, allowed in told
        for name in names
        if name not in allowed
    ]


def _span(text: str) -> timedelta:
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def _quiet(item: dict[str, Any], where: str) -> QuietHours:
    name = item.get("time_zone", "UTC")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        remedy = "Write it like America/Chicago."
        raise UsageError(f"quiet_hours.time_zone: {name} is no time zone", where, remedy) from error
    begin, end = (time.fromisoformat(item[key]) for key in ("from", "until"))
    return QuietHours(begin, end, zone, frozenset(item.get("except", ())))
