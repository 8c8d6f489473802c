"""The views for people: their example queries, their promises, what they cost."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT
from lead_enrichment.errors import UsageError
from lead_enrichment.lead_history import HISTORY_ATTRIBUTES
from lead_enrichment.lead_shape import LEAD_COLUMNS, UNTRACKED_COLUMNS
from lead_enrichment.quality.metrics import metrics, parse, unique

# What stands behind the search of the app is read by no person.
MARTS = {
    path.stem: path for path in sorted((ROOT / "models" / "marts").glob("*.sql")) if not path.stem.startswith("search_")
}
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
RARE = {"lead_conversion", "facility_event"}


def test_every_tracked_column_is_in_the_history() -> None:
    """A version that differs in a column that the history does not show would be a change without a reason."""
    shown = {column for item in HISTORY_ATTRIBUTES for column in item.columns}
    # The same value as delivered, or what is read from it.
    derived = re.compile(r"_(raw|reason|normal)$|^(lead_source|unparsed|rescued|source_created_at)$")
    tracked = {name for name, _, _ in LEAD_COLUMNS if name not in UNTRACKED_COLUMNS and not derived.search(name)}
    assert tracked - shown == set()


METRIC = {
    "metric": "facilities",
    "title": "Live facilities",
    "table": "marts.sales_lead",
    "month": "as_of",
    "numerator": "1",
    "definition": "Facilities that a state lists or Salesforce has.",
    "owner": "sales_operations",
    "unit": "facilities",
    "dimensions": ["territory"],
}


def test_metrics_of_the_project_are_read() -> None:
    assert {"known_share", "net_new_won", "cohort_conversion"} <= {item.metric for item in metrics()}
    (parsed,) = parse([METRIC], "metrics/market.yaml")
    assert (parsed.metric, parsed.denominator, parsed.dimensions) == ("facilities", "", ("territory",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": "apples"}, "metric facilities: unit: 'apples' is not one of"),
        ({"target": 3}, "'target' was unexpected"),
        ({"table": "bronze.texas"}, "metric facilities: table: 'bronze.texas' does not match"),
        ({"definition": "few words"}, "metric facilities: definition: 'few words' is too short"),
        ({"numerator": "SUM(capacity)"}, "metric facilities: numerator adds up rows"),
        ({"numerator": "CASE WHEN"}, "metric facilities: numerator is no SQL"),
        ({"denominator": "(SELECT 1)"}, "metric facilities: denominator reads another table"),
        ({"month": "CURRENT_DATE"}, "metric facilities: month depends on the moment of the run"),
    ],
)
def test_a_faulty_metric_is_refused_in_one_sentence(change: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse([{**METRIC, **change}], "metrics/market.yaml")
    assert said in f"{refused.value}"
    assert "metrics/market.yaml" in f"{refused.value}" and "\n" not in f"{refused.value}"


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="a metric of this name too"):
        unique([*parse([METRIC], "metrics/a.yaml"), *parse([METRIC], "metrics/b.yaml")])
