"""Checks contracts against the standard, against the models that read them, and against an earlier version."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml
from jsonschema import Draft201909Validator
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope
from sqlmesh import Context

from lead_enrichment.bronze import EXTERNAL_MODELS, bronze_tables, external_models_yaml
from lead_enrichment.contracts import VALUE_TAGS, Column, Contract
from lead_enrichment.errors import UsageError


@dataclass(frozen=True)
class ContractChange:
    """One difference between two versions of a contract.

    Args:
        text: What changed.
        is_backward: Whether the new version takes every file that the old one took.
        is_forward: Whether the old version would take every file that fits the new one.
    """

    text: str
    is_backward: bool
    is_forward: bool


@dataclass(frozen=True)
class ContractComparison:
    """A contract beside an earlier version."""

    source_key: str
    old_version: str
    new_version: str
    changes: tuple[ContractChange, ...]

    @property
    def compatibility(self) -> str:
        """`full`, `backward`, `forward`, or `breaking` where files that fit one version do not fit the other."""
        backward = all(change.is_backward for change in self.changes)
        forward = all(change.is_forward for change in self.changes)
        if backward and forward:
            return "full"
        return "backward" if backward else "forward" if forward else "breaking"

    @property
    def is_version_right(self) -> bool:
        """Whether the version went up where something changed, by its first number where old files stop fitting."""
        old, new = (tuple(map(int, version.split("."))) for version in (self.old_version, self.new_version))
        if not self.changes:
            return new >= old
        return new > old if self.compatibility in ("full", "backward") else new[0] > old[0]


def standard_faults(path: Path) -> list[str]:
    """Return the faults of a contract by the JSON schema of the Open Data Contract Standard."""
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return [f"it is no YAML ({' '.join(str(error).split())})"]
    faults = sorted(Draft201909Validator(schema).iter_errors(document), key=lambda fault: list(map(str, fault.path)))
    messages = (f"{'.'.join(map(str, fault.path)) or 'document'}: {fault.message}" for fault in faults)
    # The standard's schema reaches some places by two ways, and reports the same fault twice.
    return list(dict.fromkeys(messages))


def model_faults(context: Context) -> list[str]:
    """Return the bronze columns that a model reads and no contract has, and whether external_models is out of date."""
    columns = {f"bronze.{table}": {name for name, _, _ in found} for table, (_, found) in bronze_tables().items()}
    faults = []
    if EXTERNAL_MODELS.read_text(encoding="utf-8") != external_models_yaml():
        faults.append("external_models/bronze.yaml is not that of the contracts: leads contracts write-external-models")
    for model in context.models.values():
        for name in sorted({f"{table.db}.{table.name}" for table in map(exp.to_table, model.depends_on or ())}):
            if name.startswith("bronze.") and name not in columns:
                faults.append(f"{model.name} reads {name}, which no contract describes")
        query = model.render_query(optimize=False) if model.is_sql else None
        for scope in traverse_scope(query) if query is not None else ():
            for alias, table in scope.sources.items():
                name = f"{table.db}.{table.name}" if isinstance(table, exp.Table) else ""
                if name in columns:
                    read = {column.name for column in scope.columns if column.table in (alias, "")}
                    missing = sorted(read - columns[name] - {"received_on", "*"})
                    faults += [f"{model.name} reads {name}.{column}, which no contract has" for column in missing]
    return faults


def committed(folder: Path, reference: str) -> dict[str, str]:
    """Return the contracts of a folder as they were committed, by the name of their file.

    Args:
        folder: The folder of contracts, in a git repository.
        reference: A commit, branch or tag.

    Raises:
        UsageError: There is no such reference, the folder is in no repository, or there is no git.
    """
    listed = _git(folder, reference, "ls-tree", "--name-only", reference, "./")
    names = [name for name in listed.splitlines() if name.endswith(".yaml")]
    return {name: _git(folder, reference, "show", f"{reference}:./{name}") for name in names}


def _git(folder: Path, reference: str, *words: str) -> str:
    remedy = "Name a commit, branch or tag of this clone by --against."
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("git is not installed, so that no earlier version can be read", reference, remedy) from error
    if done.returncode:
        message = next(iter(done.stderr.strip().splitlines()), "git prints nothing").removeprefix("fatal: ").rstrip(".")
        raise UsageError(f"no contracts can be read there ({message})", reference, remedy)
    return done.stdout


def compare(old: Contract, new: Contract) -> ContractComparison:
    """Compare two versions of a contract."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    changes = []
    for name in before.keys() - after.keys():
        # Files keep fitting, but what reads the column has lost it.
        changes.append(ContractChange(f"{name} is removed", False, not before[name].required))
    for name in after.keys() - before.keys():
        required = after[name].required
        changes.append(ContractChange(f"{name} is new{' and required' if required else ''}", not required, True))
    for name in before.keys() & after.keys():
        changes += _column_changes(before[name], after[name])
    if old.key != new.key:
        changes.append(ContractChange(f"the natural key is {new.key}, no longer {old.key}", False, False))
    if old.delivery_mode != new.delivery_mode:
        changes.append(
            ContractChange(f"the delivery mode is {new.delivery_mode}, no longer {old.delivery_mode}", False, False)
        )
    for what, first, second in (
        ("encoding", old.encodings, new.encodings),
        ("delimiter", old.delimiters, new.delimiters),
        ("file pattern", old.file_patterns, new.file_patterns),
    ):
        changes += [
            ContractChange(f"{what} {item!r} is taken no more", False, True) for item in first if item not in second
        ]
        changes += [ContractChange(f"{what} {item!r} is taken", True, False) for item in second if item not in first]
    # None of these makes a file fit or not.
    for what, earlier, later in (
        ("name", old.title, new.title),
        ("cadence", old.cadence, new.cadence),
        ("retention", old.retention, new.retention),
        ("owner", old.owner, new.owner),
        ("authority", dict(old.authority), dict(new.authority)),
        ("staging model", old.staging_model, new.staging_model),
        ("role as the CRM", old.is_crm, new.is_crm),
        ("trailer", old.trailer and old.trailer.pattern, new.trailer and new.trailer.pattern),
    ):
        if earlier != later:
            changes.append(ContractChange(f"the {what} is {later}, no longer {earlier}", True, True))
    for rule in sorted({*old.limits, *new.limits}):
        changes += _limit_change(rule, old.limits.get(rule), new.limits.get(rule))
    return ContractComparison(
        new.source_key, old.version, new.version, tuple(sorted(changes, key=lambda change: change.text))
    )


def _column_changes(old: Column, new: Column) -> list[ContractChange]:
    changes = []
    if old.required != new.required:
        word = "required" if new.required else "optional"
        changes.append(ContractChange(f"{old.name} is {word} now", not new.required, new.required))
    for spelling in (old.header, *old.aliases):
        if spelling not in (new.header, *new.aliases):
            changes.append(ContractChange(f"{old.name} goes by '{spelling}' no more", False, True))
    for spelling in (new.header, *new.aliases):
        if spelling not in (old.header, *old.aliases):
            changes.append(ContractChange(f"{old.name} goes by '{spelling}' too", True, False))
    if old.logical_type != new.logical_type:
        text = f"the type of {old.name} is {new.logical_type}, no longer {old.logical_type}"
        is_wider, is_narrower = (
            _holds(new.logical_type, old.logical_type),
            _holds(old.logical_type, new.logical_type),
        )
        changes.append(ContractChange(text, is_wider, is_narrower))
    for tag in sorted({*old.tags} ^ {*new.tags}):
        said = "read" if tag in new.tags else "no longer read"
        changes.append(ContractChange(f"{old.name} is {said} as {VALUE_TAGS[tag]}", True, True))
    if old.position != new.position:
        changes.append(
            ContractChange(f"the position of {old.name} is {new.position}, no longer {old.position}", True, True)
        )
    if dict(old.vocabulary) != dict(new.vocabulary):
        # A word that it lacks is a warning; a file fits with it too.
        changes.append(ContractChange(f"the vocabulary of {old.name} is another", True, True))
    if old.pattern != new.pattern:
        text = f"the pattern of {old.name} is {new.pattern!r}, no longer {old.pattern!r}"
        changes.append(ContractChange(text, new.pattern is None, old.pattern is None))
    for rule in sorted(old.limits.keys() | new.limits.keys()):
        changes += _limit_change(f"{rule} of {old.name}", old.limits.get(rule), new.limits.get(rule))
    return changes


def _holds(wide: str, narrow: str) -> bool:
    """Whether every value of one logical type is one of another."""
    return wide == "string" or (wide, narrow) == ("number", "integer")


def _limit_change(rule: str, old: float | None, new: float | None) -> list[ContractChange]:
    if old == new:
        return []
    is_wider = new is None or (old is not None and new > old)
    return [ContractChange(f"the limit {rule} is {new}, no longer {old}", is_wider, not is_wider)]
