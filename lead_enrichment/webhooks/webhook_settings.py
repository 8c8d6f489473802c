"""webhooks.yaml: who is called, of which events, and by which secrets messages are signed."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lead_enrichment.errors import UsageError
from lead_enrichment.settings_file import find_named, read_yaml, schema_faults, with_tuples

FILE = Path("webhooks.yaml")
REMEDY = "See docs/interfaces.md."
MOST = 500
PREFIX = "whsec_"
# What the standard asks for, in bytes.
SHORTEST, LONGEST = 24, 64


@dataclass(frozen=True)
class WebhookTarget:
    """A target of webhooks.yaml.

    Args:
        name: Its name.
        url_from: Environment variable that holds the address.
        secrets_from: Environment variables that hold the secrets; two while they are changed.
        events: Types of events that it hears of.
        allow_private: Whether its address may be of this machine or network, and plain http.
        most_per_run: How many messages a run sends at most.
    """

    name: str
    url_from: str
    secrets_from: tuple[str, ...]
    events: tuple[str, ...]
    allow_private: bool = False
    most_per_run: int = MOST

    @property
    def missing(self) -> list[str]:
        """The environment variables without which nothing can be sent."""
        # Of two secrets one may be gone: that is how a change of them ends.
        has_secret = any(os.environ.get(name) for name in self.secrets_from)
        unset = [] if os.environ.get(self.url_from) else [self.url_from]
        return unset if has_secret else [*unset, *self.secrets_from]

    @property
    def fault(self) -> str | None:
        """Why the target cannot be called; None where it can."""
        if self.missing:
            return f"{' and '.join(self.missing)} is not set"
        try:
            _ = self.url, self.secrets
        except UsageError as error:
            return f"{error.where}: {error.what}"
        return None

    @property
    def url(self) -> str:
        """The address, which may be secret.

        Raises:
            UsageError: It is none that may be called.
        """
        url = os.environ.get(self.url_from, "")
        try:
            parts = urlsplit(url)
            is_url = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_url = False
        schemes = ("https", "http") if self.allow_private else ("https",)
        if not is_url or parts.scheme not in schemes or not url.isascii() or any(sign <= " " for sign in url):
            raise UsageError(
                f"it holds no address that begins with {' or '.join(schemes)}://", self.url_from,
                "Plain http is for targets with allow_private.",
            )  # fmt: skip
        if "@" in parts.netloc:
            raise UsageError(
                "the address holds a name or password", self.url_from, "Take it out: messages are signed instead."
            )
        return url

    @property
    def secrets(self) -> list[bytes]:
        """The secrets that are set.

        Raises:
            UsageError: One is none.
        """
        found = []
        for name in self.secrets_from:
            text = os.environ.get(name, "").strip()
            if not text:
                continue
            try:
                secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
            except (binascii.Error, ValueError):
                secret = b""
            if not SHORTEST <= len(secret) <= LONGEST:
                raise UsageError("it holds no secret", name, "Make one: leads webhooks secret")
            found.append(secret)
        return found


def new_secret() -> str:
    """Return a new secret, as receivers and webhooks.yaml's variables take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def read_targets(path: Path = FILE) -> dict[str, WebhookTarget]:
    """Return the targets of webhooks.yaml by name.

    Raises:
        UsageError: The file is not there, or not as it has to be; file, place and reason are named.
    """
    document = read_yaml(path, REMEDY)
    for fault in schema_faults(document, "lead_enrichment.webhooks", "webhook_schema.json"):
        raise UsageError(fault, path.name, REMEDY)
    return {name: WebhookTarget(name, **with_tuples(item)) for name, item in (document["targets"] or {}).items()}


def find_target(targets: dict[str, WebhookTarget], name: str) -> WebhookTarget:
    """Return the target of a name.

    Raises:
        UsageError: There is none.
    """
    return find_named(targets, name, "target", FILE)
