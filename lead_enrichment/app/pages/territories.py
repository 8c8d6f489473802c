"""Map and territories: where the gaps in the market are, and who works them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lead_enrichment.app.county_map import county_map, name_of_state
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import render
from lead_enrichment.matching.sentences import titled
from lead_enrichment.warehouse.reading import Row
from lead_enrichment.wording import counted

MENU = (MenuEntry("Map", "/map", "Sales", 30), MenuEntry("Territories", "/territories", "Sales", 40))
router = APIRouter()

# What counties are coloured by. From light to dark, as static/app.css has it: level-1 to level-5.
MEASURES = {"unknown": "Facilities unknown to sales", "known": "Share that sales knows"}
LEVELS = 5
# What is told of all places together.
SUMS = ("facilities", "net_new", "won", "listed", "listed_known", "capacity")
COUNTIES = """
    SELECT state, place, county_fips, facilities, net_new, won, listed, listed_known, known_share, capacity
    FROM marts.market_penetration WHERE area = 'county' ORDER BY state, net_new DESC, facilities DESC, place
"""
TERRITORIES = """
    SELECT territory, owner, facilities, known, net_new, to_review, won, listed, listed_known, listed_won, known_share,
        capacity, unknown_capacity, best_unknown
    FROM marts.sales_territory ORDER BY precedence
"""
RULES = "SELECT precedence, territory, description FROM seeds.territory_rule ORDER BY precedence"


@dataclass(frozen=True)
class Shape:
    """A county as the map shows it.

    Args:
        name: Its name.
        path: Its shape.
        level: Its colour, 1 to 5; 0 where there is nothing to tell.
        told: Its numbers in words.
        href: The leads of it; empty where there are none.
    """

    name: str
    path: str
    level: int
    told: str
    href: str


@router.get("/map")
def show_map(
    request: Request,
    state: Annotated[str, Query(max_length=40)] = "",
    by: Annotated[str, Query(max_length=20)] = "unknown",
) -> Response:
    """Show the counties of a state, coloured by what is unknown or by how much is known."""
    by = by if by in MEASURES else "unknown"
    with request.app.state.published.reading() as reader:
        by_state: dict[str, list[Row]] = reader.cached("counties", lambda: _counties(reader))
    largest = sorted(by_state, key=lambda code: -sum(row["facilities"] for row in by_state[code]))
    states = [(code, name_of_state(code)) for code in largest if county_map(code)]
    state = state if state in dict(states) else states[0][0] if states else ""
    drawing = county_map(state)
    if drawing is None:
        return render(request, "map.html", states=[], elsewhere=_elsewhere(by_state, largest))
    rows = by_state[state]
    limits = _limits([row["net_new"] for row in rows]) if by == "unknown" else [20, 40, 60, 80]
    found = {row["county_fips"]: row for row in rows if row["county_fips"]}
    shapes = [_shape(state, name, path, found.get(fips), by, limits) for fips, (name, path) in drawing.counties.items()]
    listed = [(row, _name(row, drawing.counties), _leads(state, row["place"])) for row in rows]
    return render(
        request, "map.html", states=states, state=state, state_name=name_of_state(state), by=by, measures=MEASURES,
        drawing=drawing, shapes=shapes, rows=listed, legend=_legend(by, limits),
        total={name: sum(row[name] for row in rows) for name in SUMS},
        apart=sum(row["facilities"] for row in rows if row["county_fips"] not in drawing.counties),
        elsewhere=_elsewhere(by_state, [code for code in largest if code not in dict(states)]),
    )  # fmt: skip


@router.get("/territories")
def show_territories(request: Request) -> Response:
    """Show what each territory holds and who works it."""
    with request.app.state.published.reading() as reader:
        rows = reader.cached("territories", lambda: reader.rows(TERRITORIES))
        rules = reader.rows(RULES)
    names = (*SUMS, "listed_won", "unknown_capacity", "best_unknown")
    return render(
        request, "territories.html", rows=rows, total={name: sum(row[name] for row in rows) for name in names},
        rules={row["territory"]: [rule for rule in rules if rule["territory"] == row["territory"]] for row in rows},
        most=max((row["facilities"] for row in rows), default=0), leads=_territory_leads,
    )  # fmt: skip


def _territory_leads(territory: str, status: str = "") -> str:
    """Return the address of the leads of a territory."""
    return "/leads?" + urlencode({"status": status, "territory": territory} if status else {"territory": territory})


def _counties(reader: CopyReader) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reader.rows(COUNTIES):
        found.setdefault(row["state"], []).append(row)
    return found


def _elsewhere(by_state: dict[str, list[Row]], codes: Sequence[str]) -> int:
    """Return how many facilities lie in no state that can be drawn."""
    return sum(int(row["facilities"]) for code in codes for row in by_state[code])


def _limits(counts: Sequence[int]) -> list[int]:
    """Return the counts behind which the next colour begins, each by the same factor above the one before.

    The counts of counties differ a thousandfold: equal steps would paint one city and leave the rest pale.
    """
    most = max(counts, default=0)
    return sorted({int(most ** (level / LEVELS)) for level in range(1, LEVELS)} - {most}) if most else []


def _level(row: Row, by: str, limits: Sequence[int]) -> int:
    if by == "unknown":
        return 1 + sum(1 for limit in limits if row["net_new"] > limit) if row["net_new"] else 0
    # Where no state lists a facility there is no share.
    return 0 if row["known_share"] is None else 1 + sum(1 for limit in limits if row["known_share"] * 100 >= limit)


def _legend(by: str, limits: Sequence[int]) -> list[tuple[int, str]]:
    """Return the colours with what they stand for."""
    if by == "known":
        ends = [0, *limits, 100]
        return [(0, "none listed"), *((level, f"{ends[level - 1]}–{ends[level]}%") for level in range(1, LEVELS + 1))]
    starts = [1, *(limit + 1 for limit in limits)]
    told = [
        (level, f"{start:,}" if level <= len(limits) and limits[level - 1] == start
         else f"{start:,}–{limits[level - 1]:,}" if level <= len(limits) else f"{start:,} or more")
        for level, start in enumerate(starts, 1)
    ]  # fmt: skip
    return [(0, "none"), *told]


def _shape(state: str, name: str, path: str, row: Row | None, by: str, limits: Sequence[int]) -> Shape:
    if row is None:
        return Shape(name, path, 0, "no facility", "")
    listed = counted(row["listed"], "listed facility", "listed facilities")
    told = f"{row['net_new']:,} unknown to sales, {row['listed_known']:,} of {listed} known"
    return Shape(name, path, _level(row, by, limits), told, _leads(state, row["place"]))


def _name(row: Row, counties: dict[str, tuple[str, str]]) -> str:
    if row["county_fips"] in counties:
        return counties[row["county_fips"]][0]
    return "County not told" if row["place"] == "unknown" else titled(row["place"])


def _leads(state: str, county: str) -> str:
    """Return the address of the leads of a county, those that sales does not know first."""
    return "/leads?" + urlencode({"state": state, "county": county})
