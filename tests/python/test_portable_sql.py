"""Every SQL model can be written for Spark, and nothing in it is DuckDB's alone."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlmesh import Context

from conftest import ROOT


def test_models_are_written_for_spark() -> None:
    models = Context(paths=str(ROOT)).models.values()
    written = 0
    for model in models:
        if not model.is_sql:
            continue
        query = model.render_query(start="2026-11-01", end="2026-11-02")
        assert query is not None, model.name
        text = query.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        # A function that neither dialect's parser knows stays as it is written: Spark might not have it.
        unknown = {call.name.upper() for call in sqlglot.parse_one(text, read="spark").find_all(exp.Anonymous)}
        assert not unknown, f"{model.name}: {unknown}"
        written += 1
    assert written > 15
