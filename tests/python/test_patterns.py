"""A contract's pattern is matched in linear time, and one that cannot be is refused when the contract is read."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import NEVADA_HEADER, bronze_rows, take_in
from lead_enrichment import contracts as contracts_module
from lead_enrichment.contracts import contracts, contracts_dir, parse_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.patterns import LinearPattern

ROW = "ABC,CENTER,{},Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"
# Python's engine needs 2^40 steps for each of them.
ENDLESS = [(r"^(\d+)+$", "1" * 40 + "x"), (r"^(a|a)*$", "a" * 40 + "x"), (r"^(.*?,){12}P", ",".join("1" * 40))]


@pytest.mark.parametrize(("pattern", "value"), ENDLESS)
def test_endless_pattern_ends(pattern: str, value: str) -> None:
    begun = time.monotonic()
    assert not LinearPattern(pattern).is_in(value)
    assert time.monotonic() - begun < 5


def test_file_with_an_endless_pattern_is_loaded_row_by_row(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    nevada = contracts()["nevada"]
    columns = [
        replace(column, pattern=r"^(\d+)+$") if column.name == nevada.key else column for column in nevada.columns
    ]
    changed = {**contracts(), "nevada": replace(nevada, columns=tuple(columns))}
    for module in (contracts_module, __import__("lead_enrichment.ingest.run", fromlist=["run"])):
        monkeypatch.setattr(module, "contracts", lambda: changed)
    text = f"{NEVADA_HEADER}\n{ROW.format(7)}{ROW.format('1' * 40 + 'x')}short\n"
    outcome = take_in(paths, "nevada_2026-10-05.csv", text)
    assert (outcome.rows_loaded, outcome.rows_rejected) == (1, 2), outcome.reason
    assert bronze_rows(paths, "nevada", "credential_number") == [("7",)]


@pytest.mark.parametrize("pattern", ["(", "[a", r"(?=a)b", r"(a)\\1", "a{1001}", "*"])
@pytest.mark.parametrize("kind", ["pattern", "trailer"])
def test_pattern_that_cannot_be_matched_in_linear_time_is_refused_with_the_contract(pattern: str, kind: str) -> None:
    text = (contracts_dir() / "nevada.yaml").read_text()
    if kind == "pattern":
        changed = re.sub(r"(?<=pattern: )'[^']+'", lambda _: f"'{pattern}'", text, count=1)
    else:
        changed = text.replace(
            "customProperties:\n", f"customProperties:\n      - {{property: trailer, value: '{pattern}'}}\n", 1
        )
    assert changed != text
    with pytest.raises(UsageError, match=r"contracts/nevada.yaml: the .* is no pattern of RE2"):
        parse_contract(changed.replace("\\\\1", "\\1"), "contracts/nevada.yaml")


def test_group_of_a_pattern_is_what_it_matches() -> None:
    assert LinearPattern(r"^TOTAL RECORDS: ([0-9]+)").group("TOTAL RECORDS: 1234,,\n,") == "1234"
    assert LinearPattern(r"rows=([0-9]+);").group("file; rows=12; rows=13;") == "12"


def test_contracts_of_the_project_are_readable(tmp_path: Path) -> None:
    assert {path.stem for path in contracts_dir().glob("*.yaml")} == set(contracts())
