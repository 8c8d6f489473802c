"""What the web app is started with."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.users import user_name

DEFAULT_PORT = 8100
HOURS = 12


@dataclass(frozen=True)
class AppSettings:
    """Settings of the web app.

    Args:
        paths: The data directory.
        host: Address to listen on.
        port: Port to listen on.
        trusted_header: Header in which a proxy names the user who signed in there; empty for none.
        proxies: Addresses from which the trusted header counts.
        origin: The address that people type, where a proxy stands before the app, such as https://leads.example.com.
        local_user: The name under which whoever opens the app works where nobody has to sign in.
        session_hours: How long a session lasts.
        readers: How many queries run at once; others wait for their turn.
        memory: What DuckDB may take, of each copy that is open.
        patience: Seconds that a query may take, and may wait for its turn.
    """

    paths: DataPaths
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    trusted_header: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    origin: str = ""
    local_user: str = field(default_factory=user_name)
    session_hours: int = HOURS
    readers: int = 4
    memory: str = "256MB"
    patience: float = 20.0

    @property
    def people_file(self) -> Path:
        """Who may sign in, with role and hash of the token; where it is missing, nobody has to."""
        return self.paths.root / "app" / "people.json"

    @property
    def secret_file(self) -> Path:
        """The secret by which sessions are signed."""
        return self.paths.root / "app" / "secret"

    @property
    def is_open(self) -> bool:
        """Whether nobody has to sign in: the app serves the user who started it, on this machine alone."""
        return is_loopback(self.host) and not self.trusted_header and not self.people_file.exists()


def settings_from_environment(paths: DataPaths, host: str, port: int) -> AppSettings:
    """Return the settings of a start, with what the environment says of the proxy.

    Raises:
        UsageError: The app would listen to other machines without anybody having to sign in.
    """
    proxies = os.environ.get("LEADS_APP_PROXIES") or " ".join(AppSettings.proxies)
    settings = AppSettings(
        paths,
        host,
        port,
        trusted_header=os.environ.get("LEADS_APP_TRUSTED_HEADER", "").strip(),
        origin=os.environ.get("LEADS_APP_ORIGIN", "").strip().rstrip("/"),
        proxies=tuple(proxies.replace(",", " ").split()),
    )
    has_people = settings.people_file.exists()
    if not has_people and not settings.trusted_header and not is_loopback(host):
        raise UsageError(
            "other machines could open the app without signing in",
            f"--host {host}",
            "Name who may: leads app --add NAME --role viewer. Or listen on 127.0.0.1.",
        )
    if settings.trusted_header and not has_people:
        raise UsageError(
            "a proxy names the user, and nobody has a role",
            "LEADS_APP_TRUSTED_HEADER",
            "Name who may: leads app --add NAME --role viewer.",
        )
    return settings


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
