"""The contracts: what each source delivers, under which names, and how its rows are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lead_enrichment.errors import UsageError

# The spellings of the Open Data Contract Standard.
RETENTION_UNITS = {"d": "day", "day": "day", "days": "day", "y": "year", "yr": "year", "year": "year", "years": "year"}
# By this name the contracts' own quality rules call the checks of completeness.py and drift.py.
ENGINE = "lead_enrichment"
# Tried where a contract names none: 8-bit encodings after UTF-8, and delimiters.
ENCODINGS = ("cp1252", "mac_roman")
DELIMITERS = (",", "\t", ";", "|")
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
    limits: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every header, in folded form, by which the column is recognised, the newest alias first."""
        return tuple(dict.fromkeys(fold(text) for text in (*reversed(self.aliases), self.header, self.name)))


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
    version: str
    limits: Mapping[str, float]
    trailer: re.Pattern[str] | None
    encodings: tuple[str, ...]
    delimiters: tuple[str, ...]

    @property
    def key_column(self) -> Column:
        """The column that holds the natural key."""
        return next(column for column in self.columns if column.name == self.key)

    def map_header(self, header: list[str]) -> dict[int, Column]:
        """Give the contract's column for each position of a header that it knows.

        Of several headers that name one column the newest alias counts, and of equal ones the first.
        """
        ranks = {
            spelling: (column, rank)
            for column in self.columns
            for rank, spelling in reversed(list(enumerate(column.spellings)))
        }
        best: dict[str, tuple[int, int]] = {}
        for position, text in enumerate(header):
            column, rank = ranks.get(fold(text), (None, 0))
            if column is not None:
                best[column.name] = min(best.get(column.name, (rank, position)), (rank, position))
        by_name = {column.name: column for column in self.columns}
        return {position: by_name[name] for name, (_, position) in sorted(best.items(), key=lambda item: item[1][1])}

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
                limits=_read_limits(item),
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
        version=document["version"],
        limits=_read_limits(table),
        encodings=tuple(settings.get("encodings", ENCODINGS)),
        delimiters=tuple(settings.get("delimiters", DELIMITERS)),
        trailer=re.compile(settings["trailer"]) if "trailer" in settings else None,
    )


def _read_limits(element: dict[str, Any]) -> dict[str, float]:
    """Give the limits among the quality rules of a table or column, by the name of the rule."""
    return {
        rule["implementation"]: float(rule["mustBeLessOrEqualTo"])
        for rule in element.get("quality", ())
        if rule.get("engine") == ENGINE
    }


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
