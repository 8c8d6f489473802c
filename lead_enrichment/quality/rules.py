"""The quality rules: what is expected of the data, read from the contracts and from quality/rules."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from lead_enrichment.contracts import lead_contracts
from lead_enrichment.errors import UsageError
from lead_enrichment.lead_shape import LEAD_COLUMNS

DIMENSIONS = ("completeness", "validity", "uniqueness", "consistency", "timeliness", "accuracy")
LEVELS = ("source", "staging", "final")
SEVERITIES = ("critical", "error", "warning", "info")
# Of a share, where a rule says nothing else; what may never fail is told from the first row on.
MINIMUM_ROWS = 30
# The table of each level that holds the leads of all sources.
DELIVERED, LEADS = "intermediate.int_lead_delivered", "dims.dim_lead"
# What a rule can read beside the columns of the lead shape.
STAGING_EXTRA = (("copies_in_delivery", "BIGINT", "Rows of the lead in the same delivery"),)
DAY = "as_of"
FINAL_EXTRA = (
    (DAY, "DATE", "The day for which the lead is judged: the last one of a delivery, also in each month before"),
    ("match_status", "TEXT", "known, net_new, to_review or duplicate on that day"),
    ("phone_leads", "BIGINT", "Live leads of the same source that have the same phone"),
    ("email_leads", "BIGINT", "Live leads of the same source that have the same e-mail address"),
)
# What bronze holds beside the columns of a contract.
BRONZE_EXTRA = (
    ("row_number", "BIGINT", "Number of the row in its delivery"),
    ("file_date", "DATE", "Date that the delivery claims"),
    ("received_on", "DATE", "Day on which it was taken in"),
)
# The Open Data Contract Standard calls two of the dimensions otherwise.
STANDARD_DIMENSIONS = {"conformity": "validity", "coverage": "completeness"}


@dataclass(frozen=True)
class QualityRule:
    """One rule; the fields are those of rule_schema.json.

    Args:
        source_key: The only source whose rows it checks; empty where it checks all.
        minimum_rows: So many rows must be tested before a share of them means anything.
        file: The file in which it stands, from the project's folder on.
    """

    rule: str
    level: str
    table: str
    source_key: str
    dimension: str
    applies_when: str
    expression: str
    severity: str
    weight: float
    minimum_effect: float
    minimum_rows: int
    owner: str
    description: str
    remedy: str
    file: str

    @property
    def where(self) -> str:
        """The place of the rule, for messages."""
        return f"{self.file}, rule {self.rule}"

    @property
    def rule_hash(self) -> str:
        """Hash of what is tested: it stays where only words, weight or owner change."""
        tested = "\n".join((self.level, self.table, self.applies_when, self.expression))
        return hashlib.sha256(tested.encode()).hexdigest()[:12]

    @property
    def columns_to_types(self) -> dict[str, str]:
        """The columns that its SQL can read, with their types."""
        return columns_of(self.level, self.source_key)


def columns_of(level: str, source_key: str) -> dict[str, str]:
    """Return the columns that rules of a level can read, with their types; those of a source's bronze for `source`."""
    if level == "source":
        columns = {column.name: "TEXT" for column in lead_contracts()[source_key].columns}
        return columns | {name: kind for name, kind, _ in BRONZE_EXTRA}
    extra = STAGING_EXTRA if level == "staging" else FINAL_EXTRA
    return {name: kind for name, kind, _ in (*LEAD_COLUMNS, *extra)}


def rules_dir() -> Path:
    """Return the folder of the rules, in the project in the current directory; LEADS_RULES_DIR names another one."""
    return Path(os.environ.get("LEADS_RULES_DIR") or "quality/rules").absolute()


def rule_files() -> list[Path]:
    """Return the files of rules in their order; none where there is no such folder."""
    return sorted(rules_dir().glob("*.yaml"))


@cache
def rules() -> tuple[QualityRule, ...]:
    """Return every rule of the project: those of the contracts, then those of quality/rules.

    Raises:
        UsageError: A file is no list of rules, or two rules bear one name.
    """
    return unique(
        rule for file, document in (*contract_documents(), *file_documents()) for rule in parse(document, file)
    )


def unique(found: Iterable[QualityRule]) -> tuple[QualityRule, ...]:
    """Return rules of which each has a name of its own.

    Raises:
        UsageError: Two bear one name.
    """
    by_name: dict[str, QualityRule] = {}
    for rule in found:
        if rule.rule in by_name:
            raise UsageError(f"{by_name[rule.rule].file} has a rule of this name too", rule.where, "Rename one.")
        by_name[rule.rule] = rule
    return tuple(by_name.values())


def file_documents() -> Iterator[tuple[str, Any]]:
    """Return each file of rules by its name for messages, and what its YAML holds.

    Raises:
        UsageError: A file is no YAML.
    """
    for path in rule_files():
        file = f"quality/rules/{path.name}"
        yield file, read_yaml(path, file)


def read_yaml(path: Path, file: str) -> Any:
    """Return what a file of rules holds; `file` names it in messages.

    Raises:
        UsageError: It is no YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"it is no YAML ({' '.join(str(error).split())})", file, "Correct the line.") from error


def contract_documents() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the rules of the level source, which stand in the contracts, in the form of a rule file.

    The Open Data Contract Standard has a name for most of what a rule says; the rest is in `implementation`.
    """
    for contract in lead_contracts().values():
        table = f"bronze.{contract.source_key}"
        yield (
            f"contracts/{contract.source_key}.yaml",
            [
                {"level": "source", "table": table, "owner": contract.owner, **_translated(item)}
                for item in contract.rules
            ],
        )


def _translated(item: Mapping[str, Any]) -> dict[str, Any]:
    dimension = item.get("dimension")
    return {**item, "dimension": STANDARD_DIMENSIONS.get(str(dimension), dimension)}


def parse(document: Any, file: str) -> list[QualityRule]:
    """Return the rules of a document; `file` names it in messages.

    Raises:
        UsageError: It does not fit rule_schema.json, or a rule names a table that it cannot check.
    """
    for name, fault in schema_faults(document):
        raise UsageError(fault, f"{file}, rule {name}" if name else file, "See docs/quality.md.")
    return [placed(item, file) for item in document]


def schema_faults(document: Any, schema_file: str = "rule_schema.json", key: str = "rule") -> list[tuple[str, str]]:
    """Return what a list has that its JSON schema does not allow: the name of the item, or its number, and the fault.

    Args:
        document: What a YAML file holds.
        schema_file: Name of the schema, which lies beside this module.
        key: The property that names an item.
    """
    from jsonschema import Draft202012Validator

    schema = json.loads(files("lead_enrichment.quality").joinpath(schema_file).read_text(encoding="utf-8"))
    found = []
    for error in sorted(Draft202012Validator(schema).iter_errors(document), key=lambda error: [*map(str, error.path)]):
        place = [*error.path]
        item = document[place[0]] if place else None
        name = str(item.get(key) or f"number {int(place[0]) + 1}") if isinstance(item, dict) else ""
        said = f"{'.'.join(map(str, place[1:]))}: " if place[1:] else ""
        found.append((name, f"{said}{error.message}"))
    return found


def placed(item: Mapping[str, Any], file: str) -> QualityRule:
    """Return a rule with the source whose rows it checks, which follows from its table.

    Raises:
        UsageError: The table is none that rules of its level check.
    """
    where = f"{file}, rule {item['rule']}"
    sources = lead_contracts()
    tables: dict[str, str] = {
        "source": {f"bronze.{key}": key for key in sources},
        "staging": {DELIVERED: "", **{f"staging.{found.staging_model}": key for key, found in sources.items()}},
        "final": {LEADS: ""},
    }[item["level"]]
    if item["level"] == "source" and not file.startswith("contracts/"):
        raise UsageError("rules of the level source stand in the contract of the source", where, "Move it there.")
    if item["table"] not in tables:
        raise UsageError(
            f"rules of the level {item['level']} cannot check {item['table']}", where, f"Name {' or '.join(tables)}."
        )
    minimum_effect = float(item.get("minimum_effect", 0))
    return QualityRule(
        source_key=tables[item["table"]],
        applies_when=item.get("applies_when", "TRUE").strip(),
        expression=item["expression"].strip(),
        weight=float(item["weight"]),
        minimum_effect=minimum_effect,
        minimum_rows=int(item.get("minimum_rows", MINIMUM_ROWS if minimum_effect else 1)),
        file=file,
        **{name: " ".join(item[name].split()) for name in PLAIN},
    )


PLAIN = ("rule", "level", "table", "dimension", "severity", "owner", "description", "remedy")


def line_of(rule: str, file: Path) -> int | None:
    """Return the line of a file on which a rule is named; None where the file or the rule is gone."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    names = (f"rule: {rule}", f"name: {rule}")
    return next((number for number, line in enumerate(lines, 1) if line.strip().removeprefix("- ") in names), None)
