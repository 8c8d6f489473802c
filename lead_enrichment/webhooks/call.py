"""Calling a webhook: one signed POST to an address that was checked, and what came of it.

The name is resolved once, every address of it is checked, and the connection goes to one that was: a name that resolves
to something else a moment later (DNS rebinding) leads nowhere. No redirect is followed and no proxy is used.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from lead_enrichment.webhooks.webhook_settings import WebhookTarget

# The standard asks for 15 to 30 seconds.
PATIENCE = 20.0
GONE = 410
LONGEST_WAIT = timedelta(hours=24)
# An address of version 6 that stands for one of version 4.
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class CallResult:
    """What came of a call.

    Args:
        status: Status of HTTP; None where there was no answer.
        problem: Why it failed; None where the receiver has it.
        retry_at: Before which the receiver asked not to be called again.
    """

    status: int | None
    problem: str | None
    retry_at: datetime | None = None


def call_webhook(
    target: WebhookTarget, message_id: str, body: str, now: datetime, patience: float = PATIENCE
) -> CallResult:
    """Send a message, and return what came of it; only an answer of 2xx is success.

    Args:
        target: Whom to call.
        message_id: By which the receiver tells two copies of a message as one.
        body: The message, JSON.
        now: The time, which is signed too.
        patience: Seconds that it may take in all.

    Raises:
        UsageError: The target's address or secret is none.
    """
    signatures = " ".join(Webhook(secret).sign(message_id, now, body) for secret in target.secrets)
    headers = {
        "content-type": "application/json",
        "user-agent": "lead-enrichment",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures,
    }
    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return CallResult(None, "its name cannot be resolved")
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    if not target.allow_private and not all(is_public(address) for address in addresses):
        return CallResult(None, "its address is of this machine or a private network, which allow_private would permit")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _post(parts.scheme == "https", host, port, addresses[0], path, body.encode(), headers, now, patience)


def is_public(text: str) -> bool:
    """Whether an address is one of the Internet: no other is called unless a target says so."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name that the receiver's certificate bears."""

    def __init__(self, address: str, host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address, self._context = address, context
        if context is not None:
            # So that the port of https is left out of the header Host.
            self.default_port = 443

    def connect(self) -> None:
        """Connect."""
        self.sock: Any = socket.create_connection((self._address, self.port), self.timeout)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _post(
    is_secure: bool, host: str, port: int, address: str, path: str, body: bytes, headers: dict[str, str],
    now: datetime, patience: float,
) -> CallResult:  # fmt: skip
    connection = _Pinned(address, host, port, _context() if is_secure else None, patience)
    is_over = threading.Event()

    def end() -> None:
        # A receiver that sends a byte now and then would never exceed the patience of the socket.
        is_over.set()
        if connection.sock is not None:
            connection.sock.close() if connection.sock.fileno() < 0 else connection.sock.shutdown(socket.SHUT_RDWR)

    alarm = threading.Timer(patience, end)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        status, wanted = answer.status, answer.headers.get("retry-after")
    except ssl.SSLCertVerificationError as error:
        return CallResult(None, f"its certificate cannot be trusted ({error.verify_message})")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if is_over.is_set() or isinstance(error, TimeoutError):
            return CallResult(None, f"it did not answer within {patience:g} seconds")
        reason = getattr(error, "strerror", None) or type(error).__name__
        return CallResult(None, f"it could not be reached, or broke off ({reason})")
    finally:
        alarm.cancel()
        connection.close()
    if 200 <= status < 300:
        return CallResult(status, None)
    if 300 <= status < 400:
        return CallResult(status, f"the receiver answered {status}, and redirects are not followed")
    return CallResult(status, f"the receiver answered {status}", _retry_at(wanted, now))


def _retry_at(text: str | None, now: datetime) -> datetime | None:
    """Return before when not to call again, of the header Retry-After: seconds, or a date. At most a day."""
    if not text:
        return None
    try:
        if text.strip().isdecimal():
            wait = timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
        else:
            at = parsedate_to_datetime(text)
            wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return now + min(wait, LONGEST_WAIT) if wait > timedelta() else None
