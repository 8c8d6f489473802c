"""Counties of a state as shapes to draw: from the TopoJSON of us-atlas to paths of SVG."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import us

ATLAS = Path(__file__).parent / "vendor" / "us-atlas" / "counties.json"
# The longer side of a drawing. Its coordinates are whole numbers, so that a path is short.
SIZE = 1_000
Point = tuple[float, float]


@dataclass(frozen=True)
class CountyMap:
    """The counties of a state.

    Args:
        width: Of the drawing.
        height: Of the drawing.
        counties: FIPS code (five digits) to the county's name and the path of its shape, by name.
        outline: The path of the state's border.
    """

    width: int
    height: int
    counties: dict[str, tuple[str, str]]
    outline: str


@lru_cache(maxsize=1)
def _atlas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ATLAS.read_text(encoding="utf-8"))
    return found


def _state(code: str) -> Any:
    """Return a state by its two letters, or None. The District of Columbia is none to the library, and has a map."""
    return us.states.DC if code == "DC" else us.states.lookup(code, field="abbr")


def name_of_state(code: str) -> str:
    """Return the name of a state; the code itself where there is no such state."""
    state = _state(code)
    return str(state.name) if state else code


@lru_cache(maxsize=60)
def county_map(code: str) -> CountyMap | None:
    """Return the map of a state by its two letters; None where there is no such state.

    A degree of longitude is drawn as long as it is in the middle of the state (equirectangular projection): within a
    state, shapes and areas are close to what people know from other maps.
    """
    state = _state(code)
    counties = [
        item for item in _atlas()["objects"]["counties"]["geometries"] if state and item["id"][:2] == state.fips
    ]
    if not counties:
        return None
    rings = {item["id"]: [*_rings(item)] for item in counties}
    used = Counter(_plain(arc) for found in rings.values() for ring in found for arc in ring)
    arcs = {number: [*_points(number)] for number in used}
    longitudes = [x for points in arcs.values() for x, _ in points]
    latitudes = [y for points in arcs.values() for _, y in points]
    west, north = min(longitudes), max(latitudes)
    shrunk = math.cos(math.radians((north + min(latitudes)) / 2))
    width, height = (max(longitudes) - west) * shrunk, north - min(latitudes)
    scale = SIZE / max(width, height)
    drawn = {
        number: [(round((x - west) * shrunk * scale), round((north - y) * scale)) for x, y in points]
        for number, points in arcs.items()
    }
    shapes = {
        item["id"]: (str(item["properties"]["name"]), "".join(_path(ring, drawn) for ring in rings[item["id"]]))
        for item in counties
    }
    # A line that one county alone has is the state's border, or a coast.
    border = "".join(_path([number], drawn) for number, times in used.items() if times == 1)
    return CountyMap(
        round(width * scale), round(height * scale), dict(sorted(shapes.items(), key=lambda item: item[1])), border
    )


def _rings(geometry: dict[str, Any]) -> Iterator[list[int]]:
    """Return the rings of a county, each as numbers of arcs; ~n is arc n backwards."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    for polygon in polygons:
        yield from polygon


def _plain(arc: int) -> int:
    return arc if arc >= 0 else ~arc


def _points(number: int) -> Iterator[Point]:
    """Return the points of an arc in degrees; in the file each is told by its distance from the one before."""
    transform = _atlas()["transform"]
    (x_scale, y_scale), (x_first, y_first) = transform["scale"], transform["translate"]
    x = y = 0
    for x_step, y_step in _atlas()["arcs"][number]:
        x, y = x + x_step, y + y_step
        longitude = x * x_scale + x_first
        # Islands of Alaska lie beyond the date line.
        yield longitude - 360 if longitude > 0 else longitude, y * y_scale + y_first


def _path(ring: list[int], drawn: dict[int, list[tuple[int, int]]]) -> str:
    """Return arcs that follow each other as a path: where it begins, then steps. Points that fall together are one."""
    points: list[tuple[int, int]] = []
    for arc in ring:
        for point in drawn[_plain(arc)] if arc >= 0 else reversed(drawn[~arc]):
            if not points or point != points[-1]:
                points.append(point)
    (x, y), *rest = points
    steps = []
    for next_x, next_y in rest:
        steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}" if steps else ""
