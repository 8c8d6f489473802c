"""A day's work of review is a variable of config.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT
from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.project import read_variable


def test_variable_is_read_from_the_configuration_and_has_a_default() -> None:
    assert read_variable(ROOT, "match_reviews_per_day", default=7) == 20
    assert read_variable(ROOT, "no_such_variable", default=7) == 7


def test_variable_that_is_no_number_of_pairs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("model_defaults: {dialect: duckdb}\nvariables: {match_reviews_per_day: 0}\n")
    with pytest.raises(UsageError, match="must be a whole number above 0, not 0"):
        read_variable(tmp_path, "match_reviews_per_day", default=7)
