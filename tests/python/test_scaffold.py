"""A fifth state, from its file to dim_lead, as docs/adding-a-source.md walks."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT, Run
from helpers import PLAN, land, query
from lead_enrichment.contracts import read_contract
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.preview.contract_check import standard_faults
from lead_enrichment.scaffold import read_sample, remarks_on, write_draft

SAMPLE = ROOT / "docs" / "examples" / "utah_2026-11-02.csv"


def test_a_fifth_state_reaches_dim_lead(
    project_copy: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (data / "warehouse").mkdir(parents=True)
    monkeypatch.setenv("LEADS_START", "2026-11-02")
    drafted = run("leads", "contracts", "scaffold", str(SAMPLE), "--source", "utah", data=data, project=project_copy)
    assert "contracts/utah.yaml" in drafted.stdout
    run("leads", "contracts", "write-external-models", data=data, project=project_copy)
    run("sqlmesh", "format", data=data, project=project_copy)
    assert "utah" in run("leads", "contracts", "check", data=data, project=project_copy).stdout
    # What is missing is the unit test, which a person writes.
    said = run("sqlmesh", "lint", data=data, project=project_copy, expect=1)
    assert "nomissingunittest" in said.stdout + said.stderr
    land(data, SAMPLE.name, SAMPLE.read_bytes(), "utah")
    run("leads", "ingest", "--backfill", data=data, project=project_copy)
    run(*PLAN, "--skip-linter", data=data, project=project_copy)
    leads = query(
        data,
        "SELECT natural_id, name, house_number, street, unit, city, postal_code, phone_e164, capacity, "
        "license_status, license_expires_on::TEXT, name_type FROM dims.dim_lead ORDER BY natural_id",
    )
    assert leads[0] == (
        "F25-100231", "Little Pines Preschool", "415", "E 900 S", "STE 2", "SALT LAKE CITY", "84111", "+18015327410",
        64, "active", "2027-02-28", "business",
    )  # fmt: skip
    assert len(leads) == 5
    assert ("utah",) in query(data, "SELECT source_key FROM dims.dim_source")
    assert query(data, "SELECT rows_delivered, leads_current FROM ops.reconciliation") == [(5, 5)]
    assert query(data, "SELECT COUNT(*) FROM facts.fact_lead_match WHERE is_net_new") == [(5,)]


def test_draft_is_of_the_standard_and_finds_the_key(project_copy: Path) -> None:
    contract, *_ = write_draft(SAMPLE, "utah", project_copy)
    assert standard_faults(contract) == []
    read = read_contract(contract)
    assert read.key == "license_number"
    assert [column.name for column in read.columns if column.is_phone] == ["phone_number"]
    assert read.missing_required(["License Number", "Facility Name", "Street Address", "City", "Zip Code"]) == []


def test_files_that_are_there_are_kept(project_copy: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        write_draft(SAMPLE, "texas", project_copy)


@pytest.mark.parametrize("source", ["Utah", "utah!", "", "1st"])
def test_name_that_is_none_says_so(project_copy: Path, source: str) -> None:
    with pytest.raises(UsageError, match="is no name for a source"):
        write_draft(SAMPLE, source, project_copy)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n", "holds no row"), ("a,b\n1,2\n1,2\n", "none is a natural key"), ("", "the file is empty")],
)
def test_sample_that_tells_nothing_says_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "utah.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_sample(path)


def test_headers_become_names_once_each(tmp_path: Path) -> None:
    path = tmp_path / "utah.csv"
    path.write_text("License #;Name;NAME;;2nd Phone\n1;A;B;;x\n2;A;B;;x\n", encoding="utf-8")
    columns = read_sample(path)
    assert [column.name for column in columns] == ["license", "name", "name_2", "column_4", "n_2nd_phone"]
    assert [column.name for column in columns if column.is_key] == ["license"]


def test_words_are_whole_and_a_phone_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "utah.csv"
    header = "Phone Number,Licensed Capacity,Contact Name,Facility,City,Record ID"
    path.write_text(f"{header}\n801-1,5,A,B,OGDEN,1\n801-2,6,A,C,OGDEN,2\n", encoding="utf-8")
    columns = {column.name: column for column in read_sample(path)}
    assert [name for name, column in columns.items() if column.is_key] == ["record_id"]
    roles = {name: column.role for name, column in columns.items() if column.role}
    assert roles == {"phone_number": "phone", "licensed_capacity": "capacity", "city": "city"}


MAIL, OFFICE, PHONE = "a{n}@kids.org", "inspector@state.gov", "360-522-{n}"


@pytest.mark.parametrize(
    ("header", "line", "role", "expected"),
    [
        ("Facility Name,Licensor Email,Email", f"Kids {{n}},{OFFICE},{MAIL}", "email", "email"),
        # The header tells nothing, the values do
        ("Facility Name,Email,Site Email", f"Kids {{n}},{OFFICE},{MAIL}", "email", "site_email"),
        ("Facility Name,Licensor Phone,Contact Phone", f"Kids {{n}},360-725-4665,{PHONE}", "phone", "contact_phone"),
        ("Facility Name,County Office Phone Number,Phone", f"Kids {{n}},580-235-3759,{PHONE}", "phone", "phone"),
        ("Facility Name,Phone,Licensor Phone", f"Kids {{n}},{PHONE},360-725-4665", "phone", "phone"),
        ("Facility Name,Phone,Phone Number", f"Kids {{n}},,{PHONE}", "phone", "phone_number"),
        ("Inspector Name,Facility Name,Phone", f"Ann {{n}},Kids {{n}},{PHONE}", "name", "facility_name"),
        ("Director Name,Provider,Phone", f"Ann {{n}},Kids {{n}},{PHONE}", "name", None),
    ],
)
def test_draft_reads_the_column_of_the_facility_or_says_so(
    tmp_path: Path, header: str, line: str, role: str, expected: str | None
) -> None:
    path = tmp_path / "utah.csv"
    rows = [f"{number},{line.format(n=number)},{number} Oak St,Olympia,98501" for number in range(1001, 1031)]
    path.write_text("\n".join([f"License Number,{header},Address,City,Zip", *rows, ""]), encoding="utf-8")
    columns = read_sample(path)
    assert [column.name for column in columns if column.role == role] == ([expected] if expected else [])
    assert any(f"recognised as the facility's {role}" in remark for remark in remarks_on(columns)) == (expected is None)


def test_draft_of_the_model_names_the_columns_that_it_reads_by_tag(project_copy: Path) -> None:
    _, model, remarks = write_draft(SAMPLE, "utah", project_copy)
    text = model.read_text(encoding="utf-8")
    assert "d.facility_name (name), d.street_address (address)" in text
    assert remarks == []
