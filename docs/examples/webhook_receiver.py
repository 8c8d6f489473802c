"""Receive webhooks: an example for those who are called. It needs Python and the package `standardwebhooks`.

    LEADS_WEBHOOK_SECRET=whsec_… python docs/examples/webhook_receiver.py PORT FILE

Each message that is genuine and new becomes a line of FILE. Put it behind a proxy that speaks https.
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

LARGEST = 100_000


class Receiver(BaseHTTPRequestHandler):
    """Takes messages; what is answered with another status than 2xx is sent again."""

    webhook: Webhook
    file: Path

    def do_POST(self) -> None:
        """Take a message."""
        length = int(self.headers.get("content-length", 0))
        if length > LARGEST:
            return self.answer(413)
        # The signature is over the bytes as they came: they are verified before they are read as JSON.
        body = self.rfile.read(length)
        try:
            message = self.webhook.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        # The same message may come twice, under one id: it is taken once, and thanked for each time.
        message_id = self.headers["webhook-id"]
        if message_id not in known(self.file):
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"id": message_id, **message}) + "\n")
        # Answer at once, and do what takes long afterwards: the sender waits 20 seconds.
        return self.answer(204)

    def answer(self, status: int) -> None:
        """Answer without a body."""
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


def known(file: Path) -> set[str]:
    """Return the ids of the messages that were taken."""
    if not file.exists():
        return set()
    return {json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()}


if __name__ == "__main__":
    Receiver.webhook, Receiver.file = Webhook(os.environ["LEADS_WEBHOOK_SECRET"]), Path(sys.argv[2])
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
