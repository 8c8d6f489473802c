"""Drafts the contract and the staging model of a new source from a file of it; a person finishes both."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.header_words import WORDS, has_word_for, is_theirs, words_of
from lead_enrichment.ingest.delivery import first_row
from lead_enrichment.ingest.formats import as_sample

SAMPLE_ROWS = 5_000
SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]*")
# What a column may be; of several that fit, the first.
ROLES = tuple(WORDS)
# The roles that a tag of the contract tells: their values are parsed once each, without a line in the staging model.
TAGS = {
    **{role: role for role in ("email", "phone", "address", "name")},
    **dict.fromkeys(("city", "county", "state"), "text"),
}
# What the staging model says of the other roles, in the order of the lead shape.
READINGS = {
    "city": "UPPER(cleaned.{column}) AS city",
    "county": "UPPER(cleaned.{column}) AS county",
    "state": "(state_in.{column}, d.{column}) AS state",
    "zip": "(@postal_code(d.{column}), d.{column}) AS postal_code",
    "type": "(@license_type(d.{column}), d.{column}) AS license_type",
    "status": "(CASE WHEN UPPER(TRIM(d.{column})) = 'ACTIVE' THEN 'active' ELSE 'unknown' END, d.{column}) "
    "AS license_status",
    "issued": "(@parse_date(d.{column}), d.{column}) AS license_issued_on",
    "expires": "(@parse_date(d.{column}), d.{column}) AS license_expires_on",
    "capacity": "(@parse_integer(d.{column}), d.{column}) AS capacity",
}
# Roles of which a draft says that no column was recognised: without them a lead is matched badly or not at all.
NEEDED = ("name", "phone", "email", "address", "city", "zip")
# Of these each facility has its own.
OWN = ("name", "phone", "email", "address")
# Of so many values with one that most rows share, the column is not the facility's own: its inspector's phone.
SHARED_FROM, SHARED_BY = 10, 0.5
# By role, what its values look like; a column with a fitting header and other values is another one.
FORMS = {
    "email": re.compile(r"@"),
    "phone": re.compile(r"[0-9]"),
    "zip": re.compile(r"\s*[0-9]{5}|\s*[A-Za-z][0-9][A-Za-z]"),
    "name": re.compile(r".*[A-Za-z]"),
}


@dataclass(frozen=True)
class Drafted:
    """A column of the file, and what it seems to be."""

    name: str
    header: str
    role: str | None
    is_key: bool
    is_filled: bool
    examples: tuple[str, ...]


def read_sample(path: Path) -> list[Drafted]:
    """Judge the columns of a file by their headers and their first rows.

    Raises:
        DataError: The file cannot be read, or no column has another value in each row.
    """
    with as_sample(path) as text, text.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=text.delimiter)
        header = [item.strip() for item in first_row(reader)]
        rows = [row for row in islice(reader, SAMPLE_ROWS) if len(row) == len(header)]
    if not rows:
        raise DataError("the file holds no row that fits its header", path.name, "Give a file with rows.")
    names = _names(header)
    values = {name: [row[at].strip() for row in rows] for at, name in enumerate(names)}
    unique = [name for name in names if all(values[name]) and len(set(values[name])) == len(rows)]
    key_words = re.compile(r"(^|_)(number|licen[sc]e|permit|credential|id|no)(_|$)")
    named = [name for name in unique if key_words.search(name) and not _roles(name, ("phone", "zip"))]
    if not unique:
        raise DataError("no column has another value in each row, so none is a natural key", path.name, "Look at it.")
    key = (named or unique)[0]
    role_of = _assigned({name: cells for name, cells in values.items() if name != key})
    columns = []
    for name, title in zip(names, header, strict=True):
        examples = tuple(dict.fromkeys(value for value in values[name] if value))[:2]
        columns.append(Drafted(name, title, role_of.get(name), name == key, all(values[name]), examples))
    return columns


def _assigned(values: dict[str, list[str]]) -> dict[str, str]:
    """Return the role of each column that has one: of several that fit, the one that most likely is the facility's.

    Args:
        values: The values of each column but the key, by its name, in the order of the file.
    """
    ranked = []
    for place, (name, cells) in enumerate(values.items()):
        for position, role in enumerate(_roles(name)):
            likelihood = _likelihood(name, role, [cell for cell in cells if cell], len(cells))
            if likelihood is not None:
                ranked.append((position, likelihood, place, name, role))
    # The first role that a header's words have before a later one, then the likelier column, then the first one.
    ranked.sort(key=lambda item: (item[0], [-part for part in item[1]], item[2]))
    found: dict[str, str] = {}
    for _, _, _, name, role in ranked:
        if name not in found and role not in found.values():
            found[name] = role
    return found


def _likelihood(name: str, role: str, filled: list[str], rows: int) -> tuple[float, ...] | None:
    """Return how likely a column whose header fits a role is the facility's, for comparison; None where it is not."""
    if role in (*NEEDED, "county", "state") and not is_theirs(name):
        return None
    most = max(Counter(filled).values(), default=0)
    if role in OWN and len(filled) >= SHARED_FROM and most > SHARED_BY * len(filled):
        return None
    form = FORMS.get(role)
    if form and filled and 2 * sum(form.search(value) is not None for value in filled) < len(filled):
        return None
    own = 1.0 - most / len(filled) if filled and role in OWN else 0.0
    return (round(len(filled) / rows, 1), -float(name.count("_")), own)


def remarks_on(columns: list[Drafted]) -> list[str]:
    """Return what a person should know of a draft: roles that no column has, and columns that were passed over."""
    roles = {column.role for column in columns}
    missing = [role for role in NEEDED if role not in roles]
    remarks = [f"No column was recognised as the facility's {role}: tag it in the contract." for role in missing]
    for column in columns:
        fitting = [role for role in _roles(column.name, NEEDED) if role in OWN]
        if column.role is None and not column.is_key and fitting:
            taken = next((item.header for item in columns if item.role == fitting[0]), None)
            instead = f"{taken} is read instead" if taken else "it does not seem to be the facility's"
            remarks.append(f"{column.header} is not read as the facility's {fitting[0]}: {instead}.")
    return remarks


def contract_text(source: str, columns: list[Drafted]) -> str:
    """Return the draft of a contract, in the form of the others."""
    lines = []
    for column in columns:
        lines += [
            f"      - name: {column.name}",
            f"        physicalName: {_yaml(column.header)}",
            f"        description: {_yaml(_description(column))}",
            "        logicalType: string",
        ]
        if column.role in TAGS:
            lines.append(f"        tags: [{TAGS[column.role]}]")
        if column.is_key:
            lines += ["        primaryKey: true", "        required: true", "        logicalTypeOptions:"]
            lines.append("          pattern: '^\\s*\\S+\\s*$'")
        elif column.role in ("name", "address", "city", "zip") and column.is_filled:
            lines.append("        required: true")
        if column.examples:
            lines.append(f"        examples: [{', '.join(_yaml(value) for value in column.examples)}]")
    return _template("contract.yaml", source).replace("{columns}", "\n".join(lines))


def staging_text(source: str, columns: list[Drafted]) -> str:
    """Return the draft of a staging model: what was recognised is read, and `@lead_shape` fills in the rest."""
    by_role = {column.role: column.name for column in columns if column.role}
    key = next(column.name for column in columns if column.is_key)
    readings = [text.replace("{column}", by_role[role]) for role, text in READINGS.items() if role in by_role]
    tagged = [f"d.{column.name} ({TAGS[column.role]})" for column in columns if column.role in TAGS]
    by_tag = f"Read by their tags in the contract: {', '.join(tagged)}" if tagged else "No column is read by a tag"
    text = _template("stg_source_facility.sql", source).replace("{key}", key).replace("{by_tag}", by_tag)
    return text.replace("{readings}", "".join(f",\n    {reading}" for reading in readings))


def write_draft(path: Path, source: str, project: Path) -> tuple[Path, Path, list[str]]:
    """Write the contract and the staging model of a new source.

    Args:
        path: A delivered file.
        source: Key of the source, such as utah.
        project: The project's folder.

    Returns:
        The contract, the staging model, and what a person should know of them.

    Raises:
        UsageError: The source's name is none, or one of the files is there already.
        DataError: The file cannot be used.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise UsageError(f"'{source}' is no name for a source", "--source", "Use small letters, digits and _: utah.")
    if not path.is_file():
        raise UsageError("there is no such file", str(path), "Give a file as the source delivers it.")
    contract = project / "contracts" / f"{source}.yaml"
    model = project / "models" / "staging" / f"stg_{source}_facility.sql"
    for target in (contract, model):
        if target.exists():
            raise UsageError("the file is there already", str(target), "Scaffold another --source, or edit it.")
    columns = read_sample(path)
    contract.write_text(contract_text(source, columns), encoding="utf-8")
    model.write_text(staging_text(source, columns), encoding="utf-8")
    return contract, model, remarks_on(columns)


def _roles(name: str, among: Iterable[str] = ROLES) -> list[str]:
    """Return the roles whose words stand in a column's name."""
    return [role for role in among if has_word_for(name, role)]


def _names(header: list[str]) -> list[str]:
    """Return canonical names: small letters, digits and _, each once."""
    names: list[str] = []
    for at, title in enumerate(header, start=1):
        name = words_of(title) or f"column_{at}"
        name = f"n_{name}" if name[0].isdigit() else name
        nth, chosen = 2, name
        while chosen in names:
            chosen, nth = f"{name}_{nth}", nth + 1
        names.append(chosen)
    return names


def _template(name: str, source: str) -> str:
    text = (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
    return text.replace("{source}", source).replace("{title}", source.replace("_", " ").title())


def _description(column: Drafted) -> str:
    return "Natural key: tells one facility from another" if column.is_key else column.header or column.name


def _yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
