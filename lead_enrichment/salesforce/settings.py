"""How Salesforce is reached: settings and secrets, from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lead_enrichment.errors import UsageError

ADVICE = "See docs/salesforce.md."
API_VERSION = "64.0"
# Who may be spoken to without encryption: nobody but this machine.
OWN = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Settings:
    """How Salesforce is reached. Secrets are left out where it is printed.

    Args:
        address: Address of the org, as https://example.my.salesforce.com.
        client_id: Consumer key of the connected app.
        client_secret: Its secret, for the flow of client credentials.
        username: The integration user, for the JWT flow.
        private_key: PEM file of the key that signs, for the JWT flow.
        login_address: Whom the JWT is for.
        version: Of the API.
    """

    address: str
    client_id: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    private_key: Path | None = field(default=None, repr=False)
    login_address: str = "https://login.salesforce.com"
    version: str = API_VERSION


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment holds.

    Raises:
        UsageError: One is missing, or the address is not safe.
    """
    given = {name: value.strip() for name, value in (environment or os.environ).items() if value.strip()}
    missing = [name for name in ("SALESFORCE_INSTANCE_URL", "SALESFORCE_CLIENT_ID") if name not in given]
    if missing:
        raise UsageError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set", "", ADVICE)
    address = given["SALESFORCE_INSTANCE_URL"].rstrip("/")
    parts = urlsplit(address)
    is_own = parts.scheme == "http" and parts.hostname in OWN
    if (not is_own and (parts.scheme != "https" or not parts.hostname)) or parts.path or parts.username:
        raise UsageError(
            "SALESFORCE_INSTANCE_URL is no address of an org", "", "Write it like https://example.my.salesforce.com."
        )
    secret, username = given.get("SALESFORCE_CLIENT_SECRET"), given.get("SALESFORCE_USERNAME")
    key = given.get("SALESFORCE_PRIVATE_KEY_FILE")
    if not secret and not (username and key):
        raise UsageError(
            "neither SALESFORCE_CLIENT_SECRET nor SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY_FILE are set", "",
            f"Set the one, or the other two. {ADVICE}",
        )  # fmt: skip
    return Settings(
        address=address,
        client_id=given["SALESFORCE_CLIENT_ID"],
        client_secret=None if key else secret,
        username=username,
        private_key=Path(key) if key else None,
        login_address=given.get("SALESFORCE_LOGIN_URL", "https://login.salesforce.com").rstrip("/"),
        version=given.get("SALESFORCE_API_VERSION", API_VERSION).removeprefix("v"),
    )
