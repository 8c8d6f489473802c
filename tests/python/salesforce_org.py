"""An org for tests of the pull and of the sender: the fake, with leads as the demo has them, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from conftest import ROOT
from fake_salesforce.org import Org
from fake_salesforce.server import CLIENT_ID, CLIENT_SECRET, FakeSalesforce, Running
from lead_enrichment.salesforce.client import Client
from lead_enrichment.salesforce.settings import Settings

SETTINGS = ROOT / "docs" / "salesforce"


class Clock:
    """A clock that stands until a test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def quick_client(address: str) -> Client:
    """Return a client that waits for hundredths of a second where others wait for seconds."""
    return Client(Settings(address, CLIENT_ID, CLIENT_SECRET), first_wait=0.01)


def lead(number: int, **values: Any) -> dict[str, Any]:
    """Return a lead as an org has it from before."""
    return {
        "Id": f"00Q{number:012d}", "LastName": f"Name {number}", "Company": f"Site {number}", "Status": "Working",
        "CreatedDate": "2026-01-05T08:00:00Z", "LastModifiedDate": "2026-10-01T08:00:00Z", **values,
    }  # fmt: skip


def serve(count: int = 0, change: Callable[[Org], None] | None = None, **given: Any) -> Running:
    """Serve an org with leads."""
    org = Org(settings=SETTINGS, **given)
    org.load(lead(number) for number in range(count))
    if change is not None:
        change(org)
    return Running(FakeSalesforce(org))


def environment(address: str) -> Mapping[str, str]:
    """Return the settings by which the command finds an org."""
    return {
        "SALESFORCE_INSTANCE_URL": address, "SALESFORCE_CLIENT_ID": CLIENT_ID,
        "SALESFORCE_CLIENT_SECRET": CLIENT_SECRET,
    }  # fmt: skip
