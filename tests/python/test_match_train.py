"""Weights are learned from the leads, by the levels of the models, and absurd ones are refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT, Run
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.matching import training
from lead_enrichment.matching.training import (
    Effect,
    Trained,
    Training,
    refuse_contradictions,
    refuse_harm,
    train,
)
from lead_enrichment.matching.weights import Weight, read_weights, weight_in_bits, write_weights
from lead_enrichment.paths import DataPaths

SEED = ROOT / "seeds" / "match_weight.csv"
RANDOM_PAIRS = 150_000


@pytest.fixture(scope="module")
def trained(planned_demo: Path) -> Training:
    return train(DataPaths(planned_demo), ROOT, read_weights(SEED), RANDOM_PAIRS)


def weights_of(found: Training) -> dict[tuple[str, str], Trained]:
    return {(item.old.attribute, item.old.level): item for item in found.weights}


def true_shares(data: Path, attribute: str) -> dict[str, float]:
    """Return the share of each level among the candidate pairs that are one facility in truth."""
    with duckdb.connect(str(data / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            f"""
            WITH truth AS (FROM READ_CSV(?, all_varchar = TRUE))
            SELECT s.{attribute}_level, COUNT(*)
            FROM facts.fact_match_pair AS s
            JOIN truth AS a ON a.lead_key = s.left_lead_key
            JOIN truth AS b ON b.lead_key = s.right_lead_key AND b.facility_id = a.facility_id
            WHERE s.{attribute}_level IS NOT NULL
            GROUP BY ALL
            """,
            [str(data / "truth" / "record_facility.csv")],
        ).fetchall()
    told = sum(count for _, count in counts)
    return {level: count / told for level, count in counts}


@pytest.mark.parametrize(("attribute", "level"), [("name", "exact"), ("phone", "exact"), ("address", "same_building")])
def test_shares_among_matches_are_found_without_the_truth(
    planned_demo: Path, trained: Training, attribute: str, level: str
) -> None:
    found = weights_of(trained)[attribute, level]
    assert found.kept_because is None
    assert found.new.m_probability == pytest.approx(true_shares(planned_demo, attribute)[level], abs=0.08)


def test_chance_agreement_is_counted_without_the_pairs_that_match(trained: Training) -> None:
    phone = weights_of(trained)["phone", "exact"].new
    # Of any two leads in the demo of the tests one pair in 1,000 is one facility, and these share their phone.
    assert phone.u_probability is not None
    assert phone.u_probability < 0.0003


def test_prior_is_the_odds_that_production_gives(planned_demo: Path, trained: Training) -> None:
    with duckdb.connect(str(planned_demo / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        leads, joined = connection.execute(
            """
            WITH lead AS (FROM intermediate.int_entity SEMI JOIN intermediate.int_match_lead USING (lead_key))
            SELECT (SELECT COUNT(*) FROM lead), COUNT(*)
            FROM lead AS a JOIN lead AS b ON b.entity_key = a.entity_key AND b.lead_key > a.lead_key
            """
        ).fetchone() or (0, 0)
    odds = joined / (leads * (leads - 1) / 2 - joined)
    assert weights_of(trained)["prior", "any"].new.match_weight == pytest.approx(math.log2(odds), abs=0.01)


def test_trained_weights_are_written_as_shares_of_which_any_one_may_be_changed(
    trained: Training, tmp_path: Path
) -> None:
    seed = tmp_path / "match_weight.csv"
    write_weights(seed, [item.new for item in trained.weights])
    lines = [line.split(",") for line in seed.read_text().splitlines()[1:]]
    assert {(m != "", u != "", weight != "") for _, _, m, u, weight, *_ in lines} == {
        (True, True, False),
        (False, False, True),
    }
    for written, read in zip(trained.weights, read_weights(seed), strict=True):
        assert read.match_weight == pytest.approx(written.new.match_weight, abs=0.01), read


def test_level_that_is_hardly_seen_keeps_its_weight(trained: Training) -> None:
    state = weights_of(trained)["address", "other_state"]
    assert state.new == state.old
    assert state.kept_because == "seen in 0 candidate pairs only"


def test_attribute_of_one_level_keeps_its_weight(trained: Training) -> None:
    assert weights_of(trained)["license", "same"].kept_because == "nothing to tell it from"


def test_seed_is_written_as_it_was_read(tmp_path: Path) -> None:
    copy = tmp_path / "match_weight.csv"
    write_weights(copy, read_weights(SEED))
    assert copy.read_text() == SEED.read_text()


def test_command_writes_numbers_only_and_a_dry_run_writes_nothing(
    planned_demo: Path, project_copy: Path, run: Run
) -> None:
    seed = project_copy / "seeds" / "match_weight.csv"
    train = ("leads", "match", "train", "--random-pairs", str(RANDOM_PAIRS))
    said = json.loads(run(*train, "--dry-run", "--json", data=planned_demo, project=project_copy).stdout)
    assert seed.read_text() == SEED.read_text()
    told = run(*train, data=planned_demo, project=project_copy).stdout
    assert "seeds/match_weight.csv is written" in told
    before, after = read_weights(SEED), read_weights(seed)
    assert [(row.attribute, row.level, row.description) for row in after] == [
        (row.attribute, row.level, row.description) for row in before
    ]
    assert after != before
    # The same leads give the same weights.
    assert [row.match_weight for row in after] == [item["new"]["match_weight"] for item in said["weights"]]


def test_too_few_pairs_are_refused(planned_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "FEWEST_IN_ROUND", 1_000_000)
    with pytest.raises(DataError, match="too few to learn weights from"):
        train(DataPaths(planned_demo), ROOT, read_weights(SEED), 10_000)


def test_training_without_splink_says_how_to_get_it(planned_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"Run: pip install -e '\.\[match\]'"):
        train(DataPaths(planned_demo), ROOT, read_weights(SEED), 10_000)


def test_weight_that_is_no_number_is_refused(tmp_path: Path) -> None:
    seed = tmp_path / "match_weight.csv"
    seed.write_text(SEED.read_text().replace(f"{read_weights(SEED)[1].match_weight:.2f}", "much", 1))
    with pytest.raises(UsageError, match="could not convert string to float: 'much'"):
        read_weights(seed)


@pytest.mark.parametrize(
    ("m", "u", "weight", "bits"),
    [
        pytest.param(0.8, 0.1, None, 3, id="shares alone"),
        pytest.param(None, None, -2.5, -2.5, id="weight alone"),
        pytest.param(0.8, 0.1, 3.01, 3, id="all three, but for rounding"),
        pytest.param(None, None, 0.0, 0, id="a level that tells nothing"),
    ],
)
def test_a_row_weighs_what_its_shares_give_or_else_what_it_says(
    m: float | None, u: float | None, weight: float | None, bits: float
) -> None:
    assert weight_in_bits(m, u, weight) == bits


@pytest.mark.parametrize(
    ("m", "u", "weight", "sentence"),
    [
        (0.8, 0.1, 3.02, "match_weight is 3.02, but m_probability 0.8 and u_probability 0.1 give 3"),
        (None, None, None, "it has no match_weight"),
        (0.8, None, 3.0, "u_probability is missing: enter it, or empty m_probability"),
        (None, 0.1, None, "m_probability is missing: enter it, or empty u_probability"),
        (0.8, 0.0, None, "must be above 0 and at most 1"),
        (1.2, 0.1, None, "must be above 0 and at most 1"),
    ],
)
def test_a_row_that_tells_no_weight_or_two_is_refused(
    m: float | None, u: float | None, weight: float | None, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        weight_in_bits(m, u, weight)


def learned(attribute: str, level: str, old: float, new: float) -> Trained:
    weight = Weight(attribute, level, 0.5, 0.5, old, f"{attribute} {level}")
    return Trained(weight, replace(weight, match_weight=new))


def test_matches_taken_for_the_others_are_refused() -> None:
    with pytest.raises(DataError, match=r"'phone exact' would weigh -2\.00 and 'phone different' \+3\.00"):
        refuse_contradictions([learned("phone", "exact", 13, -2), learned("phone", "different", -3, 3)])


def test_near_levels_may_change_places() -> None:
    refuse_contradictions([learned("address", "same_unit", 14.3, 14), learned("address", "same_building", 14.2, 15)])


def test_levels_of_different_attributes_are_not_held_against_each_other() -> None:
    refuse_contradictions([learned("phone", "exact", 13, 9), learned("domain", "same", 5, 10)])


@pytest.mark.parametrize(
    ("effect", "sentence"),
    [
        (Effect(1000, 0, 51, 0, 0), "51 of 1,000 joined pairs would no longer be joined"),
        (Effect(1000, 251, 0, 0, 0), "251 pairs would be joined besides"),
        (Effect(1000, 0, 0, 1, 2), "2 decisions of stewards would be contradicted"),
    ],
)
def test_weights_that_would_do_harm_are_refused(effect: Effect, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        refuse_harm(effect)


def test_weights_that_move_little_and_follow_the_stewards_are_taken() -> None:
    refuse_harm(Effect(1000, 250, 50, 2, 1))


def test_training_tells_what_would_move(trained: Training) -> None:
    assert trained.effect.joined > 100
    assert 0 <= trained.effect.lost <= trained.effect.joined
