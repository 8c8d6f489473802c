"""Phones by the rule in SQL, beside phonenumbers row by row."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pandas as pd
import phonenumbers
from sqlglot import exp

from lead_enrichment.benchmark.result import Result
from lead_enrichment.errors import DataError
from lead_enrichment.sqlmesh_internals import macros_of
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.project import load_project

SHAPES = ("{}{}{}", "({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}", "1-{}-{}-{}")
AREAS = (201, 405, 512, 600, 702, 713, 800, 888, 900, 999)


def time_phones(leads: int, project: Path) -> Result:
    """Time phones to E.164, a number a lead, none of them alike.

    Raises:
        DataError: The two differ.
    """
    raws = _raws(leads)
    query = _rule(project)
    with connect() as connection:
        connection.execute("SET threads = 2")
        connection.register("raw", pd.DataFrame({"raw": raws}))
        connection.execute("CREATE TABLE phone AS FROM raw")
        began = time.perf_counter()
        connection.execute(f"CREATE TABLE parsed AS {query}")
        taken = time.perf_counter() - began
        by_rule = [value for (value,) in connection.execute("FROM parsed").fetchall()]
    began = time.perf_counter()
    by_library = [_by_library(raw) for raw in raws]
    instead = time.perf_counter() - began
    if by_rule != by_library:
        raise DataError(
            "the rule in SQL and phonenumbers disagree", "", "Run: pytest tests/python/test_phone_macros.py"
        )
    return Result("phones", "phonenumbers, row by row", leads, taken, instead)


def _rule(project: Path) -> str:
    """Return the macros of the rule as SQL for DuckDB."""
    macros = macros_of(load_project(project))
    digits, e164 = (
        macros[name].func(None, exp.column(column))
        for name, column in (("phone_digits", "raw"), ("phone_e164", "digits"))
    )
    return f"SELECT {e164} AS e164 FROM (SELECT {digits} AS digits FROM phone) AS plain"


def _raws(count: int) -> list[str]:
    """Return phones in the shapes that sources deliver, one in eight of them no valid number."""
    draw = random.Random(count)
    raws = []
    for _ in range(count):
        middle = draw.randrange(200, 999) if draw.random() < 7 / 8 else draw.randrange(0, 200)
        raws.append(draw.choice(SHAPES).format(draw.choice(AREAS), f"{middle:03}", f"{draw.randrange(10_000):04}"))
    return raws


def _by_library(raw: str) -> str | None:
    try:
        number = phonenumbers.parse(raw, "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
