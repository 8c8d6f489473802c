"""Thresholds that cannot be meant are refused; others part the pairs into three bands."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.match.match_band  # noqa: F401
from conftest import Run
from lead_enrichment.errors import UsageError


def written(auto: object, review: object) -> str:
    threshold = [exp.convert(value) for value in (auto, review)]
    return str(macro.get_registry()["match_band"].func(None, exp.column("p"), *threshold))


def bands(auto: float, review: float, dialect: str = "duckdb") -> list[str]:
    band = sqlglot.transpile(written(auto, review), read="duckdb", write=dialect)[0]
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {band} FROM (VALUES (0.95), (0.9), (0.89), (0.5), (0.49)) AS t(p)"
        ).fetchall()
    return [found for (found,) in rows]


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_a_threshold_belongs_to_the_band_above_it(dialect: str) -> None:
    assert bands(0.9, 0.5, dialect) == ["auto", "auto", "review", "review", "reject"]


def test_equal_thresholds_leave_nothing_for_review() -> None:
    assert bands(0.7, 0.7) == ["auto", "auto", "auto", "reject", "reject"]


@pytest.mark.parametrize(
    ("auto", "review"), [(0.5, 0.9), (1.5, 0.5), (1, 0.5), (0.9, 0), ("high", 0.5), (0.9, "half"), (None, 0.5)]
)
def test_thresholds_that_cross_or_are_none_are_refused(auto: object, review: object) -> None:
    with pytest.raises(UsageError, match="must lie between 0 and 1, and the one for review not above the other"):
        written(auto, review)


def test_a_plan_says_which_thresholds_cross(run: Run, project_copy: Path, tmp_path: Path) -> None:
    config = project_copy / "config.yaml"
    text = config.read_text()
    assert "match_review_probability: 0.5" in text
    config.write_text(text.replace("match_review_probability: 0.5", "match_review_probability: 0.97"))
    words = ("sqlmesh", "plan", "dev", "--no-prompts", "--skip-tests")
    printed = " ".join(run(*words, data=tmp_path, project=project_copy, expect=1).stdout.split())
    assert "config.yaml: match_review_probability (0.97) and match_auto_probability (0.9) must lie" in printed
