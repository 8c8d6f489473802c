"""One number, one model: a metric is the same on every page, in the API and in files, and is what its file defines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient

from conftest import ROOT
from helpers import csv_rows
from lead_enrichment.app.application import create_app
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.feeds.feed_settings import Feed
from lead_enrichment.feeds.write import write_feed
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.metrics import Metric, parse
from lead_enrichment.quality.rules import read_yaml

METRICS: list[Metric] = [
    metric
    for path in sorted((ROOT / "metrics").glob("*.yaml"))
    for metric in parse(read_yaml(path, path.name), path.name)
]
# How many months the page of a metric shows.
MONTHS = 24
# By dimension, member and month: the value.
Values = dict[tuple[str, str, date], float | None]


class Tables(HTMLParser):
    """Reads the tables of a page, each a list of rows of texts, and its tiles by their label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tiles: dict[str, list[str]] = {}
        self._texts: list[str] | None = None
        self._tile: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._texts = []
        elif tag == "li" and "tile" in (dict(attributes).get("class") or "").split():
            self._tile = []

    def handle_data(self, data: str) -> None:
        if self._texts is not None:
            self._texts.append(data)
        if self._tile is not None and data.strip():
            self._tile.append(" ".join(data.split()))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._texts is not None:
            self.tables[-1][-1].append(" ".join("".join(self._texts).split()))
            self._texts = None
        elif tag == "li" and self._tile:
            self.tiles[self._tile[0]], self._tile = self._tile[1:], None

    def rows(self, index: int = 0) -> list[dict[str, str]]:
        """Return the rows of a table by the heads of its columns."""
        head, *rows = self.tables[index]
        return [dict(zip(head, row, strict=True)) for row in rows]


def words(value: float | None, unit: str) -> str:
    """Return a value as people read it."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}"
    return f"{value:.1f}" if unit == "points" else f"{value:,.1f}".removesuffix(".0")


@pytest.fixture(scope="module")
def data(planned_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo's published copy, beside which a feed may be written."""
    folder = tmp_path_factory.mktemp("numbers") / "data"
    (folder / "published").mkdir(parents=True)
    (folder / "published" / "leads.duckdb").hardlink_to(planned_demo / "published" / "leads.duckdb")
    return folder


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    settings = AppSettings(DataPaths(data), local_user="anna")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8100", follow_redirects=False) as found:
        yield found


@pytest.fixture(scope="module")
def exported(client: TestClient) -> list[dict[str, str]]:
    """The rows of the app's CSV file."""
    answer = client.get("/campaigns/metrics/export.csv")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
    return [*csv.DictReader(io.StringIO(answer.text))]


@pytest.fixture(scope="module")
def fed(data: Path) -> list[dict[str, str]]:
    """The rows of a feed of the metrics."""
    keys = ("metric", "dimension", "member", "month")
    written = write_feed(DataPaths(data), Feed("metrics", "marts.metric_value", keys, formats=("csv",)))
    return csv_rows(written.folder / "metrics.csv")


def query(data: Path, text: str, *parameters: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data / "published" / "leads.duckdb"), read_only=True) as connection:
        return connection.execute(text, parameters).fetchall()


def page(client: TestClient, path: str, **parameters: str) -> Tables:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return Tables(answer.text)


def values_of(data: Path, metric: str) -> Values:
    """Return the values of a metric in marts.metric_value."""
    found = query(data, "SELECT dimension, member, month, value FROM marts.metric_value WHERE metric = ?", metric)
    return {(dimension, member, month): value for dimension, member, month, value in found}


def newest(data: Path, metric: str, dimension: str = "all") -> dict[str, float | None]:
    """Return the values of a metric in its newest month, by member."""
    found = values_of(data, metric)
    last = max(month for _, _, month in found)
    return {member: value for (by, member, month), value in found.items() if by == dimension and month == last}


def by_month(data: Path, metric: str) -> dict[str, float | None]:
    """Return the values of a metric as a whole, by month in words, the newest first."""
    found = {month: value for (by, _, month), value in values_of(data, metric).items() if by == "all"}
    return {f"{month:%b %Y}": found[month] for month in sorted(found, reverse=True)}


def read(rows: list[dict[str, str]], metric: str) -> Values:
    """Return the values of a metric in a CSV file."""
    return {
        (row["dimension"], row["member"], date.fromisoformat(row["month"])): float(row["value"])
        if row["value"]
        else None
        for row in rows
        if row["metric"] == metric
    }


def api(client: TestClient, metric: str) -> Values:
    """Return the values of a metric as the API tells them, page by page."""
    found: Values = {}
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        answer = client.get("/api/v1/metrics", params={"metric": metric, "limit": "100", **cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found |= {
            (row["dimension"], row["member"], date.fromisoformat(row["month"])): row["value"] for row in body["data"]
        }
        cursor = body["next_cursor"] and {"cursor": body["next_cursor"]}
    return found


def defined(data: Path, metric: Metric) -> Values:
    """Return the values of a metric as its file defines them, added up here."""
    bottom = f"/ NULLIF(SUM({metric.denominator}), 0)" if metric.denominator else ""
    found: Values = {}
    for dimension in ("all", *metric.dimensions):
        member = "'all'" if dimension == "all" else f"COALESCE({dimension}, 'unknown')"
        rows = query(
            data,
            f"SELECT {member}, DATE_TRUNC('month', {metric.month})::DATE, SUM({metric.numerator})::DOUBLE {bottom} "
            f"FROM {metric.table} WHERE NOT {metric.month} IS NULL GROUP BY ALL",
        )
        found |= {(dimension, str(name), month): value for name, month, value in rows}
    return found


def test_every_metric_has_values_in_the_demo(data: Path) -> None:
    found = {name for (name,) in query(data, "SELECT DISTINCT metric FROM marts.metric_value")}
    # Nobody need become a customer in a demo of two months.
    assert {metric.metric for metric in METRICS} - found <= {"conversions"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.metric)
def test_a_metric_is_one_number_in_app_api_and_files(
    client: TestClient, data: Path, exported: list[dict[str, str]], fed: list[dict[str, str]], metric: Metric
) -> None:
    wanted = values_of(data, metric.metric)
    assert wanted == pytest.approx(defined(data, metric))

    assert api(client, metric.metric) == wanted
    assert read(exported, metric.metric) == wanted
    assert read(fed, metric.metric) == wanted

    shown = page(client, f"/campaigns/metrics/{metric.metric}")
    months = [(month, words(value, metric.unit)) for month, value in by_month(data, metric.metric).items()]
    if not wanted:
        assert not shown.tables
        return
    assert [(row["Month"], row[metric.unit.capitalize()]) for row in shown.rows()] == months[:MONTHS]
    for place, dimension in enumerate(sorted(metric.dimensions), 1):
        members = {row[next(iter(row))]: row[metric.unit.capitalize()] for row in shown.rows(place)}
        assert members == {
            name: words(value, metric.unit)
            for name, value in newest(data, metric.metric, dimension).items()
            if value is not None
        }
    (listed,) = (row for row in page(client, "/campaigns/metrics").rows() if row["Metric"].startswith(metric.title))
    assert listed["Newest"] == words(newest(data, metric.metric)["all"], metric.unit)


def test_the_overview_tells_the_numbers_of_the_metrics(client: TestClient, data: Path) -> None:
    tiles = page(client, "/").tiles
    assert tiles["Facilities"][0] == words(newest(data, "facilities")["all"], "facilities")
    assert tiles["Duplicates to merge"][0] == words(newest(data, "duplicates")["all"], "duplicates")


@pytest.mark.parametrize(
    ("metric", "column", "unit"),
    [
        ("facilities", "Facilities", "facilities"),
        ("known_share", "Known of the market", "share"),
        ("unknown_capacity", "In unknown ones", "children"),
    ],
)
def test_a_territory_tells_the_numbers_of_the_metrics(
    client: TestClient, data: Path, metric: str, column: str, unit: str
) -> None:
    wanted = newest(data, metric, "territory")
    rows = page(client, "/territories").rows()
    # Behind the name stands the owner.
    told = {name: row[column] for name in wanted for row in rows if row["Territory"].startswith(name)}
    assert told == {name: words(value, unit) for name, value in wanted.items()}


def test_the_whole_of_the_territories_is_that_of_the_metrics(client: TestClient, data: Path) -> None:
    tiles = page(client, "/territories").tiles
    assert tiles["Known"][0] == words(newest(data, "known_share")["all"], "share")
    assert tiles["Won"][1].startswith(words(newest(data, "won_share")["all"], "share"))
    assert tiles["Children in unknown ones"][0] == words(newest(data, "unknown_capacity")["all"], "children")


@pytest.mark.parametrize("state", ["TX", "OK", "NV"])
def test_the_map_of_a_state_tells_the_numbers_of_the_metrics(client: TestClient, data: Path, state: str) -> None:
    shown = page(client, "/map", state=state)
    assert shown.tiles["Known"][0] == words(newest(data, "known_share", "state")[state], "share")
    facilities = sum(int(row["Facilities"].replace(",", "")) for row in shown.rows())
    assert facilities == newest(data, "facilities", "state")[state]


def test_the_conversion_of_each_month_is_that_of_the_metrics(client: TestClient, data: Path) -> None:
    wanted = by_month(data, "cohort_conversion")
    rows = page(client, "/campaigns/conversion").rows(1)
    assert rows
    assert {row["Created in"]: row["Rate"] for row in rows} == {
        row["Created in"]: words(wanted[row["Created in"]], "share") for row in rows
    }


def test_the_speed_of_each_month_is_that_of_the_metrics(client: TestClient, data: Path) -> None:
    wanted = by_month(data, "answered_in_week")
    rows = page(client, "/campaigns/contacts").rows()
    assert rows
    assert {row["Created in"]: row["Share"] for row in rows} == {
        row["Created in"]: words(wanted[row["Created in"]], "share") for row in rows
    }


def test_the_funnel_tells_the_numbers_of_the_metrics(client: TestClient, data: Path) -> None:
    wanted = by_month(data, "became_net_new")
    rows = page(client, "/campaigns/funnel").rows(2)
    assert rows
    assert {row["Net-new in"]: row["Facilities"] for row in rows} == {
        row["Net-new in"]: words(wanted[row["Net-new in"]], "leads") for row in rows
    }


def test_the_score_of_a_source_is_that_of_the_metrics(client: TestClient, data: Path) -> None:
    wanted = newest(data, "lead_quality", "source_key")
    tiles = page(client, "/quality").tiles
    assert wanted
    assert {name: tiles[name.title()][0] for name in wanted} == {
        name: words(value, "points") for name, value in wanted.items()
    }
