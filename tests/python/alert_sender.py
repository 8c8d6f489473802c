"""Sends alerts in processes of their own that are killed in the middle; test_alerts.py starts it, see kills.py."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apprise

from kills import answer_lines, deadly
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.alert_settings import AlertSettings, LadderStep
from lead_enrichment.quality.alerts import send_by_apprise, send_due

SETTINGS = AlertSettings(
    {"hook": "TEST_ALERT_HOOK", "mail": "TEST_ALERT_MAIL"},
    {"default": ("hook", "mail")},
    {severity: (LadderStep(timedelta(), ("owner",)),) for severity in ("critical", "error", "warning", "info")},
    tries=1_000,
    first_wait=timedelta(),
)
OPENED = datetime(2026, 11, 2, 8, tzinfo=UTC)


def incident(number: int, **changes: Any) -> dict[str, Any]:
    """An incident as quality.incident has it."""
    return {
        "incident_key": f"{number:012x}", "state": "open", "severity": "error", "kind": "rule",
        "name": f"rule_{number}",
        "object_name": "staging.s", "source_key": "texas", "owner": "data_steward", "cause": f"rule {number} fails",
        "remedy": "mend it", "file_id": "f", "affected_leads": 3, "affected_models": "facts.f",
        "first_seen_at": OPENED, "last_seen_at": OPENED, "opened_at": OPENED, "resolved_at": None, "handled_by": None,
        "snoozed_until": None, "muted_by": None, "mutes": 0, "muted_keys": "", **changes,
    }  # fmt: skip


def send_and_die(paths: DataPaths, count: int, seed: int) -> None:
    """Send what is due, and die at a message: between its claim and the sending, or before its end is written."""
    incidents = [incident(number) for number in range(count)]
    send = send_by_apprise if seed < 0 else deadly(send_by_apprise, seed)
    send_due(paths, incidents, SETTINGS, lambda: datetime.now(UTC), send)


if __name__ == "__main__":
    # Apprise imports its hundred plugins at the first address.
    apprise.Apprise().add("json://127.0.0.1/")
    data, messages = DataPaths(Path(sys.argv[1])), int(sys.argv[2])
    answer_lines(lambda seed: send_and_die(data, messages, seed))
