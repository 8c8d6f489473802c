"""Macros that hide what engines do differently."""

from __future__ import annotations

import hashlib

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.lead.content_hash
import macros.quality.agreement
import macros.quality.least_share
import macros.sql.date_spine_between
import macros.sql.quantile
import macros.sql.similarity
import macros.sql.wilson_bound  # noqa: F401
from lead_enrichment.lead_shape import LEAD_COLUMNS, UNTRACKED_COLUMNS


def written(name: str, *arguments: exp.Expression) -> str:
    """What a macro writes for these arguments."""
    text = macro.get_registry()[name].func(None, *arguments)
    assert isinstance(text, str)
    return text


def for_spark(text: str) -> str:
    """The same for Spark; fails where Spark has no word for it. SQLMesh writes it for DuckDB first, and reads that."""
    again = sqlglot.transpile(text, read="duckdb", write="duckdb")[0]
    return sqlglot.transpile(again, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        ("LITTLE ACORNS", "LITTLE ACORNS", 1),
        ("ACORNS", "ACORN", 1 - 1 / 6),
        # A letter out of ASCII is one letter, though it has two bytes
        ("CAÑADA", "CANADA", 1 - 1 / 6),
        ("CAÑADA", "CAÑADO", 1 - 1 / 6),
        # The lengths alone tell that it is below what is of interest
        ("ACORNS", "ACORNS CHILD DEVELOPMENT CENTER", 0),
        (None, "ACORNS", None),
    ],
)
def test_texts_are_alike_by_the_share_of_their_letters(
    left: str | None, right: str | None, alike: float | None
) -> None:
    text = written("similarity", exp.column("a"), exp.column("b"), exp.Literal.number("0.5"))
    found = duckdb.execute(f"SELECT {text} FROM (SELECT ?::TEXT AS a, ?::TEXT AS b)", [left, right]).fetchone()
    assert found == (pytest.approx(alike) if alike is not None else None,)


def test_a_quantile_is_one_of_the_numbers_on_both_engines() -> None:
    text = written("quantile", exp.column("a"), exp.Literal.number("25"))
    assert duckdb.execute(f"SELECT {text} FROM (VALUES (7), (9), (174), (NULL)) AS t(a)").fetchone() == (7,)
    assert duckdb.execute(f"SELECT {text} FROM RANGE(1, 9) AS t(a)").fetchone() == (2,)
    assert duckdb.execute(f"SELECT {text} FROM (VALUES (NULL::INT)) AS t(a)").fetchone() == (None,)


def test_similarity_is_written_for_spark() -> None:
    spark = for_spark(written("similarity", exp.column("a"), exp.column("b"), exp.Literal.number("0.5")))
    assert "LEVENSHTEIN(" in spark and "REGEXP_REPLACE(a, '[^ -~]', '?')" in spark


def test_the_hash_of_a_lead_is_that_of_its_texts_without_a_time_zone() -> None:
    given = {"lead_key": "texas:1", "is_deleted": False, "source_created_at": "2024-03-02 02:56:37+00", "capacity": 12}
    shown = {**given, "is_deleted": "false", "source_created_at": "2024-03-02 02:56:37"}
    tracked = ["lead_key", *(name for name, _, _ in LEAD_COLUMNS if name not in UNTRACKED_COLUMNS)]
    expected = "".join(f"{shown.get(name, chr(30))}{chr(31)}" for name in tracked)
    columns = ", ".join(f"?::{kind} AS {name}" for name, kind, _ in LEAD_COLUMNS)
    text = written("content_hash", exp.column("lead"))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        values = [given.get(name) for name, _, _ in LEAD_COLUMNS]
        found = connection.execute(f"SELECT {text} FROM (SELECT {columns}) AS lead", values).fetchone()
    assert found == (hashlib.md5(expected.encode()).hexdigest(),)
    # On Spark a TIMESTAMP of DuckDB's is one without a zone
    assert "CAST(CAST(lead.source_created_at AS TIMESTAMP_NTZ) AS STRING)" in for_spark(text)


def test_a_spine_has_every_day_of_its_range() -> None:
    text = written("date_spine_between", exp.Literal.string("2024-02-28"), exp.Literal.string("2024-03-01"))
    days = duckdb.execute(text).fetchall()
    assert [str(day) for (day,) in days] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    # Spark takes no cast around EXPLODE
    assert "CAST(EXPLODE(" not in for_spark(text)


@pytest.mark.parametrize(
    ("failed", "tested", "least"),
    [
        # The ends of the interval as scipy.stats.binomtest(...).proportion_ci(method="wilson") gives them
        (4, 10, 0.1682),
        (1, 3, 0.0615),
        (300, 1000, 0.2724),
        (7, 7, 0.6457),
        (0, 5, 0),
    ],
)
def test_few_rows_prove_less_of_a_share(failed: int, tested: int, least: float) -> None:
    text = written("least_share", exp.column("x"), exp.column("n"))
    found = duckdb.execute(f"SELECT {text} FROM (SELECT ?::BIGINT AS x, ?::BIGINT AS n)", [failed, tested]).fetchone()
    assert found == (pytest.approx(least, abs=1e-4),)
    assert "SQRT(" in for_spark(text)


@pytest.mark.parametrize(
    ("both", "first", "second", "neither", "kappa"),
    [
        # Cohen 1960 by hand: street, and city, of the real leads
        (15, 3, 0, 21, 0.8434),
        (10, 0, 0, 30, 1),
        # As many in common as chance gives
        (25, 25, 25, 25, 0),
        (81, 9, 9, 1, 0),
        (0, 5, 5, 90, -0.0526),
        # What holds for every row, or for none, tells nothing
        (39, 0, 0, 0, None),
        (0, 0, 0, 39, None),
        (5, 34, 0, 0, 0),
    ],
)
def test_rows_in_common_count_beyond_chance(
    both: int, first: int, second: int, neither: int, kappa: float | None
) -> None:
    text = written("agreement", *map(exp.column, "abcd"))
    cells = [float(cell) for cell in (both, first, second, neither)]
    found = duckdb.execute(f"SELECT {text} FROM (SELECT ? AS a, ? AS b, ? AS c, ? AS d)", cells).fetchone()
    assert found == (kappa if kappa is None else pytest.approx(kappa, abs=1e-4),)
    assert "NULLIF(" in for_spark(text)


def test_one_row_of_many_is_more_than_none() -> None:
    text = written("least_share", exp.column("x"), exp.column("n"))
    found = duckdb.execute(f"SELECT {text} > 0 FROM (SELECT 1 AS x, 100_000_000 AS n)").fetchone()
    assert found == (True,)


@pytest.mark.parametrize(
    ("hits", "tried", "low", "high"),
    [
        # As scipy.stats.binomtest(...).proportion_ci(method="wilson") gives them
        (1, 2, 0.0945, 0.9055),
        (4, 10, 0.1682, 0.6873),
        (0, 5, 0, 0.4345),
        (7, 7, 0.6457, 1),
    ],
)
def test_interval_of_a_share_is_that_of_wilson(hits: int, tried: int, low: float, high: float) -> None:
    for side, end in (("low", low), ("high", high)):
        text = written("wilson_bound", exp.column("x"), exp.column("n"), exp.Literal.string(side))
        found = duckdb.execute(f"SELECT {text} FROM (SELECT ?::BIGINT AS x, ?::BIGINT AS n)", [hits, tried]).fetchone()
        assert found == (pytest.approx(end, abs=1e-4),)
    nothing = duckdb.execute(f"SELECT {text} FROM (SELECT 0 AS x, 0 AS n)").fetchone()
    assert nothing == (None,)
    assert "SQRT(" in for_spark(text)
