"""The contracts: what each source delivers, under which names, and how its rows are known."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Team,
)
from pydantic import ValidationError

from lead_enrichment.errors import UsageError
from lead_enrichment.patterns import LinearPattern, linear_pattern

# The spellings of the Open Data Contract Standard.
RETENTION_UNITS = {"d": "day", "day": "day", "days": "day", "y": "year", "yr": "year", "year": "year", "years": "year"}
# By this name the contracts' own quality rules call the checks of completeness.py and drift.py.
ENGINE = "lead_enrichment"
DELIVERY_MODES = ("full_snapshot", "change_feed")
# Groups of attributes for which a contract ranks its source: name and address; licence, capacity and programme; phone
# and e-mail; owner, stage and opt-out.
AUTHORITIES = ("identity", "license", "contact", "sales")
# How often a source delivers, by the unit of its `frequency` among the service levels, whose value is always 1.
CADENCES = {"d": "daily", "day": "daily", "week": "weekly", "month": "monthly"}
# How long a source may be silent: its cadence, and a few days for weekends and holidays. Decisions come at will.
SILENCE = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "monthly": timedelta(days=31)}
GRACE = timedelta(days=4)
# What the rows of a contract are: leads, the decisions of stewards about leads, what people do about incidents, what
# became of changes for other systems, or what they say about leads, values and definitions.
CONTENTS = ("leads", "decisions", "incident_events", "outbox_events", "feedback")
# What a tag says that a column holds: values that are parsed once each, in the tables staging.stg_name and so on.
VALUE_TAGS = {
    "name": "a name",
    "contact": "a contact person",
    "contact_lines": "a contact person on the first of several lines",
    "phone": "a phone",
    "mobile": "a mobile phone",
    "email": "an e-mail address",
    "address": "a street address",
    "one_line_address": "an address in one line, with city, state and ZIP",
    "text": "a short text, such as a city or a title",
}
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
# Tried where a contract names none: these encodings where the text is not UTF-8, and these delimiters.
ENCODINGS = ("cp1252", "mac_roman")
DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Column:
    """One delivered column: its canonical name, the header as delivered, and whether it must be there."""

    name: str
    header: str
    description: str
    required: bool
    aliases: tuple[str, ...]
    pattern: str | None
    tags: tuple[str, ...] = ()
    position: int = 0
    limits: Mapping[str, float] = field(default_factory=dict, hash=False)
    logical_type: str = "string"
    # By the conformed name: the words that the source uses for it, where it has a closed list of them.
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def is_phone(self) -> bool:
        """Whether the column holds phones, mobile ones too."""
        return not {"phone", "mobile"}.isdisjoint(self.tags)

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
        """Return the first day on which a delivery received on `received_on` may be deleted."""
        try:
            if self.unit == "day":
                return received_on + timedelta(days=self.value)
            # In a year without 29 February, 1 March stands for it.
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
    title: str
    description: str
    staging_model: str
    authority: Mapping[str, int]
    delivery_mode: str
    cadence: str
    key: str
    columns: tuple[Column, ...]
    retention: Retention | None = None
    version: str = "1.0.0"
    limits: Mapping[str, float] = field(default_factory=dict)
    trailer: LinearPattern | None = None
    encodings: tuple[str, ...] = ENCODINGS
    delimiters: tuple[str, ...] = DELIMITERS
    file_patterns: tuple[str, ...] = ("*",)
    owner: str = ""
    content: str = "leads"
    is_crm: bool = False
    # Its own quality rules, by the names that quality/rules has for their parts.
    rules: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)

    @property
    def key_column(self) -> Column:
        """The column that holds the natural key."""
        return next(column for column in self.columns if column.name == self.key)

    def days_late(self, newest: date | None, today: date) -> int:
        """Return for how many days a delivery has been overdue; 0 where it is not, or the source never delivered.

        Args:
            newest: Date that the newest file claims.
            today: The day on which it is asked.
        """
        silence = SILENCE.get(self.cadence)
        return max((today - newest - silence - GRACE).days, 0) if newest and silence else 0

    def tagged(self, tag: str) -> tuple[str, ...]:
        """Return the names of the columns with a tag, in the order in which they make up one value."""
        found = [column for column in self.columns if tag in column.tags]
        return tuple(column.name for column in sorted(found, key=lambda column: column.position))

    def map_header(self, header: list[str]) -> dict[int, Column]:
        """Return the contract's column for each position of a header that it knows.

        Of several headers that name one column the newest alias wins, and of equal headers the first.
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

    def doubled(self, header: list[str]) -> dict[Column, list[int]]:
        """Return the columns that several headers name, with the positions of these."""
        columns = {spelling: column for column in reversed(self.columns) for spelling in column.spellings}
        found: dict[Column, list[int]] = {}
        for position, text in enumerate(header):
            if fold(text) in columns:
                found.setdefault(columns[fold(text)], []).append(position)
        return {column: positions for column, positions in found.items() if len(positions) > 1}

    def missing_required(self, header: list[str]) -> list[Column]:
        """Return the required columns that a header does not hold."""
        present = set(self.map_header(header).values())
        return [column for column in self.columns if column.required and column not in present]


def fold(header: str) -> str:
    """Return a header without case, spaces and punctuation, so that `First Issue Date` is `first_issue_date`."""
    return re.sub(r"[^a-z0-9]", "", header.lower())


def fold_word(word: str) -> str:
    """Return a word of a vocabulary without what does not tell it from others: case, and blanks around and doubled."""
    return " ".join(word.upper().split())


def read_contract(path: Path) -> Contract:
    """Read one contract.

    Raises:
        UsageError: It is no contract of the Open Data Contract Standard, version 3, or lacks what the project needs.
    """
    return parse_contract(path.read_text(encoding="utf-8"), f"contracts/{path.name}")


def parse_contract(text: str, where: str) -> Contract:
    """Read a contract from its text; `where` names it in messages. See `read_contract`."""
    try:
        document = OpenDataContractStandard.from_string(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise UsageError(f"it is no data contract ({faults})", where, "See the Open Data Contract Standard.") from error
    except yaml.YAMLError as error:
        raise UsageError(f"it is no YAML ({' '.join(str(error).split())})", where, "Correct the line.") from error
    tables = document.schema_ or []
    table = tables[0] if len(tables) == 1 else SchemaObject()
    keys = [item.name for item in table.properties or () if item.primaryKey]
    if len(keys) != 1 or not table.name or not document.version:
        problem = "it does not describe one table with a version and one column as primaryKey"
        raise UsageError(problem, where, "Compare it with contracts/texas.yaml.")
    if not VERSION.fullmatch(document.version):
        raise UsageError(f"the version {document.version} is none", where, "Give three numbers, such as 1.0.0.")
    settings = _settings(table.customProperties)
    if settings.get("deliveryMode") not in DELIVERY_MODES:
        problem = f"deliveryMode must be {' or '.join(DELIVERY_MODES)}"
        raise UsageError(problem, where, "Set it under the table's customProperties.")
    content = settings.get("content", "leads")
    if content not in CONTENTS:
        problem = f"content must be {' or '.join(CONTENTS)}"
        raise UsageError(problem, where, "Set it under the table's customProperties, or leave it out for leads.")
    authority = settings.get("authority") or {}
    are_ranked = set(authority) == set(AUTHORITIES) and all(isinstance(rank, int) for rank in authority.values())
    if content == "leads" and not are_ranked:
        problem = f"authority must rank {', '.join(AUTHORITIES)}, 1 the highest"
        raise UsageError(problem, where, "Set it under the table's customProperties.")
    is_crm = settings.get("isCrm", False)
    if not isinstance(is_crm, bool):
        problem = "isCrm must be true or false"
        raise UsageError(problem, where, "Set it under the table's customProperties, or leave it out for a registry.")
    return Contract(
        source_key=table.name,
        title=document.name or table.name,
        staging_model=settings.get("stagingModel", f"stg_{table.name}_facility"),
        authority=authority,
        description=table.description or "",
        delivery_mode=settings["deliveryMode"],
        cadence=_read_cadence(document, where) if content == "leads" else "at will",
        key=keys[0] or "",
        columns=tuple(_read_column(item, where) for item in table.properties or ()),
        retention=_read_retention(document, where),
        version=document.version,
        limits=_read_limits(table.quality),
        encodings=tuple(settings.get("encodings", ENCODINGS)),
        delimiters=tuple(settings.get("delimiters", DELIMITERS)),
        file_patterns=tuple(settings.get("filePatterns", ("*",))),
        trailer=_read_trailer(settings["trailer"], where) if "trailer" in settings else None,
        owner=_read_owner(document),
        content=content,
        is_crm=is_crm,
        rules=_read_rules(table, where),
    )


def _settings(properties: list[CustomProperty] | None) -> dict[str, Any]:
    return {item.property or "": item.value for item in properties or ()}


def _read_trailer(pattern: object, where: str) -> LinearPattern:
    trailer = linear_pattern(pattern, where, "the trailer")
    if "(" not in trailer.pattern.replace("\\(", "").replace("(?", ""):
        raise UsageError("the trailer has no group for the number of rows", where, "Write it like '^ROWS: ([0-9]+)'.")
    return trailer


def _read_column(item: SchemaProperty, where: str) -> Column:
    settings = _settings(item.customProperties)
    pattern = (item.logicalTypeOptions or {}).get("pattern")
    if pattern is not None:
        pattern = linear_pattern(pattern, where, f"the pattern of {item.name}").pattern
    return Column(
        name=item.name or "",
        header=item.physicalName or item.name or "",
        description=item.description or "",
        required=bool(item.required),
        aliases=tuple(settings.get("aliases", ())),
        pattern=pattern,
        # The standard leaves tags free: others than these may say what they like.
        tags=tuple(tag for tag in item.tags or () if tag in VALUE_TAGS),
        position=settings.get("position", 0),
        limits=_read_limits(item.quality),
        logical_type=item.logicalType or "string",
        vocabulary={name: tuple(map(str, words)) for name, words in settings.get("vocabulary", {}).items()},
    )


def _read_limits(rules: list[DataQuality] | None) -> dict[str, float]:
    """Return the limits among the quality rules of a table or column, by the name of the rule."""
    found = [rule.implementation for rule in rules or () if rule.engine == ENGINE]
    return {item["rule"]: float(item["at_most"]) for item in found if isinstance(item, dict) and "rule" in item}


def _read_rules(table: SchemaObject, where: str) -> tuple[Mapping[str, Any], ...]:
    """Return the rules about single rows among the quality of a table and its columns: those with an expression.

    Raises:
        UsageError: One has no name.
    """
    checks = [*(table.quality or ()), *(check for item in table.properties or () for check in item.quality or ())]
    rules: list[Mapping[str, Any]] = []
    for check in checks:
        part = check.implementation
        if check.engine != ENGINE or not isinstance(part, dict) or "expression" not in part:
            continue
        if not check.name:
            raise UsageError(f"the rule {part['expression']!r} has no name", where, "Set it beside its type.")
        said = {"dimension": check.dimension, "severity": check.severity, "description": check.description}
        rules.append({"rule": check.name, **{key: value for key, value in said.items() if value}, **part})
    return tuple(rules)


def _read_cadence(document: OpenDataContractStandard, where: str) -> str:
    """Return how often the source delivers, which its contract states as the service level `frequency`."""
    stated = next((item for item in document.slaProperties or () if item.property == "frequency"), None)
    if stated is None or stated.value != 1 or stated.unit not in CADENCES:
        problem = f"the frequency must be 1, in one of the units {', '.join(CADENCES)}"
        raise UsageError(problem, where, "Set it under slaProperties.")
    return CADENCES[stated.unit]


def _read_owner(document: OpenDataContractStandard) -> str:
    """Return who answers for the contract: the owner in its team; empty where it names none."""
    members = document.team.members if isinstance(document.team, Team) else document.team
    return next((item.username or "" for item in members or () if item.role == "owner"), "")


def _read_retention(document: OpenDataContractStandard, where: str) -> Retention | None:
    """Return the service level `retention` of a contract; None, which means for ever, where it states none."""
    stated = next((item for item in document.slaProperties or () if item.property == "retention"), None)
    if stated is None:
        return None
    value, unit = stated.value, RETENTION_UNITS.get(stated.unit or "")
    if unit is None or not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(
            f"the retention of {value} {stated.unit} cannot be read",
            where,
            "Give a whole number from 1 on and the unit d (days) or y (years).",
        )
    return Retention(value, unit)


def contracts_dir() -> Path:
    """Return the folder of the contracts: that of the project in the current directory.

    A rehearsal judges a file by contracts of its own, which LEADS_CONTRACTS_DIR names.

    Raises:
        UsageError: There is no such folder.
    """
    folder = Path(os.environ.get("LEADS_CONTRACTS_DIR") or "contracts").absolute()
    if not folder.is_dir():
        raise UsageError("there are no contracts", str(folder), "Run it from the project's folder.")
    return folder


@cache
def contracts() -> dict[str, Contract]:
    """Return every contract of the project by source; see contracts_dir."""
    found = [read_contract(path) for path in sorted(contracts_dir().glob("*.yaml"))]
    return {contract.source_key: contract for contract in found}


def lead_contracts() -> dict[str, Contract]:
    """Return the contracts whose rows are leads, by source."""
    return {key: contract for key, contract in contracts().items() if contract.content == "leads"}
