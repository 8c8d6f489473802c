"""Who may use the app: names, roles, and hashes of tokens, in one file that the operator keeps."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import write_text_whole

# Each may do what those before it may.
ROLES = ("viewer", "steward", "operator", "admin")
TOKEN_BYTES = 32


class HasToken(Protocol):
    """Who is known by a token."""

    @property
    def token_sha256(self) -> str:
        """Hash of the token, hexadecimal; empty where there is none."""


Holder = TypeVar("Holder", bound=HasToken)


@dataclass(frozen=True)
class Person:
    """Somebody who uses the app.

    Args:
        name: As it stands in deliveries.
        role: One of ROLES.
        token_sha256: Hash of the token, hexadecimal; empty for who signs in at a proxy.
    """

    name: str
    role: str
    token_sha256: str = ""

    def may(self, role: str) -> bool:
        """Whether this person may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


def read_people(file: Path) -> dict[str, Person]:
    """Return who may use the app, by name; nobody where there is no file.

    Raises:
        UsageError: The file is not of the form that `add_person` writes.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        people = [Person(str(name), entry["role"], entry.get("token_sha256", "")) for name, entry in found.items()]
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise UsageError("the list of people cannot be read", str(file), "Move it away and add them again.") from error
    for person in people:
        _check_role(person.role)
    return {person.name: person for person in people}


def add_person(file: Path, name: str, role: str, with_token: bool = True) -> str:
    """Let somebody use the app, or give them another role and token, and return the token.

    Only its hash is kept: nobody can read the token out of the file.

    Raises:
        UsageError: The name is empty or the role unknown.
    """
    plain = " ".join(name.split())
    if not plain:
        raise UsageError("the name is empty", "--add", "Decisions bear it: give one.")
    _check_role(role)
    token = secrets.token_urlsafe(TOKEN_BYTES) if with_token else ""
    people = read_people(file) | {plain: Person(plain, role, hash_of(token) if token else "")}
    _write(file, people)
    return token


def remove_person(file: Path, name: str) -> None:
    """Let somebody no longer use the app; their sessions end at once.

    Raises:
        UsageError: There is nobody of this name.
    """
    people = read_people(file)
    if people.pop(name, None) is None:
        raise UsageError(f"there is no {name}", str(file), f"There is {', '.join(people) or 'nobody'}.")
    _write(file, people)


def holder_of(holders: Mapping[str, Holder], token: str) -> Holder | None:
    """Return whose token it is, of people or of programs; None where it is nobody's."""
    wanted, found = hash_of(token), None
    for holder in holders.values():
        # All are compared, each in the same time: how long it takes says nothing.
        if hmac.compare_digest(holder.token_sha256, wanted):
            found = holder
    return found


def hash_of(token: str) -> str:
    """Return the hash of a token. It is random and long, so that a slow hash would add nothing."""
    return hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()


def _write(file: Path, people: dict[str, Person]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = {person.name: {"role": person.role, "token_sha256": person.token_sha256} for person in people.values()}
    write_text_whole(file, json.dumps(entries, indent=2) + "\n")


def _check_role(role: object) -> None:
    if role not in ROLES:
        raise UsageError(f"{role!r} is no role", "--role", f"Say one of {', '.join(ROLES)}.")
