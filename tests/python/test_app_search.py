"""The search of the app: what is typed, what it stands for, and how often the right lead comes first."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from lead_enrichment.app.published import CopyReader, PublishedCopy
from lead_enrichment.app.search import search, tokens_of
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.reading import Row

QUERIES, LEAST = 400, 0.98


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Élan Kids' Place", ["ELAN", "KIDS", "PLACE"]),
        ("(512) 555-0142", ["5125550142"]),
        ("+1 512.555.0142", ["5125550142"]),
        ("555-0142", ["5550142"]),
        # A house number and a ZIP are no phone, nor are digits within a word.
        ("1234 78611", ["1234", "78611"]),
        ("office5000173@kids5000173.com", ["OFFICE5000173@KIDS5000173.COM"]),
        ("www.brightkids.com/", ["BRIGHTKIDS.COM"]),
        ("34758-26", ["3475826"]),
        ("K820046601 Kids", ["K820046601", "KIDS"]),
        ("Oak Street", ["OAK"]),
        ("The Street", ["THE", "STREET"]),
        ("' OR 1=1 --", ["OR", "1"]),
        ("  ", []),
    ],
)
def test_what_is_typed_becomes_terms(text: str, terms: list[str]) -> None:
    assert sorted(token.typed for token in tokens_of(text)) == sorted(terms)


@pytest.fixture(scope="module")
def reader(planned_demo: Path) -> Iterator[CopyReader]:
    """The published copy of the demo."""
    copy = PublishedCopy(AppSettings(DataPaths(planned_demo), patience=600))
    with copy.reading() as found:
        yield found
    copy.close()


@pytest.fixture(scope="module")
def facilities(planned_demo: Path) -> dict[str, str]:
    """The facility of each lead, in truth."""
    with (planned_demo / "truth" / "record_facility.csv").open(newline="") as stream:
        return {row["lead_key"]: row["facility_id"] for row in csv.DictReader(stream)}


def test_the_key_of_a_lead_finds_its_facility(reader: CopyReader) -> None:
    row = reader.row("SELECT lead_key, entity_key FROM marts.search_lead ORDER BY lead_key LIMIT 1")
    assert row is not None
    (hit,) = search(reader, row["lead_key"], 5)
    assert hit.entity_key == row["entity_key"]


def test_nothing_like_it_finds_nothing(reader: CopyReader) -> None:
    assert search(reader, "zzqqxx", 5) == []
    assert search(reader, "", 5) == []


def mistyped(dice: random.Random, word: str) -> str:
    """Return a word with one letter replaced, left out, added, or swapped with the next one."""
    at = dice.randrange(1, len(word) - 1)
    letter = dice.choice("0123456789" if word.isdigit() else "abcdefghijklmnopqrstuvwxyz")
    return dice.choice(
        (
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def ways(dice: random.Random, row: Row, held_by: dict[str, set[str]]) -> Iterator[str]:
    """Return what somebody may type who looks for a lead: with a typo, or with a part left out.

    A phone or e-mail address that several facilities hold (`held_by`) names none of them, and is left out.
    """
    words = (row["name"] or "").split()
    long = [number for number, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if long and row["city"]:
        at = dice.choice(long)
        name = " ".join([*words[:at], mistyped(dice, words[at]), *words[at + 1 :]])
        yield f"{name} {row['city']}"
        if row["street"]:
            yield f"{name} {row['street']}"
    if len(words) > 2 and row["city"] and row["postal_code"]:
        yield f"{words[0]} {words[1]} {row['city']} {row['postal_code']}"
    if row["phone_e164"] and not row["phone_reason"] and words and len(held_by[row["phone_e164"]]) == 1:
        yield f"{mistyped(dice, row['phone_e164'][2:])} {words[0]}"
    if row["email"] and not row["email_reason"] and len(held_by[row["email"]]) == 1:
        local, domain = row["email"].split("@")
        yield f"{mistyped(dice, local) if len(local) > 3 else local}@{domain}"
    if row["house_number"] and row["street"] and row["city"]:
        yield f"{row['house_number']} {row['street']} {row['city']}"
    if row["license_number"]:
        yield row["license_number"]


def test_the_right_facility_comes_first_for_98_of_100_queries_with_a_typo_or_a_missing_part(
    reader: CopyReader, facilities: dict[str, str]
) -> None:
    dice = random.Random(11)
    held: dict[str, set[str]] = defaultdict(set)
    for row in reader.rows("SELECT lead_key, entity_key FROM facts.fact_lead_match"):
        held[row["entity_key"]].add(facilities[row["lead_key"]])
    leads = reader.rows("SELECT * FROM intermediate.int_lead_current WHERE is_live ORDER BY lead_key")
    held_by: dict[str, set[str]] = defaultdict(set)
    for row in leads:
        for value in (row["phone_e164"], row["email"]):
            held_by[value].add(facilities[row["lead_key"]])
    missed = []
    for _ in range(QUERIES):
        row = dice.choice(leads)
        typed = [*ways(dice, row, held_by)]
        text = dice.choice(typed) if typed else row["lead_key"]
        hits = search(reader, text, 5)
        if not hits or facilities[row["lead_key"]] not in held[hits[0].entity_key]:
            missed.append((text, row["lead_key"], hits[:2]))
    assert len(missed) <= QUERIES * (1 - LEAST), missed
