"""`leads contracts check` finds what is not as the standard, the models or the version before want it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from conftest import ROOT, Run
from lead_enrichment.contracts import Column, Contract, contracts, parse_contract, read_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.preview.contract_check import compare, standard_faults

TEXAS = ROOT / "contracts" / "texas.yaml"


@pytest.mark.parametrize("path", sorted((ROOT / "contracts").glob("*.yaml")), ids=lambda path: path.stem)
def test_contracts_are_of_the_standard(path: Path) -> None:
    assert standard_faults(path) == []
    contract = read_contract(path)
    assert (contract.source_key, contract.owner) == (path.stem, "lead_enrichment")
    assert contract.cadence == {
        "salesforce": "daily",
        "decisions": "at will",
        "incidents": "at will",
        "acknowledgements": "at will",
        "feedback": "at will",
    }.get(path.stem, "monthly")


def with_column(contract: Contract, **changes: object) -> Contract:
    """Return a contract whose column zip is changed."""
    columns = [replace(item, **changes) if item.name == "zip" else item for item in contract.columns]  # type: ignore[arg-type]
    return replace(contract, columns=tuple(columns))


def without_column(contract: Contract, name: str) -> Contract:
    return replace(contract, columns=tuple(item for item in contract.columns if item.name != name))


def added(contract: Contract, required: bool) -> Contract:
    return replace(contract, columns=(*contract.columns, Column("rating", "Rating", "", required, (), None)))


@pytest.mark.parametrize(
    ("name", "compatibility", "text"),
    [
        ("same", "full", None),
        ("optional column", "full", "rating is new"),
        ("required column", "forward", "rating is new and required"),
        ("optional column gone", "forward", "capacity is removed"),
        ("required column gone", "breaking", "zip is removed"),
        ("optional now", "backward", "zip is optional now"),
        ("required now", "forward", "capacity is required now"),
        ("alias", "backward", "zip goes by 'ZIP Code' too"),
        ("renamed", "breaking", "zip goes by 'Zip' no more"),
        ("pattern", "forward", "the pattern of zip is '^[0-9]{5}$', no longer None"),
        ("narrower", "forward", "the limit rows_lost is 0.1, no longer 0.2"),
        ("wider", "backward", "the limit rows_lost is 0.3, no longer 0.2"),
        ("no limit", "backward", "the limit sum_change of capacity is None, no longer 0.3"),
        ("other key", "breaking", "the natural key is zip, no longer operation"),
        ("type", "forward", "the type of capacity is integer, no longer string"),
        ("phone", "full", "zip is read as a phone"),
        ("cadence", "full", "the cadence is weekly, no longer monthly"),
        ("retention", "full", "the retention is None, no longer 7 years"),
        ("encoding", "forward", "encoding 'mac_roman' is taken no more"),
    ],
)
def test_compatibility_is_that_of_the_files(name: str, compatibility: str, text: str | None) -> None:
    old = contracts()["texas"]
    changed = {
        "same": old,
        "optional column": added(old, False),
        "required column": added(old, True),
        "optional column gone": without_column(old, "capacity"),
        "required column gone": without_column(old, "zip"),
        "optional now": with_column(old, required=False),
        "required now": replace(
            old, columns=tuple(replace(item, required=item.required or item.name == "capacity") for item in old.columns)
        ),
        "alias": with_column(old, aliases=("ZIP Code",)),
        "renamed": with_column(old, header="ZIP Code"),
        "pattern": with_column(old, pattern="^[0-9]{5}$"),
        "narrower": replace(old, limits={**old.limits, "rows_lost": 0.1}),
        "wider": replace(old, limits={**old.limits, "rows_lost": 0.3}),
        "no limit": replace(old, columns=tuple(replace(item, limits={}) for item in old.columns)),
        "other key": replace(old, key="zip"),
        "type": replace(
            old,
            columns=tuple(
                replace(item, logical_type="integer") if item.name == "capacity" else item for item in old.columns
            ),
        ),
        "phone": with_column(old, tags=("phone",)),
        "cadence": replace(old, cadence="weekly"),
        "retention": replace(old, retention=None),
        "encoding": replace(old, encodings=("cp1252",)),
    }
    comparison = compare(old, changed[name])
    assert comparison.compatibility == compatibility
    assert text is None or text in [change.text for change in comparison.changes]


@pytest.mark.parametrize(
    ("version", "alias", "required", "is_right"),
    [
        ("1.0.0", False, False, True),
        ("1.0.0", True, False, False),
        ("1.1.0", True, False, True),
        ("1.0.1", True, False, True),
        ("0.9.0", True, False, False),
        ("0.9.0", False, False, False),
        ("1.1.0", False, True, False),
        ("2.0.0", False, True, True),
    ],
)
def test_version_says_what_changed(version: str, alias: bool, required: bool, is_right: bool) -> None:
    old = replace(contracts()["texas"], version="1.0.0")
    new = with_column(old, aliases=("ZIP Code",)) if alias else old
    comparison = compare(old, replace(added(new, True) if required else new, version=version))
    assert comparison.is_version_right == is_right


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kind: DataContract", "kind: DataContract\ncolour: red", "colour"),
        ("deliveryMode, value: full_snapshot", "deliveryMode, value: sometimes", "deliveryMode must be"),
        (
            "{property: deliveryMode, value: full_snapshot}",
            "{property: deliveryMode, value: full_snapshot}\n      - {property: isCrm, value: perhaps}",
            "isCrm must be true or false",
        ),
        ("primaryKey: true", "primaryKey: false", "one column as primaryKey"),
        ("version: 1.1.0", "version: [", "it is no YAML"),
        ("version: 1.1.0", "version: 1.1.0-rc", "the version 1.1.0-rc is none"),
        ("frequency, value: 1, unit: month", "frequency, value: 2, unit: month", "the frequency must be 1"),
        ("property: frequency", "property: latency", "the frequency must be 1"),
    ],
)
def test_contract_that_is_none_says_where(before: str, after: str, said: str) -> None:
    text = TEXAS.read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(UsageError, match=r"contracts/texas\.yaml") as caught:
        parse_contract(text.replace(before, after, 1), "contracts/texas.yaml")
    assert said in str(caught.value)


@pytest.fixture
def in_git(tmp_path: Path, project_copy: Path) -> tuple[Path, Path]:
    """A copy of the project in a repository of its own, all committed, and a data directory."""
    project, data = project_copy, tmp_path / "data"
    (data / "warehouse").mkdir(parents=True)
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@x.com", "commit", "-qm", "1"],
    ):
        subprocess.run(["git", *words], cwd=project, check=True)
    return project, data


def test_command_holds_contracts_against_models_and_git(in_git: tuple[Path, Path], run: Run) -> None:
    project, data = in_git
    assert "full" in run("leads", "contracts", "check", data=data, project=project).stdout

    path = project / "contracts" / "texas.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: capacity\n", "name: places\n"), encoding="utf-8")
    said = run("leads", "contracts", "check", data=data, project=project, expect=1).stderr
    assert "version 1.1.0 after 1.1.0 does not say that the contract changed" in said
    path.write_text(text.replace("name: capacity\n", "name: places\n").replace("1.1.0", "2.0.0"), encoding="utf-8")
    said = run("leads", "contracts", "check", data=data, project=project, expect=1).stderr
    assert "external_models/bronze.yaml is not that of the contracts" in said
    assert "staging.stg_texas_facility reads bronze.texas.capacity, which no contract has" in said

    # A contract that is gone is told, and so is who still reads its table.
    path.unlink()
    run("leads", "contracts", "write-external-models", data=data, project=project)
    said = run("leads", "contracts", "check", data=data, project=project, expect=1).stderr
    assert "rules of the level staging cannot check staging.stg_texas_facility" in said
    for rules in (project / "quality" / "rules").glob("*.yaml"):
        kept = [rule for rule in yaml.safe_load(rules.read_text(encoding="utf-8")) if "texas" not in rule["table"]]
        rules.write_text(yaml.safe_dump(kept), encoding="utf-8")
    done = run("leads", "contracts", "check", data=data, project=project, expect=1)
    assert "the contract is removed" in done.stdout
    assert "staging.stg_texas_facility reads bronze.texas, which no contract describes" in done.stderr


def test_command_says_what_it_cannot_read(in_git: tuple[Path, Path], run: Run) -> None:
    project, data = in_git
    check = ("leads", "contracts", "check")
    said = run(*check, "--against", "nowhere", data=data, project=project, expect=2).stderr
    assert "nowhere: no contracts can be read there" in said
    path = project / "contracts" / "texas.yaml"
    text = path.read_text(encoding="utf-8")
    for before, after, fault in (
        ("version: 1.1.0", "version: [", "contracts/texas.yaml: it is no YAML"),
        ("version: 1.1.0", "version: one", "contracts/texas.yaml: the version one is none"),
        ("physicalName: Zip", "physicalName: Zip\n        colour: red", "'colour' was unexpected"),
    ):
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        said = run(*check, data=data, project=project, expect=1).stderr
        assert said.count(fault) == 1
        assert "Traceback" not in said
    path.write_text(text, encoding="utf-8")
    shutil.rmtree(project / ".git")
    assert "No version before is compared" in run(*check, data=data, project=project).stderr
