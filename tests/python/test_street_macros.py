"""Two ways of writing a street have one core, a house number is a range, a text a number; alike on both engines."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator

import macros.address.house_range
import macros.address.street_core
import macros.address.street_name
import macros.match.shared_bits
import macros.match.text_number  # noqa: F401
from lead_enrichment.warehouse.connection import connect


def run(query: str, through: str, **given: tuple[str, object]) -> tuple[object, ...]:
    """Return the row of a query on `given`, run on DuckDB as written for an engine and read back.

    Args:
        query: The query, with macros.
        through: The engine that it is written for.
        given: By column of `given`, its type and value.
    """
    found = MacroEvaluator(dialect="duckdb").transform(sqlglot.parse_one(query, read="duckdb"))
    assert isinstance(found, exp.Expr)
    text = sqlglot.transpile(found.sql(dialect=through), read=through, write="duckdb")[0]
    columns = ", ".join(f"?::{kind} AS {name}" for name, (kind, _) in given.items())
    with connect() as connection:
        connection.execute(f"CREATE TABLE given AS SELECT {columns}", [value for _, value in given.values()])
        row = connection.execute(text).fetchone()
    assert row is not None
    return tuple(row)


STREET = """
    WITH named AS (SELECT g.*, @street_name(g) FROM given AS g),
    cored AS (SELECT n.*, @street_core(n) FROM named AS n)
    SELECT street_core, street_direction, street_suffix FROM cored
"""


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("street", "expected"),
    [
        ("N LAMON", ("LAMON", "N", None)),
        ("LAMON AVE", ("LAMON", None, "AVE")),
        ("LAMON AVE NW", ("LAMON", "NW", "AVE")),
        # What stands behind the suffix is no part of the name
        ("E 43RD ST BUILDING", ("43", "E", "ST")),
        ("WESTERN AVENUE PARK FOREST IL", ("WESTERN", None, "AVE")),
        # Ordinals, in words or without an ending
        ("SEVENTH AVE", ("7", None, "AVE")),
        ("113 ST", ("113", None, "ST")),
        # A suffix that is part of the name stays
        ("S COTTAGE GROVE AVE", ("COTTAGEGRV", "S", "AVE")),
        ("S COTTAGE GRV", ("COTTAGEGRV", "S", None)),
        ("N CENTRAL PARK", ("CENTRALPARK", "N", None)),
        ("N CENTRAL AVE", ("CENTRAL", "N", "AVE")),
        # Saint is no street, and a numbered road keeps its kind
        ("N ST LOUIS", ("STLOUIS", "N", None)),
        ("US HWY 290", ("USHWY290", None, None)),
        ("FM 685", ("FM685", None, None)),
        # A direction can be the name
        ("W N", ("NORTH", "W", None)),
        ("W NORTH AVE", ("NORTH", "W", "AVE")),
        # One word or two
        ("LA SALLE ST", ("LASALLE", None, "ST")),
        (None, (None, None, None)),
    ],
)
def test_street_has_a_core_whatever_stands_around_it(
    street: str | None, expected: tuple[str | None, ...], through: str
) -> None:
    assert run(STREET, through, street=("TEXT", street)) == expected


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("house_number", "expected"),
    [
        ("4753", (4753, 4753)),
        ("4753-59", (4753, 4759)),
        ("358-370", (358, 370)),
        ("55B", (55, 55)),
        ("12 1/2", (12, 12)),
        # No block runs backwards or so far: a number with a hyphen in it
        ("79-15", (7915, 7915)),
        ("10-998", (10998, 10998)),
        (None, (None, None)),
    ],
)
def test_house_number_is_a_range(
    house_number: str | None, expected: tuple[int | None, int | None], through: str
) -> None:
    query = "SELECT @house_range(a) FROM given"
    assert run(query, through, a=("TEXT", house_number)) == expected


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [([32 + 7, 64 + 3], [64 + 3, 96 + 9], 3), ([32 + 7], [64 + 3], 0), (None, [64 + 3], None)],
)
def test_shared_words_tell_their_bits(
    left: list[int] | None, right: list[int], expected: int | None, through: str
) -> None:
    found = run("SELECT @shared_bits(a, b) FROM given", through, a=("BIGINT[]", left), b=("BIGINT[]", right))
    assert found == (expected,)


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        # The MD5 is 128aa1c3dfc956ab3b…
        ("texas:1", 18, 128_001_233_529_560_131),
        ("texas:1", 4, 1280),
        # Upper case and accents count
        ("Texas:1", 4, 7059),
        ("ÉLAN", 4, 2157),
        ("", 4, 3413),
        (None, 4, None),
    ],
)
def test_a_text_has_one_number_for_ever(text: str | None, digits: int, expected: int | None, through: str) -> None:
    assert run(f"SELECT @text_number(a, {digits}) FROM given", through, a=("TEXT", text)) == (expected,)


def test_a_hundred_thousand_keys_have_each_a_number_of_its_own() -> None:
    query = MacroEvaluator(dialect="duckdb").transform(sqlglot.parse_one("SELECT @text_number(key, 18) AS number"))
    assert isinstance(query, exp.Select)
    keys = query.from_("(SELECT 'texas:' || range AS key FROM RANGE(100000))", dialect="duckdb").sql(dialect="duckdb")
    with connect() as connection:
        counted = connection.execute(f"SELECT COUNT(DISTINCT number), MAX(number) < 2**63 FROM ({keys})").fetchone()
    assert counted == (100_000, True)
