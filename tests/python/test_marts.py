"""The views for people: their example queries, their promises, what they cost."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT
from lead_enrichment.lead_history import HISTORY_ATTRIBUTES
from lead_enrichment.lead_shape import LEAD_COLUMNS, UNTRACKED_COLUMNS

MARTS = {path.stem: path for path in sorted((ROOT / "models" / "marts").glob("*.sql"))}
DESCRIPTION = re.compile(r"description '((?:[^']|'')*)'")
EXAMPLE = re.compile(r"Example query: (?P<query>.*?)\. One row per ")


def description(name: str) -> str:
    """Return the description of a view as people read it."""
    found = DESCRIPTION.search(MARTS[name].read_text(encoding="utf-8"))
    assert found, name
    return found[1].replace("''", "'")


@pytest.mark.parametrize("name", MARTS)
def test_description_says_who_uses_the_view(name: str) -> None:
    users = "sales|marketing|stewards|operations|salespeople|the analytics engineer|the web app"
    assert re.search(rf"\. For (\w+ )*?({users})", description(name)), description(name)


@pytest.mark.parametrize("name", MARTS)
def test_example_query_of_a_view_answers(name: str, planned_demo: Path) -> None:
    found = EXAMPLE.search(description(name))
    assert found, "no example query"
    assert f"marts.{name}" in found["query"]
    with duckdb.connect(str(planned_demo / "published" / "leads.duckdb"), read_only=True) as connection:
        answered = connection.execute(found["query"])
        assert answered.description
        if name not in RARE:
            assert answered.fetchall(), "no row"


# Nothing of the kind need happen in a demo of two months.
RARE = {"lead_conversion"}


def test_every_tracked_column_is_in_the_history() -> None:
    """A version that differs in a column that the history does not show would be a change without a reason."""
    shown = {column for item in HISTORY_ATTRIBUTES for column in item.columns}
    # The same value as delivered, or what is read from it.
    derived = re.compile(r"_(raw|reason|normal)$|^(lead_source|unparsed|rescued|source_created_at)$")
    tracked = {name for name, _, _ in LEAD_COLUMNS if name not in UNTRACKED_COLUMNS and not derived.search(name)}
    assert tracked - shown == set()
