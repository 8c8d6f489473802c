"""The contracts say what the models may rely on."""

from __future__ import annotations

import re

import pytest

from lead_enrichment.contracts import contracts, contracts_dir, fold, read_contract

MODES = {
    "salesforce": "change_feed",
    "decisions": "change_feed",
    "feedback": "change_feed",
    "incidents": "change_feed",
    "acknowledgements": "change_feed",
    "nevada": "full_snapshot",
    "oklahoma": "full_snapshot",
    "texas": "full_snapshot",
}


def test_each_source_has_a_contract_with_its_delivery_mode() -> None:
    assert {key: contract.delivery_mode for key, contract in contracts().items()} == MODES
    assert {path.stem for path in contracts_dir().glob("*.yaml")} == set(MODES)


def test_one_source_is_the_crm_and_the_others_are_registries() -> None:
    assert [key for key, contract in contracts().items() if contract.is_crm] == ["salesforce"]


@pytest.mark.parametrize("source", MODES)
def test_no_header_means_two_columns(source: str) -> None:
    contract = read_contract(contracts_dir() / f"{source}.yaml")
    spellings = [spelling for column in contract.columns for spelling in column.spellings]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("source", MODES)
def test_the_natural_key_is_required(source: str) -> None:
    assert contracts()[source].key_column.required


@pytest.mark.parametrize(
    ("source", "key", "fits"),
    [
        ("nevada", "1106-22", True),
        ("nevada", "-22", False),
        ("oklahoma", "CHILD CARE FAMILY - K820055232", True),
        ("oklahoma", "CHILD CARE FAMILY", False),
        ("texas", "1764783", True),
        ("texas", " ", False),
        ("salesforce", "", False),
        ("decisions", "texas:1764783", True),
        ("decisions", "1764783", False),
        ("incidents", "0123456789ab", True),
        ("incidents", "a rule", False),
        ("acknowledgements", "0123456789abcdef0123456789ABCDEF", True),
        ("acknowledgements", "0123456789ab", False),
        ("feedback", "Ana", True),
        ("feedback", " ", False),
    ],
)
def test_a_row_without_a_licence_number_has_no_key(source: str, key: str, fits: bool) -> None:
    assert bool(re.search(contracts()[source].key_column.pattern or r"\S", key)) is fits


def test_a_header_is_known_in_any_case_spacing_and_punctuation() -> None:
    header = ["first-issue  date", "NAME"]
    assert [column.name for column in contracts()["nevada"].map_header(header).values()] == ["first_issue_date", "name"]
    assert fold(" First_Issue Date ") == "firstissuedate"
