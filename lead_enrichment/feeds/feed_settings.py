"""feeds.yaml: which rows of which model are written where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.settings_file import find_named, read_yaml, schema_faults, with_tuples

FILE = Path("feeds.yaml")
FORMATS = ("csv", "parquet")
KEPT = 7
REMEDY = "See docs/interfaces.md, and feeds.yaml itself."


@dataclass(frozen=True)
class Feed:
    """A feed of feeds.yaml.

    Args:
        name: Its name, which its files bear.
        model: Table of the published copy, as schema.name.
        order_by: Columns by which the rows are sorted.
        columns: Columns to write, in this order; all where it is empty.
        filter: By column a value, a list of values, or bounds (`at_least`, `below`, `is_empty`).
        formats: Of FORMATS.
        folder: Where to, as written; empty for the folder of its name.
        keep: How many of the newest stay.
        description: What it is, for who loads it.
    """

    name: str
    model: str
    order_by: tuple[str, ...]
    columns: tuple[str, ...] = ()
    filter: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = FORMATS
    folder: str = ""
    keep: int = KEPT
    description: str = ""

    def place(self, paths: DataPaths) -> Path:
        """Return the folder of the feed; one that is not absolute lies in the data directory."""
        return paths.root / (self.folder or f"feeds/{self.name}")


def read_feeds(path: Path = FILE) -> dict[str, Feed]:
    """Return the feeds of feeds.yaml by name.

    Raises:
        UsageError: The file is not there, or not as it has to be; file, place and reason are named.
    """
    document = read_yaml(path, REMEDY)
    for fault in schema_faults(document, "lead_enrichment.feeds", "feed_schema.json"):
        raise UsageError(fault, path.name, REMEDY)
    feeds = {name: Feed(name, **with_tuples(item)) for name, item in document["feeds"].items()}
    places: dict[str, str] = {}
    for feed in feeds.values():
        other = places.setdefault(feed.folder or f"feeds/{feed.name}", feed.name)
        if other != feed.name:
            raise UsageError(f"feeds.{feed.name}.folder: {other} is written there", path.name, "Name another folder.")
    return feeds


def find_feed(feeds: dict[str, Feed], name: str) -> Feed:
    """Return the feed of a name.

    Raises:
        UsageError: There is none.
    """
    return find_named(feeds, name, "feed", FILE)
