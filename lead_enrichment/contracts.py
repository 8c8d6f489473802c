"""The contracts: what each source delivers, under which names, and how its rows are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lead_enrichment.errors import UsageError

# The spellings of the Open Data Contract Standard.
RETENTION_UNITS = {"d": "day", "day": "day", "days": "day", "y": "year", "yr": "year", "year": "year", "years": "year"}
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
class Retention:
    """How long a delivery is kept."""

    value: int
    unit: str

    def ends(self, received_on: date) -> date:
        """Give the first day on which a delivery that was received on a day may go."""
        try:
            if self.unit == "day":
                return received_on + timedelta(days=self.value)
            # The day after 28 February stands for a 29 February that the year lacks.
            shifted = (
                received_on - timedelta(days=1) if (received_on.month, received_on.day) == (2, 29) else received_on
            )
            return shifted.replace(year=shifted.year + self.value) + (received_on - shifted)
        except (ValueError, OverflowError):
            return date.max

    def __str__(self) -> str:
        return f"{self.value} {self.unit}{'' if self.value == 1 else 's'}"


@dataclass(frozen=True)
class Contract:
    """What one source delivers."""

    source_key: str
    description: str
    delivery_mode: str
    cadence: str
    key: str
    columns: tuple[Column, ...]
    retention: Retention | None

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
        retention=_read_retention(document, path.name),
    )


def _read_retention(document: dict[str, Any], file_name: str) -> Retention | None:
    """Give the retention among the service levels of a contract; None, which means for ever, where there is none."""
    stated = next((item for item in document.get("slaProperties", ()) if item.get("property") == "retention"), None)
    if stated is None:
        return None
    value, unit = stated.get("value"), RETENTION_UNITS.get(stated.get("unit"))
    if unit is None or not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(
            f"the retention of {value} {stated.get('unit')} cannot be read",
            f"contracts/{file_name}",
            "Give a whole number from 1 on and the unit d (days) or y (years).",
        )
    return Retention(value, unit)


@cache
def contracts() -> dict[str, Contract]:
    """Give every contract of the project by source."""
    found = [read_contract(path) for path in sorted(CONTRACTS_DIR.glob("*.yaml"))]
    return {contract.source_key: contract for contract in found}
