"""What a picture of lineage shows: the boxes around one model or column, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from lead_enrichment.dictionary.entries import LAYERS, Dictionary, reachable
from lead_enrichment.dictionary.layout import Box, Drawing, draw

# Boxes of a picture that can still be read; a longer way is cut where they would be more.
MOST_BOXES = 80
STEPS = (1, 2, 3, 99)
DEFAULT_STEPS = 1


class Links(Protocol):
    """Where the entries of a dictionary are shown: in the app, or in a folder of files."""

    def model(self, name: str) -> str:
        """Return the address of a model."""

    def column(self, name: str) -> str:
        """Return the address of a column, `schema.model.column`."""


@dataclass(frozen=True)
class ShownBox:
    """A box with its words and its link."""

    box: Box
    title: str
    place: str
    layer: str
    href: str
    is_center: bool


@dataclass(frozen=True)
class Picture:
    """A lineage to draw, and the same in words for those who do not see it.

    Args:
        drawing: Where lines and boxes stand.
        boxes: The boxes, from left to right.
        above: What the center is made from, the nearest first, with the steps to it.
        below: What is made from it, likewise.
        left_out: How many more there are than the picture shows.
    """

    drawing: Drawing
    boxes: tuple[ShownBox, ...]
    above: tuple[tuple[str, int], ...]
    below: tuple[tuple[str, int], ...]
    left_out: int


def model_picture(dictionary: Dictionary, name: str, up: int, down: int, links: Links) -> Picture:
    """Return the models around a model.

    Args:
        dictionary: The dictionary.
        name: The model in the middle.
        up: How many steps to go to what it is built from.
        down: How many steps to go to what reads it.
        links: Where the boxes lead.
    """

    def above(model: str) -> Iterable[str]:
        found = dictionary.by_name.get(model)
        return found.parents if found else ()

    order = {model.name: place for place, model in enumerate(dictionary.models)}
    return _picture(
        name, above, lambda model: dictionary.children.get(model, ()), (up, down), order,
        lambda model: (model.partition(".")[2], model.partition(".")[0], links.model(model)),
    )  # fmt: skip


def column_picture(dictionary: Dictionary, name: str, up: int, down: int, links: Links) -> Picture:
    """Return the columns around a column (`schema.model.column`); see model_picture."""
    order = {
        f"{model.name}.{column.name}": place
        for place, model in enumerate(dictionary.models)
        for column in model.columns
    }

    def words(column: str) -> tuple[str, str, str]:
        model, _, own = column.rpartition(".")
        return own, model, links.column(column)

    return _picture(
        name, dictionary.column_origins, lambda column: dictionary.column_readers.get(column, ()), (up, down), order,
        words,
    )  # fmt: skip


def _picture(
    center: str,
    above: Callable[[str], Iterable[str]],
    below: Callable[[str], Iterable[str]],
    steps: tuple[int, int],
    order: dict[str, int],
    words: Callable[[str], tuple[str, str, str]],
) -> Picture:
    up, down = reachable(center, above, steps[0]), reachable(center, below, steps[1])
    nearest = sorted({**up, **down}.items(), key=lambda item: (item[1], order.get(item[0], 0), item[0]))
    shown = {center, *(name for name, _ in nearest[: MOST_BOXES - 1])}
    ordered = sorted(shown, key=lambda name: (order.get(name, 0), name))
    told = {name: words(name) for name in ordered}
    edges = [(parent, name) for name in ordered for parent in above(name) if parent in shown]
    drawing = draw({name: max(len(text) for text in told[name][:2]) for name in ordered}, edges)
    boxes = [
        ShownBox(
            box, told[box.name][0], told[box.name][1], layer_of(box.name), told[box.name][2], box.name == center
        )
        for box in drawing.boxes
    ]  # fmt: skip

    def listed(found: dict[str, int]) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(found.items(), key=lambda item: (item[1], order.get(item[0], 0), item[0])))

    left_out = len(nearest) - len(shown) + 1
    return Picture(drawing, tuple(boxes), listed(up), listed(down), left_out)


def layer_of(name: str) -> str:
    """Return the layer of a model or column; what is no layer of the project is `other`."""
    layer = name.partition(".")[0]
    return layer if layer in LAYERS else "other"
