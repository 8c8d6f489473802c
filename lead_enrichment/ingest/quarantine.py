"""What a person decides of a refused file: take a proposal, keep the file out, or let it in as it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from lead_enrichment import contracts
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.completeness import Statement, has_manifest, manifest_path, read_manifest, write_manifest
from lead_enrichment.ingest.delivery import FILE_DATE, file_id
from lead_enrichment.ingest.ledger import ACCEPTED, PROPOSED, REJECTED, Ledger
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths, write_text_whole
from lead_enrichment.users import user_name
from lead_enrichment.wording import visible

# What quarantine puts in front of a file's name.
QUARANTINE_STAMP = re.compile(r"^\d{8}T\d{12}_")
# Longest name in bytes that leaves room for what the project puts before and behind it.
LONGEST_NAME = 180


@dataclass(frozen=True)
class Accepted:
    """What accepting a proposal did.

    Args:
        aliases: Delivered header by column of the contract.
        version: Version of the contract that knows them.
        released: The file, back in landing; None where it no longer lies in quarantine.
    """

    source_key: str
    aliases: dict[str, str]
    version: str
    released: Path | None


def accept(paths: DataPaths, proposal_id: str, by: str | None = None) -> Accepted:
    """Write a proposal's headers into the contract as aliases and put the file back into landing.

    It may be repeated after a crash: what is done already stays as it is.

    Args:
        paths: The data directory.
        proposal_id: Such as texas-1a2b3c4d.
        by: Who accepts it; the user who runs the command by default.

    Raises:
        UsageError: There is no such proposal, it was rejected, or it has nothing to map.
    """
    with only_writer(paths):
        ledger = Ledger(paths.bronze)
        rows = _proposal(ledger, proposal_id)
        if rows[0]["status"] == REJECTED:
            raise UsageError(
                f"{proposal_id} was rejected by {rows[0]['decided_by']}", "", "Put the file into landing again."
            )
        aliases = {row["column_name"]: row["header"] for row in rows if row["column_name"]}
        unresolved = [row["evidence"] for row in rows if not row["column_name"]]
        if not aliases or unresolved:
            reasons = "; ".join(unresolved)
            raise UsageError(f"{proposal_id} cannot be taken as it is ({reasons})", "", "Ask the sender for the file.")
        source_key = rows[0]["source_key"]
        version = add_aliases(source_key, aliases)
        if rows[0]["status"] != ACCEPTED:
            ledger.decide_proposal(rows, ACCEPTED, by)
        return Accepted(source_key, aliases, version, _back_to_landing(paths, rows[0]))


def reject(paths: DataPaths, proposal_id: str, by: str | None = None) -> None:
    """Keep the file of a proposal in quarantine for good; the ledger keeps who decided so.

    Args:
        paths: The data directory.
        proposal_id: Such as texas-1a2b3c4d.
        by: Who rejects it; the user who runs the command by default.

    Raises:
        UsageError: There is no such proposal, or it was decided already.
    """
    with only_writer(paths):
        ledger = Ledger(paths.bronze)
        rows = _proposal(ledger, proposal_id)
        if rows[0]["status"] != PROPOSED:
            raise UsageError(f"{proposal_id} was {rows[0]['status']} by {rows[0]['decided_by']}", "", "")
        ledger.decide_proposal(rows, REJECTED, by)


def release(paths: DataPaths, name: str, reason: str) -> Path:
    """Put a refused file back into landing, with a reason that lets it break the contract's limits.

    Args:
        paths: The data directory.
        name: Name of the file, as delivered or as it lies in quarantine.
        reason: Why it is right; the ledger keeps it.

    Raises:
        UsageError: No such file lies in quarantine, several do, or landing holds one of the name.
    """
    with only_writer(paths):
        found = [path for path in quarantined(paths) if name in (path.name, delivered_name(path))]
        if not found:
            raise UsageError("no such file lies in quarantine", name, "`leads status` names those that do.")
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise UsageError(f"several files of that name lie in quarantine ({names})", name, "Give the whole name.")
        path = found[0]
        stated = read_manifest(path)
        # A release overrides a stated row count: the operator confirms the file as it is.
        write_manifest(path, Statement(None, user_name(), reason or (stated.released if stated else None)))
        return _move_back(paths, path)


def add_aliases(source_key: str, aliases: dict[str, str], folder: Path | None = None) -> str:
    """Add delivered headers to a contract as aliases, in the style of the file, and return the contract's version.

    The version's second number goes up where an alias is new.

    Args:
        source_key: The source.
        aliases: Delivered header by canonical column.
        folder: Folder of the contracts; the project's by default.

    Raises:
        UsageError: There is no such column, or a header is empty or means another column.
    """
    path = (folder or contracts.contracts_dir()) / f"{source_key}.yaml"
    _check_aliases(contracts.read_contract(path), aliases)
    yaml = YAML()
    yaml.preserve_quotes = True
    # Long lines stay as people wrote them.
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(path.read_text(encoding="utf-8"))
    is_new = False
    for item in document["schema"][0]["properties"]:
        header = aliases.get(item["name"])
        if header is not None:
            is_new |= _add_alias(item, header)
    if is_new:
        major, minor, _ = document["version"].split(".")
        document["version"] = f"{major}.{int(minor) + 1}.0"
        text = StringIO()
        yaml.dump(document, text)
        # The contract belongs to the project, whose files others may read.
        mode = path.stat().st_mode
        write_text_whole(path, text.getvalue())
        path.chmod(mode)
        contracts.contracts.cache_clear()
    version: str = document["version"]
    return version


def _check_aliases(contract: contracts.Contract, aliases: dict[str, str]) -> None:
    where, meaning = (
        f"contracts/{contract.source_key}.yaml",
        {spelling: column.name for column in contract.columns for spelling in column.spellings},
    )
    for name, header in aliases.items():
        if name not in meaning.values():
            known = ", ".join(column.name for column in contract.columns)
            raise UsageError(f"there is no column {name!r}", where, f"Its columns are: {known}.")
        folded = contracts.fold(header)
        if not folded:
            raise UsageError(f"the header {header!r} holds no letter or digit", where, "Give it as it was delivered.")
        if meaning.get(folded, name) != name:
            raise UsageError(
                f"the header {header!r} already means the column {meaning[folded]}", where, "Name another header."
            )


def delivered_name(path: Path) -> str:
    """Return the name under which a file was delivered, without the stamp that it may have from quarantine."""
    return QUARANTINE_STAMP.sub("", path.name)


def safe_name(name: str) -> str:
    """Return a short name of plain signs for a file, which any folder takes; its own where that is one already.

    The date that a long name claims stays in it.
    """
    shown = visible(name)
    if "\\" not in shown and len(shown.encode()) <= LONGEST_NAME:
        return shown
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", shown)
    claimed = FILE_DATE.search(plain, 80)
    suffix = re.sub(r"^[^.]*", "", plain[-12:])
    mark = hashlib.sha256(shown.encode()).hexdigest()[:8]
    return f"{plain[:90]}~{mark}{'_' + claimed[1] if claimed else ''}{suffix}"


def _add_alias(item: CommentedMap, header: str) -> bool:
    settings = item.setdefault("customProperties", CommentedSeq())
    known = next((entry for entry in settings if entry["property"] == "aliases"), None)
    if known is None:
        known = CommentedMap({"property": "aliases", "value": CommentedSeq()})
        known.fa.set_flow_style()
        settings.append(known)
    if header in known["value"]:
        return False
    known["value"].append(DoubleQuotedScalarString(header))
    return True


def _proposal(ledger: Ledger, proposal_id: str) -> list[dict[str, Any]]:
    rows = ledger.proposals().get(proposal_id)
    if not rows:
        raise UsageError("there is no such proposal", proposal_id, "`leads contracts proposals` lists them.")
    return rows


def quarantined(paths: DataPaths) -> list[Path]:
    """Return the files that lie in quarantine."""
    return [
        path
        for path in sorted(paths.quarantine.glob("*/*"))
        if not path.name.startswith(".") and not path.name.endswith((".reason.txt", ".manifest.json"))
    ]


def _back_to_landing(paths: DataPaths, row: dict[str, Any]) -> Path | None:
    for path in quarantined(paths):
        if delivered_name(path) == safe_name(row["file_name"]) and file_id(path) == row["file_id"]:
            return _move_back(paths, path)
    return None


def _move_back(paths: DataPaths, path: Path) -> Path:
    target = paths.landing / path.parent.name / delivered_name(path)
    if target.exists():
        raise UsageError("landing holds a file of that name", str(target), "Take it in first: leads ingest.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if has_manifest(path):
        manifest_path(path).replace(manifest_path(target))
    path.replace(target)
    path.with_name(f"{path.name}.reason.txt").unlink(missing_ok=True)
    return target
