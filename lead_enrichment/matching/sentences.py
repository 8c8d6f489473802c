"""What speaks for and against two leads, in the words of somebody who sells.

Each sentence follows from what the two leads say, not from the level at which the score puts them: so it is true
whatever levels there are, and what one of the two does not say is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.warehouse.reading import Row

SUREST = 0.999


@dataclass
class Evidence:
    """Sentences without a full stop.

    Args:
        agreements: What the two leads say alike.
        differences: What they say otherwise.
        unknown: What one of the two does not say.
    """

    agreements: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def evidence(left: Row, right: Row, weights: Mapping[str, float], others: Mapping[str, int]) -> Evidence:
    """Return what two leads say alike and otherwise.

    Args:
        left: A row of intermediate.int_match_lead.
        right: The other lead's.
        weights: Bits by attribute: whether names or addresses that are not equal still speak for one facility.
        others: By shared phone or e-mail address, how many other live leads hold it.
    """
    found = Evidence()
    _names(found, left, right, weights.get("name", 0) > 0)
    _phones(found, left, right, others)
    _emails(found, left, right, weights.get("email", 0) > 0, others)
    _places(found, left, right)
    _contacts(found, left, right)
    if all(left[name] and left[name] == right[name] for name in ("license_number", "state")):
        found.agreements.append(f"both hold the licence number {left['license_number']}")
    return found


def headline(pair: Row) -> str:
    """Return what the project holds two leads to be, how sure it is, and why where that is not the score alone."""
    sure = sureness(pair["match_probability"])
    reason = pair["reason"]
    if pair["decision"] and pair["decision"] != "unsure" and pair["is_match"] == (pair["decision"] == "same"):
        what = {"same": "the same facility", "sister_site": "two sites of one operator"}
        word = what.get(pair["decision"], "two facilities")
        return f"{pair['decided_by']} decided on {pair['decided_at']:%Y-%m-%d}: {word}"
    if pair["verdict"] == "match":
        return f"{sure} sure that it is the same facility"
    if pair["verdict"] == "review":
        return f"A person should judge: {sure} sure by what the two say, but {reason}"
    if pair["verdict"] == "sister_site":
        return f"Two sites of one operator: {reason}"
    return f"Two facilities: {reason}"


def sureness(probability: float) -> str:
    """Return a probability as a salesperson reads it; nothing is 100% sure, nor 0%."""
    if probability > SUREST:
        return "more than 99.9%"
    if probability < 1 - SUREST:
        return "less than 0.1%"
    return f"{probability:.1%}" if probability > 0.99 or probability < 0.01 else f"{probability:.0%}"


def phone(number: str) -> str:
    """Return a phone number as it is dialled: (512) 555-0142 for one of North America."""
    found = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"({found[1]}) {found[2]}-{found[3]}" if found else number


def place(lead: Row) -> str:
    """Return an address in one line, or as much of it as is known."""
    street = " ".join(filter(None, (lead["house_number"], titled(lead["street"]))))
    if street and lead["unit_number"]:
        street += f" unit {lead['unit_number']}"
    town = " ".join(filter(None, (lead["state"], lead["postal_code"])))
    return ", ".join(filter(None, (street, titled(lead["city"]), town)))


def titled(text: str | None) -> str:
    """Return a text in capitals with small letters behind the first of each word."""
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), text) if text else ""


def _plain(text: str | None) -> str:
    return re.sub(r"[^a-z0-9]+", "", (text or "").lower())


def _names(found: Evidence, left: Row, right: Row, are_alike: bool) -> None:
    one, other = left["name"], right["name"]
    if not one or not other:
        found.unknown.append("name")
    elif _plain(one) == _plain(other):
        found.agreements.append(f"both are called {one}")
    elif are_alike:
        found.agreements.append(f"their names are alike: {one}, and {other}")
    else:
        found.differences.append(f"their names differ: {one}, and {other}")


def _phones(found: Evidence, left: Row, right: Row, others: Mapping[str, int]) -> None:
    mine, theirs = ({lead["phone"], lead["mobile"]} - {None} for lead in (left, right))
    if not mine or not theirs:
        found.unknown.append("phone")
        return
    for number in sorted(mine & theirs):
        found.agreements.append(f"they share the phone {phone(number)}, {_held(others.get(number))}")
    if not mine & theirs:
        said = (", ".join(phone(number) for number in sorted(numbers)) for numbers in (mine, theirs))
        found.differences.append(f"their phones differ: {' and '.join(said)}")


def _emails(found: Evidence, left: Row, right: Row, are_alike: bool, others: Mapping[str, int]) -> None:
    one, other = left["email"], right["email"]
    if not one or not other:
        found.unknown.append("e-mail address")
    elif one == other:
        found.agreements.append(f"they share the e-mail address {one}, {_held(others.get(one))}")
        return
    elif are_alike:
        found.agreements.append(f"their e-mail addresses are alike: {one} and {other}")
    else:
        found.differences.append(f"their e-mail addresses differ: {one} and {other}")
    domains = [{lead["website_domain"], lead["email_domain"]} - {None} for lead in (left, right)]
    for domain in sorted(domains[0] & domains[1]):
        found.agreements.append(f"they share the web domain {domain}")


def _places(found: Evidence, left: Row, right: Row) -> None:
    streets = [(lead["house_number"], lead["street"]) for lead in (left, right)]
    if not all(all(street) for street in streets):
        found.unknown.append("street address")
    elif streets[0] == streets[1]:
        units = [lead["unit_number"] for lead in (left, right)]
        where = f"{streets[0][0]} {titled(streets[0][1])}"
        if all(units) and units[0] != units[1]:
            found.differences.append(f"they are in two units of {where}: {units[0]} and {units[1]}")
        else:
            found.agreements.append(f"both are at {where}{f' unit {units[0]}' if units[0] and units[1] else ''}")
    else:
        said = " and ".join(f"{house} {titled(street)}" for house, street in streets)
        found.differences.append(f"their street addresses differ: {said}")
    for name, word, plural in (("city", "town", "towns"), ("postal_code", "ZIP", "ZIPs"), ("state", "state", "states")):
        one, other = left[name], right[name]
        if not one or not other:
            found.unknown.append(word)
            continue
        shown = [titled(value) if name == "city" else value for value in (one, other)]
        if one == other:
            if name != "state":
                found.agreements.append(f"both are in {shown[0]}" if name == "city" else f"both have the ZIP {one}")
        else:
            found.differences.append(f"their {plural} differ: {shown[0]} and {shown[1]}")


def _contacts(found: Evidence, left: Row, right: Row) -> None:
    one, other = left["contact_name"], right["contact_name"]
    if not one or not other:
        found.unknown.append("contact person")
    elif one == other:
        found.agreements.append(f"both name {titled(one)} as contact")
    elif one.split()[-1] == other.split()[-1]:
        found.agreements.append(f"their contacts share the family name: {titled(one)} and {titled(other)}")
    else:
        found.differences.append(f"their contacts differ: {titled(one)} and {titled(other)}")


def _held(others: int | None) -> str:
    if others is None:
        return "which others may have too"
    if not others:
        return "which nobody else has"
    return f"which {counted(others, 'other lead has', 'other leads have')} too"
