"""The comparison with Splink times the matching that production runs, on the pairs that Splink scores too."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from conftest import ROOT
from lead_enrichment.benchmark.matching import SplinkComparison, compare_with_splink
from lead_enrichment.paths import DataPaths


@pytest.fixture(scope="module")
def production(planned_demo: Path) -> tuple[int, int, int]:
    """Live leads, scored pairs, and entities of two or more, in production."""
    with duckdb.connect(str(planned_demo / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            """
            SELECT
                (SELECT COUNT(*) FROM intermediate.int_match_lead),
                (SELECT COUNT(*) FROM facts.fact_match_pair),
                (SELECT COUNT(DISTINCT entity_key) FROM intermediate.int_entity WHERE entity_size > 1)
            """
        ).fetchone()
    assert counts is not None
    return counts


@pytest.fixture(scope="module")
def compared(planned_demo: Path, production: tuple[int, int, int]) -> SplinkComparison:
    return compare_with_splink(DataPaths(planned_demo), ROOT, 2 * production[0])


def test_copies_of_the_leads_match_as_production_does_and_never_each_other(
    compared: SplinkComparison, production: tuple[int, int, int]
) -> None:
    _, pairs, entities = production
    # In other letters a word is no abbreviation or plural any more, so a name finds a few others.
    assert compared.matching.pairs == pytest.approx(2 * pairs, rel=0.02)
    assert compared.matching.entities == 2 * entities


def test_splink_scores_the_same_pairs(compared: SplinkComparison) -> None:
    assert compared.splink.pairs == compared.matching.pairs


def test_memory_of_each_is_its_own(compared: SplinkComparison) -> None:
    for measure in (compared.matching, compared.splink):
        assert 50e6 < measure.peak_bytes < 3e9


def test_what_splink_does_not_do_does_not_count(compared: SplinkComparison) -> None:
    steps = compared.matching.steps
    apart = ("size", "name", "unplaced", "lead_key", "key_share", "key", "verdict")
    counted = sum(seconds for step, seconds in steps.items() if step.rpartition("int_match_")[2] not in apart)
    assert compared.matching.seconds == pytest.approx(counted)
