"""Anomalies are found with few months to judge by, and rarely where nothing is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lead_enrichment.quality.anomaly import (
    AnomalyVerdict,
    Judged,
    Points,
    Transform,
    benjamini_hochberg,
    effect,
    expected_range,
    judge,
    restored,
    transformed,
    verdicts,
)
from lead_enrichment.quality.simulation import drawn, found_in, simulate


def rates(shares: list[list[float]], total: int = 10_000) -> Points:
    return transformed(Transform.RATE, np.array(shares) * total, np.full(np.shape(shares), float(total)))


def judged(now: list[float], past: list[list[float]], year_before: list[float] | None = None) -> Judged:
    year = rates([year_before]) if year_before else None
    newest = rates([now])
    return judge(
        Points(newest.y[0], newest.variance[0]), rates(past), year and Points(year.y[0], year.variance[0])
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_a_transformed_share_has_the_variance_of_its_sampling_whatever_its_size(share: float) -> None:
    events = np.random.default_rng(1).binomial(1000, share, size=20_000)
    points = transformed(Transform.RATE, events, np.full(20_000, 1000.0))
    assert points.y.var() == pytest.approx(points.variance[0], rel=0.05)


@pytest.mark.parametrize("level", [5, 50, 500])
def test_a_transformed_count_varies_by_one(level: int) -> None:
    events = np.random.default_rng(1).poisson(level, size=20_000)
    assert transformed(Transform.COUNT, events, np.zeros(20_000)).y.var() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(
    ("transform", "events", "total", "value"),
    [(Transform.RATE, 30, 200, 0.15), (Transform.COUNT, 40, 0, 40), (Transform.STOCK, 900, 1000, 900)],
)
def test_a_transformed_value_comes_back_in_its_own_unit(
    transform: Transform, events: float, total: float, value: float
) -> None:
    points = transformed(transform, np.array([events]), np.array([total]))
    assert restored(transform, points.y, np.array([total])) == pytest.approx([value])


def test_a_total_of_nothing_and_a_level_without_one_before_are_no_values() -> None:
    assert np.isnan(transformed(Transform.RATE, np.array([0.0]), np.array([0.0])).y).all()
    assert np.isnan(transformed(Transform.STOCK, np.array([10.0, 0.0]), np.array([0.0, 10.0])).y).all()
    assert np.isnan(transformed(Transform.COUNT, np.array([np.nan]), np.array([0.0])).variance).all()


def test_the_moderated_t_is_that_of_its_formula() -> None:
    past = np.array([[0.10, 0.16, 0.12, 0.20], [0.50, 0.52, 0.47, 0.55]])
    now = np.array([0.4, 0.5])
    found = judge(Points(now, np.zeros(2)), Points(past, np.zeros((2, 4))))
    own, degrees = past.var(axis=1, ddof=1), 3
    family = np.median(own) * degrees / stats.chi2.ppf(0.5, degrees)
    moderated = (4 * family + degrees * own) / (4 + degrees)
    spread = np.sqrt(moderated * (1 + 1 / 4))
    assert found.spread == pytest.approx(spread)
    assert found.p == pytest.approx(2 * stats.t.sf(np.abs(now - past.mean(axis=1)) / spread, 7))
    low, high = expected_range(found)
    assert high - found.expected == pytest.approx(stats.t.ppf(0.995, 7) * spread)
    assert low + high == pytest.approx(2 * found.expected)


def test_a_metric_that_never_moved_is_not_surer_than_its_sampling() -> None:
    # Without the least variance, s would be zero and any change certain.
    still = judged([0.0101], [[0.01] * 6])
    assert still.p[0] > 0.5
    assert judged([0.05], [[0.01] * 6]).p[0] < 0.001


def test_a_restless_metric_of_a_calm_family_keeps_part_of_its_own_variance() -> None:
    calm = [[0.30, 0.301, 0.299, 0.30, 0.30, 0.301]] * 5
    alone = judged([0.45] + [0.3] * 5, [[0.3, 0.4, 0.2, 0.35, 0.25, 0.3], *calm])
    assert alone.p[0] > alone.p[1:].min() / 100 and alone.spread[0] > 3 * alone.spread[1]


def test_with_one_or_two_months_the_family_tells_the_variance_and_nothing_is_more_than_a_warning() -> None:
    found = judged([0.6, 0.3], [[0.30, 0.301], [0.30, 0.29]])
    assert list(found.degrees) == [4, 4] and found.spread[0] == found.spread[1]
    said = verdicts(found.past, benjamini_hochberg(found.p), np.array([0.3, 0.0]), np.array([0.03, 0.03]))
    assert list(said) == [AnomalyVerdict.WARNING, AnomalyVerdict.NORMAL]


def test_without_a_past_nothing_is_judged_and_the_others_are_judged_as_without_it() -> None:
    found = judged([0.6, 0.3], [[np.nan] * 4, [0.3, 0.31, 0.29, 0.3]])
    q = benjamini_hochberg(found.p)
    assert np.isnan(q[0]) and q[1] == pytest.approx(found.p[1])
    assert list(verdicts(found.past, q, np.array([0.6, 0.0]), np.array([0.03, 0.03]))) == [
        AnomalyVerdict.NO_HISTORY,
        AnomalyVerdict.NORMAL,
    ]


def test_what_returns_every_year_is_no_anomaly_from_the_second_year_on() -> None:
    past = [[0.3] * 12]
    assert judged([0.5], past).p[0] < 0.001
    assert judged([0.5], past, [0.5]).p[0] > 0.9
    assert judged([0.5], past, [0.498]).p[0] > 0.5
    # Both must agree in the direction as well.
    assert judged([0.5], past, [0.8]).p[0] == 1
    assert judged([0.5], past, [0.3]).p[0] < 0.001
    assert judged([0.5], past, [np.nan]).p[0] < 0.001


def test_p_values_are_adjusted_as_benjamini_and_hochberg_do() -> None:
    p = np.array([0.01, 0.8, np.nan, 0.03, 0.02, 0.5])
    adjusted = benjamini_hochberg(p)
    known = ~np.isnan(p)
    assert adjusted[known] == pytest.approx(stats.false_discovery_control(p[known]))
    assert np.isnan(adjusted[2])
    assert len(benjamini_hochberg(np.array([]))) == 0


def test_a_sure_but_small_difference_is_told_to_nobody() -> None:
    said = verdicts(np.array([6, 6, 6]), np.array([1e-9, 1e-9, 0.2]), np.array([0.02, -0.04, 0.5]), np.full(3, 0.03))
    assert list(said) == [AnomalyVerdict.NORMAL, AnomalyVerdict.ALARM, AnomalyVerdict.NORMAL]


def test_the_effect_of_a_share_is_in_shares_and_of_others_relative() -> None:
    assert effect(Transform.RATE, np.array([0.15]), np.array([0.1])) == pytest.approx([0.05])
    assert effect(Transform.STOCK, np.array([900.0]), np.array([1000.0])) == pytest.approx([-0.1])
    # Where next to none is expected, one event is no infinite change.
    assert effect(Transform.COUNT, np.array([1.0, 20.0]), np.array([0.0, 10.0])) == pytest.approx([0, 1])


# What docs/quality-statistics.md says, with fewer worlds.
@pytest.mark.parametrize("months", [3, 6, 11, 12])
def test_false_alarms_are_rare_and_shifts_of_ten_points_are_found(months: int) -> None:
    done = simulate(months, worlds=120)
    assert done.false_alarms <= 0.5
    assert done.found["share, ten points off"] >= 0.9
    assert done.found["stock, a tenth lost"] >= 0.9
    assert done.found["share, three points off"] <= 0.4


def test_a_season_costs_findings_and_not_false_alarms() -> None:
    calm, seasonal = simulate(11, worlds=120), simulate(11, worlds=120, season=0.5)
    assert seasonal.false_alarms <= 0.5
    assert seasonal.found["share, ten points off"] < calm.found["share, ten points off"]


def test_twenty_shares_are_judged_beside_counts_and_stocks() -> None:
    found = found_in(drawn(np.random.default_rng(3), 7, 3000, 0.0))
    assert {transform: len(said) for transform, said in found.items()} == {
        Transform.RATE: 20, Transform.COUNT: 6, Transform.STOCK: 2,
    }  # fmt: skip
