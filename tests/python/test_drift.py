"""Every kind of drift gets what docs/drift.md promises: taken, noticed, or quarantined with the right proposal."""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import bronze_rows, call, csv_rows, csv_text, take_in
from lead_enrichment import contracts
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import quarantine
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import Outcome, ingest
from lead_enrichment.paths import DataPaths, data_paths
from test_demo import AS_OF, SEED

Table = list[dict[str, str]]
Change = Callable[[Table], Table]


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landing folder of a small demo."""
    out = tmp_path_factory.mktemp("demo")
    write_demo(out, 600, 3, AS_OF, SEED)
    return out / "landing"


@pytest.fixture
def paths(tmp_path: Path, deliveries: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    """A data directory that holds the first files of Texas and Nevada, and contracts that a test may change."""
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(contracts.contracts_dir(), tmp_path / "contracts")
    monkeypatch.setenv("LEADS_CONTRACTS_DIR", str(tmp_path / "contracts"))
    contracts.contracts.cache_clear()
    paths = data_paths()
    for source_key, name in (("texas", "texas_2026-09-06.csv"), ("nevada", "nevada_2026-09-05.csv")):
        folder = paths.landing / source_key
        folder.mkdir()
        shutil.copyfile(deliveries / source_key / name, folder / name)
    assert {outcome.status for outcome in ingest(paths)} == {"loaded"}
    return paths


@pytest.fixture(autouse=True)
def fresh_contracts() -> object:
    yield
    contracts.contracts.cache_clear()


def deliver(paths: DataPaths, deliveries: Path, change: Change, source_key: str = "texas", tail: str = "") -> Outcome:
    """Take in the source's next file, changed."""
    name = {"texas": "texas_2026-10-06.csv", "nevada": "nevada_2026-10-05_corrected.csv"}[source_key]
    return take_in(paths, name, csv_text(change(csv_rows(deliveries / source_key / name))) + tail, source_key)


def renamed(names: dict[str, str]) -> Change:
    return lambda table: [{names.get(name, name): value for name, value in row.items()} for row in table]


def without(*names: str) -> Change:
    return lambda table: [{name: value for name, value in row.items() if name not in names} for row in table]


def filled(**values: str) -> Change:
    return lambda table: [{**row, **{name.replace("_", " "): value for name, value in values.items()}} for row in table]


OCTOBER = "file_date = DATE '2026-10-06'"


@pytest.mark.parametrize(
    "change",
    [
        lambda table: [dict(reversed(row.items())) for row in table],
        lambda table: [{name.upper(): value for name, value in row.items()} for row in table],
        renamed({"Operation": " operation # ", "Operation Name": "Operation-Name:", "Zip": "ZIP."}),
    ],
    ids=["reordered", "other case", "spaces and punctuation"],
)
def test_headers_written_otherwise_are_taken(paths: DataPaths, deliveries: Path, change: Change) -> None:
    outcome = deliver(paths, deliveries, change)
    assert (outcome.status, outcome.reason) == ("loaded", None)
    plain = csv_rows(deliveries / "texas" / "texas_2026-10-06.csv")
    columns = "operation, operation_name, zip"
    assert bronze_rows(paths, "texas", columns, OCTOBER) == sorted(
        (row["Operation"], row["Operation Name"], row["Zip"]) for row in plain
    )


def test_known_alias_is_taken(paths: DataPaths, deliveries: Path) -> None:
    quarantine.add_aliases("texas", {"operation_name": "Caregiver"})
    assert deliver(paths, deliveries, renamed({"Operation Name": "Caregiver"})).status == "loaded"


def test_empty_alias_does_not_shadow_the_filled_header(paths: DataPaths, deliveries: Path) -> None:
    quarantine.add_aliases("texas", {"phone": "Tel"})
    assert deliver(paths, deliveries, filled(Tel="")).status == "loaded"
    assert {phone for (phone,) in bronze_rows(paths, "texas", "phone", OCTOBER)} != {None}


def test_status_and_type_that_the_contract_lacks_are_a_warning_with_their_counts(
    paths: DataPaths, deliveries: Path
) -> None:
    def odd(table: Table) -> Table:
        return [
            {**row, "Status": "Paused" if at < 3 else " full  permit", "Type": "Zoo" if at == 0 else row["Type"]}
            for at, row in enumerate(table)
        ]

    outcome = deliver(paths, deliveries, odd)
    assert outcome.status == "loaded"
    assert "Status: 3 rows with words that the contract lacks: 'Paused' (3)" in (outcome.reason or "")
    assert "Type: 1 rows with words that the contract lacks: 'Zoo' (1)" in (outcome.reason or "")


def test_new_column_is_rescued_with_a_notice(paths: DataPaths, deliveries: Path) -> None:
    outcome = deliver(paths, deliveries, filled(Accreditation="NAEYC"))
    assert (outcome.status, outcome.reason) == ("loaded", "new columns kept in rescued: Accreditation")
    assert set(bronze_rows(paths, "texas", "rescued", OCTOBER)) == {('{"Accreditation":"NAEYC"}',)}


def test_missing_optional_column_is_taken_with_a_warning(paths: DataPaths, deliveries: Path) -> None:
    outcome = deliver(paths, deliveries, without("Capacity"))
    assert (outcome.status, outcome.reason) == ("loaded", "optional columns missing: Capacity")
    assert set(bronze_rows(paths, "texas", "capacity", OCTOBER)) == {(None,)}


@pytest.mark.parametrize(
    ("source_key", "column", "header"),
    [
        ("texas", "operation_name", "Operation/Caregiver Name"),
        ("texas", "address", "Location"),
        ("texas", "phone", "X1"),
        ("texas", "operation", "License"),
        ("texas", "zip", "City2"),
        ("nevada", "credential_number", "Licence No"),
        ("nevada", "name", "Phone Holder"),
    ],
)
def test_missing_column_is_proposed_by_what_the_columns_hold(
    paths: DataPaths, deliveries: Path, source_key: str, column: str, header: str
) -> None:
    contract = contracts.contracts()[source_key]
    delivered = next(item.header for item in contract.columns if item.name == column)
    outcome = deliver(paths, deliveries, renamed({delivered: header, "County": "Region"}), source_key)
    assert outcome.status == "quarantined"
    ((proposal_id, rows),) = Ledger(paths.bronze).proposals().items()
    assert {row["column_name"]: row["header"] for row in rows} == {column: header}
    assert rows[0]["score"] > 0.7 and rows[0]["evidence"]
    assert f"leads contracts accept {proposal_id}" in (outcome.reason or "")


def test_accepted_proposal_loads_the_file_and_every_later_one(paths: DataPaths, deliveries: Path) -> None:
    change = renamed({"Operation": "Operation #", "Operation Name": "Operation/Caregiver Name", "Phone": "Tel. Line"})
    assert deliver(paths, deliveries, change).status == "quarantined"
    (proposal_id,) = Ledger(paths.bronze).proposals()
    done = quarantine.accept(paths, proposal_id)
    assert (done.aliases, done.version) == (
        {"operation_name": "Operation/Caregiver Name", "phone": "Tel. Line"},
        "1.2.0",
    )
    (outcome,) = ingest(paths)
    assert (outcome.status, outcome.rows_loaded) == (
        "loaded",
        len(csv_rows(deliveries / "texas" / "texas_2026-10-06.csv")),
    )
    assert not list(paths.quarantine.glob("*/*"))
    later = change(csv_rows(deliveries / "texas" / "texas_2026-11-06.csv"))
    assert take_in(paths, "texas_2026-11-06.csv", csv_text(later), "texas").status == "loaded"


def test_accepting_keeps_the_form_of_the_contract(paths: DataPaths, deliveries: Path) -> None:
    path = contracts.contracts_dir() / "texas.yaml"
    before = path.read_text(encoding="utf-8").splitlines()
    quarantine.add_aliases("texas", {"phone": "Tel: Line"})
    after = path.read_text(encoding="utf-8").splitlines()
    added = [line[2:] for line in difflib.ndiff(before, after) if line.startswith("+ ")]
    assert [line.strip() for line in added] == [
        "version: 1.2.0",
        "customProperties:",
        '- {property: aliases, value: ["Tel: Line"]}',
    ]
    assert quarantine.add_aliases("texas", {"phone": "Tel: Line"}) == "1.2.0"


def test_rejected_proposal_keeps_the_file_out(paths: DataPaths, deliveries: Path) -> None:
    deliver(paths, deliveries, renamed({"Phone": "X1"}))
    (proposal_id,) = Ledger(paths.bronze).proposals()
    quarantine.reject(paths, proposal_id)
    assert ingest(paths) == []
    with pytest.raises(UsageError, match="was rejected by"):
        quarantine.accept(paths, proposal_id)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (filled(Zip=""), "Zip: 0% of the rows have a value"),
        (filled(Phone="see website"), "Phone: its values look like 'a'"),
    ],
    ids=["emptied", "other shape"],
)
def test_values_that_stop_fitting_are_quarantined(
    paths: DataPaths, deliveries: Path, change: Change, said: str
) -> None:
    outcome = deliver(paths, deliveries, change)
    assert outcome.status == "quarantined"
    assert said in (outcome.reason or "")


@pytest.mark.parametrize(("share", "status"), [(0.05, "loaded"), (0.2, "quarantined")])
def test_values_of_another_form_than_the_contract_gives_are_quarantined(
    paths: DataPaths, deliveries: Path, share: float, status: str
) -> None:
    path = contracts.contracts_dir() / "texas.yaml"
    text = path.read_text(encoding="utf-8")
    form = "        logicalTypeOptions:\n          pattern: '^[0-9]{5}$'\n"
    place = '        description: "ZIP"\n        logicalType: string\n'
    assert place in text
    path.write_text(text.replace(place, place + form), encoding="utf-8")
    contracts.contracts.cache_clear()

    def shortened(table: Table) -> Table:
        spoilt = int(share * len(table))
        return [{**row, "Zip": row["Zip"][:4]} if at < spoilt else row for at, row in enumerate(table)]

    outcome = deliver(paths, deliveries, shortened)
    assert outcome.status == status
    assert status == "loaded" or "Zip: 20% of its values are not of the form" in (outcome.reason or "")


def test_column_whose_values_moved_to_a_new_one_is_proposed(paths: DataPaths, deliveries: Path) -> None:
    def moved(table: Table) -> Table:
        return [{**row, "Phone": "see website", "Dial": row["Phone"]} for row in table]

    assert deliver(paths, deliveries, moved).status == "quarantined"
    (proposal_id,) = Ledger(paths.bronze).proposals()
    assert quarantine.accept(paths, proposal_id).aliases == {"phone": "Dial"}
    assert [outcome.status for outcome in ingest(paths)] == ["loaded"]
    assert ("see website",) not in bronze_rows(paths, "texas", "phone", OCTOBER)


def test_exchanged_columns_are_named(paths: DataPaths, deliveries: Path) -> None:
    outcome = deliver(paths, deliveries, renamed({"Phone": "Address", "Address": "Phone"}))
    assert outcome.status == "quarantined"
    assert "Phone seems to hold address, as if columns were exchanged" in (outcome.reason or "")


def test_split_column_is_named(paths: DataPaths, deliveries: Path) -> None:
    def split(table: Table) -> Table:
        rows = []
        for row in table:
            line = row.pop("Address")
            street, _, rest = line.rpartition(" NV ")
            words = street.removesuffix(",").split(" ")
            rows.append({**row, "Street": " ".join(words[:-1]), "Town": words[-1].rstrip(","), "Code": rest})
        return rows

    outcome = deliver(paths, deliveries, split, "nevada")
    assert outcome.status == "quarantined"
    assert "Address seems to be split into Street, Town, Code" in (outcome.reason or "")
    (proposal_id,) = Ledger(paths.bronze).proposals()
    with pytest.raises(UsageError, match="cannot be taken as it is"):
        quarantine.accept(paths, proposal_id)


@pytest.mark.parametrize("count", [5, 30])
def test_layout_with_the_address_in_parts_is_asked_about_in_a_first_file(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "first"))
    table = [
        {
            "Name": f"CEDAR KIDS {at}", "Credential Type": "CENTER", "Credential Number": f"{at}-25",
            "Status": "Active", "Address": f"{at} OAK ST", "City": "LAS VEGAS", "Zip Code": "89101", "Phone": "702-1",
        }
        for at in range(1, count + 1)
    ]  # fmt: skip
    outcome = take_in(data_paths(), "nevada_2026-10-05.csv", csv_text(table), "nevada")
    assert outcome.status == "quarantined"
    assert "Address seems to be split into Address, City, Zip Code" in (outcome.reason or "")


def test_layout_with_the_address_in_parts_is_asked_about_beside_the_last_delivery(
    paths: DataPaths, deliveries: Path
) -> None:
    def split(table: Table) -> Table:
        rows = []
        for row in table:
            street, _, rest = row["Address"].rpartition(" NV ")
            words = street.removesuffix(",").split(" ")
            rows.append({**row, "Address": " ".join(words[:-1]), "City": words[-1].rstrip(","), "Zip": rest})
        return rows

    outcome = deliver(paths, deliveries, split, "nevada")
    assert outcome.status == "quarantined"
    assert "Address seems to be split into Address, City, Zip" in (outcome.reason or "")


def test_merged_columns_are_named(paths: DataPaths, deliveries: Path) -> None:
    def merged(table: Table) -> Table:
        places = [f"{row.pop('Address')}, {row.pop('City')} {row.pop('Zip')}" for row in table]
        return [{**row, "Where": place} for row, place in zip(table, places, strict=True)]

    outcome = deliver(paths, deliveries, merged)
    assert outcome.status == "quarantined"
    assert "Address, City, Zip seem to be merged into Where" in (outcome.reason or "")


def test_proposals_are_listed_for_people_and_programs(paths: DataPaths, deliveries: Path) -> None:
    deliver(paths, deliveries, renamed({"Phone": "X1"}))
    (proposal_id,) = Ledger(paths.bronze).proposals()
    shown = call("contracts", "proposals")
    assert proposal_id in shown and "X1" in shown and "phone" in shown
    listed = json.loads(call("contracts", "proposals", "--json"))
    assert listed[proposal_id][0]["header"] == "X1"
    call("contracts", "accept", "texas-none", expect=2)
    assert "is phone from now on" in call("contracts", "accept", proposal_id)
    assert "Nothing waits for a decision." in call("contracts", "proposals")


TEXAS = "Operation,Operation Name,Address,City,Zip,Phone,Type,Status"
NAMES = [
    f"{first} {last}" for first in ("Amber", "Birch", "Cedar", "Fern", "Hazel") for last in ("Kids", "Nook", "Den")
]


def texas_line(number: int, place: str = "HOUSTON,77002", phone: str = "281-522-{}") -> str:
    name = NAMES[number % len(NAMES)]
    return f"{number},{name},{number} OAK ST,{place},{phone.format(number)},Licensed Center,Full Permit"


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (TEXAS.replace("Operation Name", "Operation/Caregiver Name"), "Operation/Caregiver Name is operation_name"),
        (TEXAS.replace("Operation Name", "Facility"), "Facility is operation_name"),
        (TEXAS.replace("Phone", "Telephone"), "Telephone is phone"),
        (TEXAS.replace("Address", "Location Address"), "Location Address is address"),
        (TEXAS.replace("Phone", "Inspector Line"), None),
    ],
)
def test_other_rows_than_in_the_last_delivery_are_proposed_by_name_and_form(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str, proposed: str | None
) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "own"))
    own = data_paths()
    before = "\n".join([TEXAS, *(texas_line(number) for number in range(1001, 1009)), ""])
    assert take_in(own, "texas_2026-10-06.csv", before, "texas").status == "loaded"
    # Neither keys nor places nor the way in which a phone is written are those of the last file.
    lines = [texas_line(number, "KATY,77494", "(832) 522-{}") for number in range(2001, 2031)]
    outcome = take_in(own, "texas_2026-11-06.csv", "\n".join([header, *lines, ""]), "texas")
    assert outcome.status == "quarantined"
    found = [f"{row['header']} is {row['column_name']}" for row in proposals(own) if row["column_name"]]
    assert found == ([proposed] if proposed else [])


def proposals(paths: DataPaths) -> list[dict[str, str]]:
    return [row for rows in Ledger(paths.bronze).proposals().values() for row in rows]


SALES = "id,is_deleted,{},phone,email,status,last_modified_date"
SALES_LINE = "{{n}},FALSE,{},713-522-{{n}},a@b.org,Working,2024-05-02 10:00:00"
OKLAHOMA = "Ref,Facility Name,Address,City,Zip,Phone,Capacity"
OKLAHOMA_LINE = "K83{n},{name},{n} OAK ST,TULSA,74101,918-522-{n},30"
FAX_LINE = "{n},{name},{n} OAK ST,KATY,77494,832-522-{n},Licensed Center,Full Permit"


@pytest.mark.parametrize(
    ("source", "header", "line", "proposed"),
    [
        ("oklahoma", OKLAHOMA, OKLAHOMA_LINE, ["Facility Name is company"]),
        ("salesforce", SALES.format("Compact"), SALES_LINE.format("yes"), []),
        ("salesforce", SALES.format("Director"), SALES_LINE.format("{name}"), []),
        ("texas", TEXAS.replace("Phone", "Fax"), FAX_LINE, []),
    ],
)
def test_first_file_is_advised_by_name_and_form_together(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, header: str, line: str,
    proposed: list[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "own"))
    own = data_paths()
    names = {number: f"{NAMES[number % len(NAMES)]} {chr(65 + number % 26)}" for number in range(1001, 1031)}
    lines = [line.format(n=number, name=name) for number, name in names.items()]
    outcome = take_in(own, f"{source}_2026-10-06.csv", "\n".join([header, *lines, ""]), source)
    assert outcome.status == "quarantined"
    found = [f"{row['header']} is {row['column_name']}" for row in proposals(own) if row["column_name"]]
    assert [item for item in found if "address" not in item] == proposed
