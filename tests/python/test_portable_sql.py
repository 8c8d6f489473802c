"""Every SQL model can be written for Spark, and nothing in it is DuckDB's alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlglot
from pyspark.errors import ParseException
from pyspark.sql import SparkSession
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.macros import macro

import macros.sql.quantile  # noqa: F401
from conftest import ROOT


@pytest.fixture(scope="module")
def for_spark() -> dict[str, str]:
    """The query of each SQL model, as Spark gets it."""
    written = {}
    for model in Context(paths=str(ROOT)).models.values():
        if model.is_sql:
            query = model.render_query(start="2026-11-01", end="2026-11-02")
            assert query is not None, model.name
            written[model.name] = query.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert len(written) > 50
    return written


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """Spark as SQLMesh sets it: what is no number, or has no such place, is an error."""
    settings = {"spark.ui.enabled": "false", "spark.sql.ansi.enabled": "true", "spark.sql.shuffle.partitions": "1"}
    session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield session
    session.stop()


def test_a_model_calls_functions_that_sqlglot_knows(for_spark: dict[str, str]) -> None:
    # A function that neither dialect's parser knows stays as it is written: Spark might not have it.
    unknown = {
        name: {call.name.upper() for call in sqlglot.parse_one(text, read="spark").find_all(exp.Anonymous)}
        for name, text in for_spark.items()
    }
    assert {name: calls for name, calls in unknown.items() if calls} == {}


def test_spark_reads_each_model(for_spark: dict[str, str], session: SparkSession) -> None:
    parser = session._jsparkSession.sessionState().sqlParser()
    unread = {}
    for name, text in for_spark.items():
        try:
            parser.parsePlan(text)
        except ParseException as error:
            unread[name] = str(error)[:300]
    assert unread == {}


def test_a_quantile_is_the_same_on_spark(session: SparkSession) -> None:
    text = macro.get_registry()["quantile"].func(None, exp.column("a"), exp.Literal.number("25"))
    numbers = "VALUES (1, 7), (1, 9), (1, 174), (1, NULL), (2, NULL), (3, 1), (3, 2), (3, 3), (3, 4), (3, 5) AS t(g, a)"
    asked = sqlglot.transpile(f"SELECT g, {text} AS q FROM given GROUP BY g ORDER BY g", read="duckdb", write="spark")
    session.sql(f"SELECT * FROM {numbers}").createOrReplaceTempView("given")
    assert [tuple(row) for row in session.sql(asked[0]).collect()] == [(1, 7), (2, None), (3, 2)]
