"""Times are read with their zone, on both engines, and words are no times."""

from __future__ import annotations

import pytest
import sqlglot
from sqlmesh.core.macros import MacroEvaluator

import macros.parse.parse_instant  # noqa: F401
from lead_enrichment.warehouse.connection import connect


def written(dialect: str) -> str:
    """Return the SQL that the macro writes for a column."""
    evaluator = MacroEvaluator(dialect="duckdb")
    query = sqlglot.parse_one("SELECT @parse_instant(t) AS t FROM x", read="duckdb")
    expression = evaluator.transform(query)
    assert isinstance(expression, sqlglot.exp.Expression)
    return expression.sql(dialect=dialect)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23 14:05", "2026-11-23 14:05:00+00"),
        (" 2026-11-23T14:05:07Z ", "2026-11-23 14:05:07+00"),
        ("2026-11-23T09:05:00.5-05:00", "2026-11-23 14:05:00.5+00"),
        ("2026-11-23 9:05:00", "2026-11-23 09:05:00+00"),
        ("2026-11-23", "2026-11-23 00:00:00+00"),
        ("2026-11-31", None),
        ("2026-11-23 at noon", None),
        # DuckDB would take both for times.
        ("2026-11-23 (BC)", None),
        ("26-11-23", None),
        ("11/23/2026 14:05", None),
        ("infinity", None),
        ("epoch", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_with_their_zone_and_words_are_none(text: str | None, expected: str | None) -> None:
    with connect() as connection:
        connection.execute("CREATE TABLE x AS SELECT ?::TEXT AS t", [text])
        assert connection.execute(f"SELECT t::TEXT FROM ({written('duckdb')})").fetchone() == (expected,)


def test_spark_reads_them_too() -> None:
    assert "TRY_CAST(TRIM(t) AS TIMESTAMP)" in written("spark")
