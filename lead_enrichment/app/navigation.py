"""The pages of the app: each module of lead_enrichment/app/pages is found by itself, with its place in the menu."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from lead_enrichment.app import pages

GROUPS = ("Sales", "Data stewards", "Operations", "Reference")


@dataclass(frozen=True)
class MenuEntry:
    """Where a page stands in the menu.

    Args:
        title: Its name.
        path: Its address; what lies below belongs to it.
        group: One of GROUPS.
        order: Its place in the group.
        role: Who sees it.
    """

    title: str
    path: str
    group: str
    order: int
    role: str = "viewer"

    def is_at(self, path: str) -> bool:
        """Whether a page belongs to this entry."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


def page_modules() -> Iterator[ModuleType]:
    """Return the modules of pages, each with `router` and, where it stands in the menu, `MENU`."""
    for found in sorted(pkgutil.iter_modules(pages.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{pages.__name__}.{found.name}")
        if hasattr(module, "router"):
            yield module


def menu_of(modules: list[ModuleType]) -> tuple[tuple[str, tuple[MenuEntry, ...]], ...]:
    """Return the menu: groups with their entries, in order."""
    entries = sorted(
        (entry for module in modules for entry in getattr(module, "MENU", ())),
        key=lambda entry: (GROUPS.index(entry.group), entry.order, entry.title),
    )
    groups = {group: tuple(entry for entry in entries if entry.group == group) for group in GROUPS}
    return tuple((group, found) for group, found in groups.items() if found)
