"""Connected components: right whatever the order, at the sizes where a plain walk would fail."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from conftest import ROOT

MILLION = 1_000_000


@pytest.fixture(scope="module")
def int_entity() -> ModuleType:
    path = ROOT / "models" / "intermediate" / "int_entity.py"
    specification = importlib.util.spec_from_file_location("int_entity", path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def groups(leads: pd.Series, labels: np.ndarray) -> set[frozenset[str]]:
    return {frozenset(members) for _, members in leads.groupby(labels)}


@pytest.mark.parametrize("seed", range(5))
def test_order_of_leads_and_pairs_changes_nothing(int_entity: ModuleType, seed: int) -> None:
    pairs = pd.DataFrame([("a", "b"), ("b", "c"), ("d", "e"), ("c", "a")], columns=["left", "right"])
    shuffled = pairs.sample(frac=1, random_state=seed)
    leads = pd.Series(list("abcdef")).sample(frac=1, random_state=seed).reset_index(drop=True)
    labels = int_entity.label_components(leads, shuffled["right"], shuffled["left"])
    assert groups(leads, labels) == {frozenset("abc"), frozenset("de"), frozenset("f")}


def test_without_a_match_every_lead_stands_alone(int_entity: ModuleType) -> None:
    leads, none = pd.Series(["a", "b"]), pd.Series([], dtype=str)
    assert len(set(int_entity.label_components(leads, none, none))) == 2


@pytest.mark.parametrize("shape", ["star", "chain"])
def test_a_million_leads_in_one_entity(int_entity: ModuleType, shape: str) -> None:
    leads = pd.Series(np.arange(MILLION)).astype(str)
    left = leads.iloc[:-1] if shape == "chain" else pd.Series(["0"] * (MILLION - 1))
    labels = int_entity.label_components(leads, left, leads.iloc[1:])
    assert len(set(labels)) == 1
