"""Tokens of the API: names, scopes, and hashes, in one file that the operator keeps."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.app.api.resources import LEADS, OUTBOX, QUALITY
from lead_enrichment.app.people import TOKEN_BYTES, hash_of
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import write_text_whole

DECISIONS, FEEDBACK, INCIDENTS = "decisions:write", "feedback:write", "incidents:write"
# By scope what it opens.
SCOPES = {
    LEADS: "leads, facilities, matches and metrics",
    QUALITY: "incidents, deliveries and rejected rows",
    OUTBOX: "changes for other systems and what became of them",
    DECISIONS: "decide whether two leads are one facility",
    FEEDBACK: "give feedback on leads, values and definitions",
    INCIDENTS: "acknowledge, snooze, resolve and reopen incidents",
}
# Begins each token, so that tools which look for secrets find one that was published by mistake.
PREFIX = "leads_"


@dataclass(frozen=True)
class ApiClient:
    """A program that uses the API.

    Args:
        name: As it stands in deliveries.
        scopes: What it may do, of SCOPES.
        token_sha256: Hash of the token, hexadecimal.
    """

    name: str
    scopes: frozenset[str]
    token_sha256: str = ""


def read_clients(file: Path) -> dict[str, ApiClient]:
    """Return the clients by name; none where there is no file.

    Raises:
        UsageError: The file is not of the form that `add_client` writes.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        clients = [
            ApiClient(str(name), frozenset(entry["scopes"]), entry["token_sha256"]) for name, entry in found.items()
        ]
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise UsageError("the list of tokens cannot be read", str(file), "Move it away and add them again.") from error
    return {client.name: client for client in clients}


def add_client(file: Path, name: str, scopes: Collection[str]) -> str:
    """Let a program use the API, or give it other scopes and a new token, and return the token; only its hash is kept.

    Raises:
        UsageError: The name is empty, or a scope unknown or missing.
    """
    plain = " ".join(name.split())
    if not plain:
        raise UsageError("the name is empty", "", "Deliveries bear it: give one.")
    unknown = sorted({*scopes} - {*SCOPES})
    if unknown or not scopes:
        what = f"{unknown[0]!r} is no scope" if unknown else "no scope is given"
        raise UsageError(what, "--scope", f"Say one or more of {', '.join(SCOPES)}.")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    _write(file, read_clients(file) | {plain: ApiClient(plain, frozenset(scopes), hash_of(token))})
    return token


def remove_client(file: Path, name: str) -> None:
    """Let a program no longer use the API.

    Raises:
        UsageError: There is none of this name.
    """
    clients = read_clients(file)
    if clients.pop(name, None) is None:
        raise UsageError(f"there is no {name}", str(file), f"There is {', '.join(clients) or 'none'}.")
    _write(file, clients)


def _write(file: Path, clients: dict[str, ApiClient]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = {
        client.name: {"scopes": sorted(client.scopes), "token_sha256": client.token_sha256}
        for client in clients.values()
    }
    write_text_whole(file, json.dumps(entries, indent=2) + "\n")
