"""Where the boxes of a lineage stand: layers from left to right, few crossings, every line around the boxes.

The usual way to draw such a graph (Sugiyama): a box stands right of all that it is made from; a line that passes a
layer gets a place in it; each layer is sorted by where its neighbours stand, back and forth; then boxes move toward
their neighbours as far as there is room. On the server, so that a page needs no script, and is the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LETTER = 6.9
BOX_HEIGHT, GAP, LAYER_GAP, MARGIN = 42, 14, 56, 8
# A line that passes a layer needs less room than a box.
PASS_HEIGHT = 10
SWEEPS = 8


@dataclass(frozen=True)
class Box:
    """A box, by its upper left corner."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A line from a box to one that is made from it, as the path of an SVG."""

    start: str
    end: str
    path: str


@dataclass(frozen=True)
class Drawing:
    """Boxes and lines, and the room that they take."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def draw(letters: Mapping[str, int], edges: Iterable[tuple[str, str]]) -> Drawing:
    """Return where boxes and lines stand.

    Args:
        letters: The letters of the longest text in each box, by name, in an order in which none stands before one that
            it is made from.
        edges: Pairs of a box and one that is made from it.
    """
    lines = sorted({(a, b) for a, b in edges if a in letters and b in letters and a != b})
    layer = _layers([*letters], lines)
    depth = max(layer.values(), default=0) + 1
    rows: list[list[str]] = [[] for _ in range(depth)]
    for name in letters:
        rows[layer[name]].append(name)
    above: dict[str, list[str]] = {name: [] for name in letters}
    below: dict[str, list[str]] = {name: [] for name in letters}
    stops: dict[tuple[str, str], list[str]] = {}
    for start, end in lines:
        stations = [start]
        for place in range(layer[start] + 1, layer[end]):
            # Lines of one box share their way as long as they go on together.
            name = f"{start}\0{place}"
            if name not in above:
                above[name], below[name] = [], []
                rows[place].append(name)
            stations.append(name)
        stations.append(end)
        stops[start, end] = stations
        for a, b in pairwise(stations):
            if b not in below[a]:
                below[a].append(b)
                above[b].append(a)
    _untangle(rows, above, below)
    heights = {name: BOX_HEIGHT if name in letters else PASS_HEIGHT for row in rows for name in row}
    tops = _settle(rows, above, below, heights)
    widths = [max((letters[name] for name in row if name in letters), default=0) * LETTER + 24 for row in rows]
    lefts = [MARGIN + sum(widths[:place]) + LAYER_GAP * place for place in range(depth)]
    boxes = tuple(
        Box(name, lefts[place], tops[name], widths[place], BOX_HEIGHT)
        for place, row in enumerate(rows)
        for name in row
        if name in letters
    )
    middle = {name: tops[name] + heights[name] / 2 for name in tops}
    drawn = []
    for (start, end), stations in stops.items():
        first = layer[start]
        path = f"M{lefts[first] + widths[first]:.1f} {middle[start]:.1f}"
        for place, (a, b) in enumerate(pairwise(stations), first):
            left, right = lefts[place] + widths[place], lefts[place + 1]
            bend = (left + right) / 2
            path += f"C{bend:.1f} {middle[a]:.1f} {bend:.1f} {middle[b]:.1f} {right:.1f} {middle[b]:.1f}"
            if b != end:
                path += f"H{right + widths[place + 1]:.1f}"
        drawn.append(Line(start, end, path))
    width = lefts[-1] + widths[-1] + MARGIN
    height = max((tops[name] + heights[name] for name in tops), default=0) + MARGIN
    return Drawing(boxes, tuple(drawn), width, height)


def _layers(names: Sequence[str], lines: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the layer of each box: right of all that it is made from; of a box without any, beside its reader."""
    layer = dict.fromkeys(names, 0)
    order = {name: place for place, name in enumerate(names)}
    for start, end in sorted(lines, key=lambda line: order[line[0]]):
        layer[end] = max(layer[end], layer[start] + 1)
    made = {end for _, end in lines}
    for name in names:
        readers = [layer[end] for start, end in lines if start == name]
        if name not in made and readers:
            layer[name] = min(readers) - 1
    return layer


def _untangle(rows: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]]) -> None:
    """Sort each layer by where the neighbours of its members stand, from left to right and back."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        neighbours = above if forth else below
        order = range(1, len(rows)) if forth else range(len(rows) - 2, -1, -1)
        for place in order:
            other = {name: spot for spot, name in enumerate(rows[place - 1 if forth else place + 1])}
            spots = {name: spot for spot, name in enumerate(rows[place])}

            def center(name: str, other: dict[str, int] = other, spots: dict[str, int] = spots) -> float:
                near = [other[item] for item in neighbours[name] if item in other]  # noqa: B023
                return sum(near) / len(near) if near else spots[name]

            rows[place].sort(key=center)


def _settle(
    rows: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]], heights: Mapping[str, float]
) -> dict[str, float]:
    """Return the upper edge of each member: near the middle of its neighbours, in order, without overlap."""
    tops: dict[str, float] = {}
    for row in rows:
        top = 0.0
        for name in row:
            tops[name] = top
            top += heights[name] + GAP
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = []
            for name in row:
                near = [tops[item] + heights[item] / 2 for item in (*above[name], *below[name])]
                wanted.append((sum(near) / len(near) if near else tops[name] + heights[name] / 2) - heights[name] / 2)
            placed: list[float] = []
            for top in wanted:
                least = placed[-1] + heights[row[len(placed) - 1]] + GAP if placed else top
                placed.append(max(top, least))
            # What was pushed down by the room it needs is half moved back, so that the layer stays in the middle.
            shift = sum(top - wish for top, wish in zip(placed, wanted, strict=True)) / len(row) if row else 0
            tops |= {name: top - shift for name, top in zip(row, placed, strict=True)}
    lowest = min(tops.values(), default=0)
    return {name: top - lowest + MARGIN for name, top in tops.items()}
