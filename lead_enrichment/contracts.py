"""The contracts: what each source delivers, under which names, and how its rows are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONTRACTS_DIR = Path(__file__).parents[1] / "contracts"


@dataclass(frozen=True)
class Column:
    """One delivered column: its canonical name, the header as delivered, and whether it must be there."""

    name: str
    header: str
    description: str
    required: bool
    aliases: tuple[str, ...]
    pattern: str | None

    @property
    def spellings(self) -> frozenset[str]:
        """Every header, in folded form, by which the column is recognised."""
        return frozenset(fold(text) for text in (self.name, self.header, *self.aliases))


@dataclass(frozen=True)
class Contract:
    """What one source delivers."""

    source_key: str
    description: str
    delivery_mode: str
    cadence: str
    key: str
    columns: tuple[Column, ...]

    @property
    def key_column(self) -> Column:
        """The column that holds the natural key."""
        return next(column for column in self.columns if column.name == self.key)

    def map_header(self, header: list[str]) -> dict[int, Column]:
        """Give the contract's column for each position of a header that it knows.

        A repeated header counts once, at its first position.
        """
        by_spelling = {spelling: column for column in self.columns for spelling in column.spellings}
        mapped: dict[int, Column] = {}
        for position, text in enumerate(header):
            column = by_spelling.get(fold(text))
            if column is not None and column not in mapped.values():
                mapped[position] = column
        return mapped

    def missing_required(self, header: list[str]) -> list[Column]:
        """Give the required columns that a header does not hold."""
        present = set(self.map_header(header).values())
        return [column for column in self.columns if column.required and column not in present]


def fold(header: str) -> str:
    """Give a header without case, spaces and punctuation, so that `First Issue Date` is `first_issue_date`."""
    return re.sub(r"[^a-z0-9]", "", header.lower())


def read_contract(path: Path) -> Contract:
    """Read one contract in the form of the Open Data Contract Standard, version 3."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    table = document["schema"][0]
    settings = {item["property"]: item["value"] for item in table["customProperties"]}
    columns = []
    for item in table["properties"]:
        custom = {entry["property"]: entry["value"] for entry in item.get("customProperties", [])}
        columns.append(
            Column(
                name=item["name"],
                header=item["physicalName"],
                description=item["description"],
                required=item.get("required", False),
                aliases=tuple(custom.get("aliases", ())),
                pattern=item.get("logicalTypeOptions", {}).get("pattern"),
            )
        )
    key = next(item["name"] for item in table["properties"] if item.get("primaryKey"))
    return Contract(
        source_key=table["name"],
        description=table["description"],
        delivery_mode=settings["deliveryMode"],
        cadence=settings["cadence"],
        key=key,
        columns=tuple(columns),
    )


@cache
def contracts() -> dict[str, Contract]:
    """Give every contract of the project by source."""
    found = [read_contract(path) for path in sorted(CONTRACTS_DIR.glob("*.yaml"))]
    return {contract.source_key: contract for contract in found}
