"""Every SQL model can be written for Spark, and nothing in it is DuckDB's alone."""

from __future__ import annotations

import pytest
import sqlglot
from pyspark.errors import ParseException
from pyspark.sql import SparkSession
from sqlglot import exp
from sqlmesh import Context

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


def test_a_model_calls_functions_that_sqlglot_knows(for_spark: dict[str, str]) -> None:
    # A function that neither dialect's parser knows stays as it is written: Spark might not have it.
    unknown = {
        name: {call.name.upper() for call in sqlglot.parse_one(text, read="spark").find_all(exp.Anonymous)}
        for name, text in for_spark.items()
    }
    assert {name: calls for name, calls in unknown.items() if calls} == {}


def test_spark_reads_each_model(for_spark: dict[str, str]) -> None:
    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    parser = session._jsparkSession.sessionState().sqlParser()
    unread = {}
    try:
        for name, text in for_spark.items():
            try:
                parser.parsePlan(text)
            except ParseException as error:
                unread[name] = str(error)[:300]
    finally:
        session.stop()
    assert unread == {}
