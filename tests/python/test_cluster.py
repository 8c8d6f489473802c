"""Connected components: right whatever the order, at the sizes where a plain walk would fail."""

from __future__ import annotations

import importlib.util
import random
from types import ModuleType

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from conftest import ROOT

MILLION = 1_000_000


@pytest.fixture(scope="module")
def int_match_cluster() -> ModuleType:
    path = ROOT / "models" / "intermediate" / "int_match_cluster.py"
    specification = importlib.util.spec_from_file_location("int_match_cluster", path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def groups(labels: np.ndarray) -> set[frozenset[int]]:
    """Return the members of each component."""
    return {frozenset(members) for members in pd.Series(range(len(labels))).groupby(labels).groups.values()}


def edges(*rows: tuple[int, int, float], decided: tuple[int, ...] = ()) -> pd.DataFrame:
    """Return edges of (left, right, weight); those at the positions in `decided` are a steward's."""
    frame = pd.DataFrame(rows, columns=["left", "right", "weight"])
    return frame.assign(is_decided=frame.index.isin(decided))


def apart(*rows: tuple[int, int], decided: bool = False) -> pd.DataFrame:
    """Return pairs that cannot be one facility."""
    frame = pd.DataFrame(rows, columns=["left", "right"], dtype=np.int64)
    return frame.assign(is_decided=decided)


def licenses(size: int, **held: int) -> np.ndarray:
    """Return the licensing state of each lead: `l3=0` says that lead 3 is a licence of state 0."""
    license_of = np.full(size, -1)
    for lead, state in held.items():
        license_of[int(lead[1:])] = state
    return license_of


@pytest.mark.parametrize("seed", range(5))
def test_order_of_pairs_changes_nothing(int_match_cluster: ModuleType, seed: int) -> None:
    pairs = pd.DataFrame([(0, 1), (1, 2), (3, 4), (2, 0)]).sample(frac=1, random_state=seed)
    labels = int_match_cluster.label_components(6, pairs[1].to_numpy(), pairs[0].to_numpy())
    assert groups(labels) == {frozenset({0, 1, 2}), frozenset({3, 4}), frozenset({5})}


def test_without_a_match_every_lead_stands_alone(int_match_cluster: ModuleType) -> None:
    none = np.array([], dtype=np.int64)
    assert len(set(int_match_cluster.label_components(2, none, none))) == 2


@pytest.mark.parametrize("shape", ["star", "chain"])
def test_a_million_leads_in_one_entity(int_match_cluster: ModuleType, shape: str) -> None:
    leads = np.arange(MILLION)
    left = leads[:-1] if shape == "chain" else np.zeros(MILLION - 1, dtype=np.int64)
    assert len(set(int_match_cluster.label_components(MILLION, left, leads[1:]))) == 1


@pytest.mark.parametrize("shape", ["star", "chain"])
def test_a_million_leads_with_two_licenses_are_parted_at_the_weakest_pair(
    int_match_cluster: ModuleType, shape: str
) -> None:
    leads = np.arange(MILLION)
    left = leads[:-1] if shape == "chain" else np.zeros(MILLION - 1, dtype=np.int64)
    frame = pd.DataFrame({"left": left, "right": leads[1:], "weight": 9.0, "is_decided": False})
    frame.loc[MILLION - 2, "weight"] = 5.0
    held = licenses(MILLION, l1=0, **{f"l{MILLION - 1}": 0})
    keep = int_match_cluster.edges_within_limits(frame, held, apart())
    assert np.flatnonzero(~keep).tolist() == [MILLION - 2]


def test_of_two_licenses_of_a_state_the_stronger_pair_joins(int_match_cluster: ModuleType) -> None:
    found = edges((0, 1, 9.0), (0, 2, 12.0), (0, 3, 7.0))
    keep = int_match_cluster.edges_within_limits(found, licenses(4, l1=0, l2=0, l3=1), apart())
    # Lead 3 is a licence of another state.
    assert keep.tolist() == [False, True, True]


def test_leads_that_are_kept_apart_never_meet_by_way_of_others(int_match_cluster: ModuleType) -> None:
    found = edges((0, 1, 9.0), (1, 2, 8.0), (2, 3, 7.0))
    keep = int_match_cluster.edges_within_limits(found, licenses(4), apart((0, 3)))
    assert keep.tolist() == [True, True, False]


def test_a_decision_joins_two_licenses_and_comes_before_stronger_evidence(int_match_cluster: ModuleType) -> None:
    found = edges((0, 1, 50.0), (0, 2, -4.0), decided=(1,))
    held = licenses(3, l0=0, l1=1, l2=0)
    assert int_match_cluster.edges_within_limits(found, held, apart()).tolist() == [True, True]
    # Lead 1 and lead 2 are kept apart by a rule: the decision is the one that holds.
    assert int_match_cluster.edges_within_limits(found, held, apart((1, 2))).tolist() == [False, True]


def test_a_decision_yields_to_nothing_but_another_decision(int_match_cluster: ModuleType) -> None:
    found = edges((0, 1, 1000.0), (1, 2, 1000.0), decided=(0, 1))
    assert int_match_cluster.edges_within_limits(found, licenses(3), apart((0, 2))).tolist() == [True, True]
    assert int_match_cluster.edges_within_limits(found, licenses(3), apart((0, 2), decided=True)).sum() == 1


SIZE = 8
LEAD = st.integers(0, SIZE - 1)
PAIR = st.tuples(LEAD, LEAD).filter(lambda pair: pair[0] < pair[1])


@given(
    st.lists(st.tuples(PAIR, st.integers(1, 5)), max_size=14, unique_by=lambda item: item[0]),
    st.lists(st.sampled_from([-1, 0, 1]), min_size=SIZE, max_size=SIZE),
    st.lists(PAIR, max_size=6, unique=True),
    st.randoms(),
)
def test_no_entity_contradicts_itself_and_no_pair_is_refused_without_need(
    int_match_cluster: ModuleType,
    found: list[tuple[tuple[int, int], int]],
    held: list[int],
    kept_apart: list[tuple[int, int]],
    shuffled: random.Random,
) -> None:
    frame = edges(*((left, right, float(weight)) for (left, right), weight in found))
    license_of, torn = np.array(held), apart(*kept_apart)
    keep = int_match_cluster.edges_within_limits(frame, license_of, torn)
    kept = frame[keep]
    labels = int_match_cluster.label_components(SIZE, kept["left"].to_numpy(), kept["right"].to_numpy())

    def contradicts(members: set[int]) -> bool:
        states = [held[lead] for lead in members if held[lead] >= 0]
        return len(states) > len(set(states)) or any({a, b} <= members for a, b in kept_apart)

    entities = groups(labels)
    assert not any(contradicts(set(members)) for members in entities)
    # A refused pair would bring two entities together that cannot be one.
    for left, right in frame.loc[~keep, ["left", "right"]].itertuples(index=False):
        joined = set().union(*(members for members in entities if left in members or right in members))
        assert contradicts(joined)
    # Nor does it change anything in how many parts they come.
    parts = shuffled.randint(1, 4)
    in_parts = int_match_cluster.join_in_parts(
        license_of,
        lambda: (frame[frame["left"] % parts == part] for part in range(parts)),
        lambda: (torn[torn["left"] % parts == part] for part in range(parts)),
    )
    assert groups(in_parts) == entities
    # The order in which the pairs come changes nothing.
    order = list(range(len(frame)))
    shuffled.shuffle(order)
    again = frame.iloc[order].reset_index(drop=True)
    assert int_match_cluster.edges_within_limits(again, license_of, torn).tolist() == keep[order].tolist()


def test_pairs_are_read_in_parts_and_those_of_other_leads_are_left_out(
    int_match_cluster: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        """What the model asks of its context."""

        asked = 0

        def fetchdf(self, query: exp.Expr) -> pd.DataFrame:
            self.asked += 1
            return duckdb.sql(query.sql(dialect="duckdb")).df()

    monkeypatch.setattr(int_match_cluster, "PAIRS_AT_ONCE", 2)
    pairs = 'SELECT n AS "left", n + 1 AS "right" FROM RANGE(10, 17) AS r(n)'
    engine, leads = Engine(), np.array([12, 10, 11, 13, 15, 16])
    parts = [*int_match_cluster.pairs_in_parts(engine, pairs, leads)]
    assert (len(parts), engine.asked) == (4, 5)
    found = {(leads[left], leads[right]) for part in parts for left, right in part[["left", "right"]].to_numpy()}
    assert found == {(10, 11), (11, 12), (12, 13), (15, 16)}
