"""Map, territories and campaigns in Chromium, and what their numbers rest on."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
import us
from playwright.sync_api import Browser, expect

from app_pages import opened
from conftest import ROOT
from lead_enrichment.app.county_map import county_map, name_of_state
from lead_enrichment.app.pages.campaigns import metric_words
from lead_enrichment.app.pages.territories import _legend, _limits
from lead_enrichment.wilson import wilson_interval


def rows(data: Path, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query on the published copy."""
    with duckdb.connect(str(data / "published" / "leads.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_county_that_a_zip_may_tell_has_a_shape() -> None:
    with (ROOT / "seeds" / "county.csv").open(newline="", encoding="utf-8") as stream:
        known = {row["county_fips"].zfill(5) for row in csv.DictReader(stream)}
    drawn = {
        fips for state in us.states.STATES for fips in (county_map(state.abbr) or pytest.fail(state.name)).counties
    }
    states = {state.fips for state in us.states.STATES}
    # Newer than us-atlas: Connecticut's planning regions, and the two halves of Valdez-Cordova in Alaska. Their
    # facilities are in the table beside the map.
    missing = {fips for fips in known - drawn if fips[:2] in states and fips[:2] != "09"} - {"02063", "02066"}
    assert not missing


def test_a_place_that_is_no_state_has_no_map() -> None:
    assert county_map("AB") is None
    assert county_map("") is None


def test_the_district_of_columbia_has_a_map() -> None:
    drawing = county_map("DC")
    assert drawing is not None
    assert [*drawing.counties] == ["11001"]
    assert name_of_state("DC") == "District of Columbia"


def test_shapes_lie_within_the_drawing() -> None:
    drawing = county_map("AK")
    assert drawing is not None
    for name, path in drawing.counties.values():
        for ring in filter(None, path.split("M")):
            start, steps = ring.split("l")
            x, y = map(int, start.split())
            numbers = [*map(int, steps.split())]
            for across, down in zip(numbers[::2], numbers[1::2], strict=True):
                x, y = x + across, y + down
                assert -1 <= x <= drawing.width + 1 and -1 <= y <= drawing.height + 1, name
            # A ring ends where it began.
            assert [x, y] == [*map(int, start.split())], name


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([0, 0], ["none", "1 or more"]),
        ([1, 3], ["none", "1", "2", "3 or more"]),
        ([2, 174, 0], ["none", "1–2", "3–7", "8–22", "23–62", "63 or more"]),
    ],
)
def test_colours_tell_a_village_from_a_city(counts: list[int], told: list[str]) -> None:
    assert [text for _, text in _legend("unknown", _limits(counts))] == told


def test_the_interval_of_a_sum_is_computed_as_the_mart_computes_that_of_a_row(planned_demo: Path) -> None:
    found = rows(planned_demo, "SELECT converted, leads, rate_low, rate_high FROM marts.campaign_conversion")
    assert found
    for converted, leads, low, high in found:
        assert wilson_interval(int(str(converted)), int(str(leads))) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.browser
def test_a_county_of_the_map_opens_its_leads_by_keyboard(chromium: Browser, app_address: str, app_data: Path) -> None:
    ((county, facilities, net_new),) = rows(
        app_data,
        "SELECT place, facilities, net_new FROM marts.market_penetration WHERE area = 'county' AND state = 'TX' "
        "AND NOT county_fips IS NULL ORDER BY facilities DESC, place LIMIT 1",
    )
    with opened(chromium, app_address) as page:
        page.goto("/map")
        page.get_by_label("State").select_option("NV")
        page.wait_for_url("**state=NV**")
        expect(page.get_by_role("heading", name="Nevada")).to_be_visible()
        page.get_by_label("State").select_option("TX")
        page.wait_for_url("**state=TX**")
        shape = page.locator("svg.map a").filter(has_text=re.compile(f"^{county}: {net_new} unknown", re.IGNORECASE))
        shape.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/leads?state=TX&county=**")
        expect(page.locator("#found")).to_contain_text(f"{facilities} facilities")
        # The county belongs to its state.
        page.get_by_label("State").select_option("NV")
        page.wait_for_url("**state=NV**")
        (there,) = rows(app_data, "SELECT COUNT(*) FROM marts.sales_lead WHERE state = 'NV'")[0]
        expect(page.locator("#found")).to_contain_text(f"{there} facilities")


@pytest.mark.browser
def test_a_territory_opens_the_facilities_that_sales_does_not_know(
    chromium: Browser, app_address: str, app_data: Path
) -> None:
    territory, net_new = rows(
        app_data, "SELECT territory, net_new FROM marts.sales_territory ORDER BY net_new DESC, territory LIMIT 1"
    )[0]
    with opened(chromium, app_address) as page:
        page.goto("/territories")
        page.get_by_role("row", name=str(territory)).get_by_role("link", name=str(net_new), exact=True).first.click()
        expect(page.locator("#found")).to_contain_text(f"{net_new} facilities")
        expect(page.get_by_label("Territory")).to_have_value(str(territory))
        expect(page.get_by_label("Status")).to_have_value("Net-new")


@pytest.mark.browser
def test_the_export_of_a_segment_holds_those_alone_who_may_be_written_to(
    chromium: Browser, app_address: str, app_data: Path
) -> None:
    query = "SELECT entity_key FROM marts.marketing_segment WHERE segment = 'new facilities' AND {} is_suppressed"
    wanted, left_out = ({str(key) for (key,) in rows(app_data, query.format(word))} for word in ("NOT", ""))
    assert wanted and left_out
    with opened(chromium, app_address) as page:
        page.goto("/campaigns")
        page.get_by_role("link", name="New facilities", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("New facilities")
        page.get_by_role("link", name="Left out").click()
        expect(page.locator("tbody tr").first).to_contain_text("no e-mail address")
        with page.expect_download() as loading:
            page.get_by_role("link", name="Export CSV").click()
        with loading.value.path().open(newline="", encoding="utf-8") as stream:
            exported = [*csv.DictReader(stream)]
    assert len(exported) == len(wanted)
    assert {row["entity_key"] for row in exported} == wanted
    assert all(row["email"] for row in exported)


@pytest.mark.browser
def test_campaign_and_metric_show_the_numbers_of_the_marts(chromium: Browser, app_address: str, app_data: Path) -> None:
    campaign, leads = rows(
        app_data,
        "WITH newest AS (SELECT * FROM marts.campaign_conversion "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY campaign ORDER BY cohort_month DESC) <= 24) "
        "SELECT campaign, SUM(leads) FROM newest GROUP BY campaign ORDER BY 2 DESC, 1 LIMIT 1",
    )[0]
    value = rows(app_data, "SELECT value FROM marts.metric_value WHERE metric = 'known_share' AND dimension = 'all'")[
        0
    ][0]
    with opened(chromium, app_address) as page:
        page.goto("/campaigns/conversion")
        page.get_by_label("Campaign", exact=True).select_option(str(campaign))
        page.wait_for_url("**campaign=**")
        shown = page.get_by_role("region", name="Conversion by month of creation").locator("[data-label=Leads]")
        assert sum(int(text.replace(",", "")) for text in shown.all_inner_texts()) == leads
        page.get_by_role("link", name="Metrics").click()
        page.get_by_role("link", name="Share of the market that sales knows").click()
        newest = page.get_by_role("region", name="By month").locator("tbody tr td").first
        expect(newest).to_have_text(metric_words(float(str(value)), "share"))
