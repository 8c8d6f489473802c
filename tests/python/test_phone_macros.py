"""The phone rule in SQL says what phonenumbers says."""

from __future__ import annotations

import random

import duckdb
import phonenumbers
from sqlglot import exp

from macros.phone_digits import phone_digits
from macros.phone_e164 import phone_e164


def by_library(raw: str) -> str | None:
    try:
        number = phonenumbers.parse(raw, "US")
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def by_rule(raws: list[str]) -> list[str | None]:
    digits = phone_digits.__wrapped__ if hasattr(phone_digits, "__wrapped__") else phone_digits
    e164 = phone_e164.__wrapped__ if hasattr(phone_e164, "__wrapped__") else phone_e164
    raw = exp.column("raw")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE phone AS SELECT UNNEST(?) AS raw", [raws])
        query = f"SELECT {e164(None, exp.column('digits'))} FROM (SELECT {digits(None, raw)} AS digits FROM phone)"
        return [value for (value,) in connection.execute(query).fetchall()]


def test_rule_agrees_with_the_library_on_random_numbers_of_the_plain_shape() -> None:
    rng = random.Random(7)
    shapes = ["{}{}{}", "({}) {}-{}", "{}-{}-{}", "+1 {} {} {}", "1-{}-{}-{}", "{}.{}.{}"]
    raws = [
        rng.choice(shapes).format(
            f"{rng.randrange(1000):03}", f"{rng.randrange(1000):03}", f"{rng.randrange(10000):04}"
        )
        for _ in range(60_000)
    ]
    found = by_rule(raws)
    assert [(raw, value) for raw, value in zip(raws, found, strict=True) if value != by_library(raw)] == []
    assert sum(value is not None for value in found) > 5_000


def test_shapes_out_of_the_plain_one_are_left_to_the_library() -> None:
    assert by_rule(["702-555-1234 x5", "1-800-FLOWERS", "555-1234", "+44 20 7946 0958", ""]) == [None] * 5
