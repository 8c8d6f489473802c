"""Sends webhooks in processes of their own that are killed in the middle; test_webhooks.py starts it, see kills.py."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from kills import answer_lines, deadly
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.webhooks import send
from lead_enrichment.webhooks.call import call_webhook
from lead_enrichment.webhooks.webhook_settings import WebhookTarget

TARGET = WebhookTarget("hook", "TEST_WEBHOOK", ("TEST_WEBHOOK_SECRET",), ("lead.net_new",), allow_private=True)


def send_and_die(paths: DataPaths, seed: int) -> None:
    """Send what is due, and die at a message: between its claim and the sending, or before its end is written."""
    with connect(str(paths.published), read_only=True) as connection:
        call = call_webhook if seed < 0 else deadly(call_webhook, seed)
        send.send_webhooks(paths, connection, [TARGET], lambda: datetime.now(UTC), call)


if __name__ == "__main__":
    data = DataPaths(Path(sys.argv[1]))
    answer_lines(lambda seed: send_and_die(data, seed))
