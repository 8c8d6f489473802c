"""What the demo promises: equal bytes for an equal seed, the sources' quirks, and the truth about every record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pandas as pd
import phonenumbers
import pytest
import zipcodes

from helpers import call
from lead_enrichment.contracts import lead_contracts
from lead_enrichment.demo import generate
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.demo.schedule import deliveries

AS_OF, SEED, FACILITIES = date(2026, 11, 15), 20261115, 3000
Tables = dict[str, pd.DataFrame]


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def bytes_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def file_day(name: str) -> str:
    found = re.search(r"\d{4}-\d\d-\d\d", name)
    assert found, name
    return found[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo that everyone gets."""
    out = tmp_path_factory.mktemp("demo")
    write_demo(out, FACILITIES, 3, AS_OF, SEED)
    yield out


@pytest.fixture(scope="module")
def files(demo: Path) -> Tables:
    """Every delivered file by its name, in the order of arrival."""
    return {path.name: read(path) for path in sorted(demo.glob("landing/*/*.csv"), key=lambda path: path.name)}


@pytest.fixture(scope="module")
def sources(files: Tables) -> Tables:
    """All rows of each source, whatever the file."""
    keys = lead_contracts()
    return {key: pd.concat([table for name, table in files.items() if name.startswith(key)]) for key in keys}


@pytest.fixture(scope="module")
def facility_of(demo: Path) -> pd.DataFrame:
    return read(demo / "truth" / "record_facility.csv")


@pytest.fixture(scope="module")
def changes(demo: Path) -> pd.DataFrame:
    return read(demo / "truth" / "record_change.csv")


def natural_ids(source_key: str, table: pd.DataFrame) -> pd.Series:
    if source_key == "salesforce":
        return table["id"]
    if source_key == "nevada":
        return table["Credential Number"].str.split("-").str[0]
    if source_key == "oklahoma":
        return table["Type License"].str.split(" - ").str[1]
    return table["Operation"]


# Same call, same bytes


@pytest.fixture(scope="module")
def three_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("three_months")
    write_demo(out, 300, 3, AS_OF, SEED)
    return out


@pytest.fixture(scope="module")
def four_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same world, a month later."""
    out = tmp_path_factory.mktemp("four_months")
    write_demo(out, 300, 4, date(2026, 12, 15), SEED)
    return out


def test_equal_seed_gives_equal_bytes(tmp_path: Path, three_months: Path) -> None:
    write_demo(tmp_path, 300, 3, AS_OF, SEED)
    assert bytes_under(tmp_path) == bytes_under(three_months)


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(tmp_path / str(seed), 100, 1, AS_OF, seed)
    one, two = (read(tmp_path / str(seed) / "landing/texas/texas_2026-11-06.csv") for seed in (1, 2))
    assert not set(one["Address"]) & set(two["Address"])


def test_one_more_month_leaves_the_common_months_equal_to_the_byte(three_months: Path, four_months: Path) -> None:
    three, four = bytes_under(three_months / "landing"), bytes_under(four_months / "landing")
    assert three == {name: four[name] for name in three}
    assert {"texas/texas_2026-12-06.csv", "oklahoma/oklahoma_2026-12-04.csv"} <= four.keys() - three.keys()


def test_state_files_do_not_depend_on_the_first_month(tmp_path: Path, three_months: Path) -> None:
    write_demo(tmp_path, 300, 1, AS_OF, SEED)
    one, three = bytes_under(tmp_path / "landing"), bytes_under(three_months / "landing")
    state_files = [name for name in one if not name.startswith("salesforce")]
    assert len(state_files) == 3
    assert all(one[name] == three[name] for name in state_files)


def test_size_of_the_pieces_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo(tmp_path / "whole", 300, 2, AS_OF, SEED)
    monkeypatch.setattr(generate, "CHUNK", 37)
    write_demo(tmp_path / "pieces", 300, 2, AS_OF, SEED)
    whole, pieces = bytes_under(tmp_path / "whole"), bytes_under(tmp_path / "pieces")
    assert {name for name in whole if whole[name] != pieces[name]} <= {
        "truth/record_change.csv",
        "truth/record_facility.csv",
    }
    for name in ("record_change", "record_facility"):
        lines = [sorted((tmp_path / run / f"truth/{name}.csv").read_text().splitlines()) for run in ("whole", "pieces")]
        assert lines[0] == lines[1]


def test_after_writes_only_what_is_new(tmp_path: Path, four_months: Path) -> None:
    write_demo(tmp_path, 300, 4, date(2026, 12, 15), SEED, after=AS_OF)
    everything, new = bytes_under(four_months / "landing"), bytes_under(tmp_path / "landing")
    assert new == {name: content for name, content in everything.items() if file_day(name) > "2026-11-15"}
    assert bytes_under(tmp_path / "truth") == bytes_under(four_months / "truth")


def test_write_that_fails_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(generate.texas, "delivered", fail)
    with pytest.raises(OSError, match="disk full"):
        write_demo(tmp_path, 100, 1, AS_OF, SEED)
    assert not list(tmp_path.rglob("*.unfinished"))
    assert not list(tmp_path.glob("landing/texas/*"))


# Which files there are


def test_files_have_the_headers_of_the_contracts(files: Tables) -> None:
    for name, table in files.items():
        contract = lead_contracts()[name.split("_")[0]]
        assert list(table.columns) == [column.header for column in contract.columns], name


def test_first_salesforce_file_is_complete_and_later_ones_hold_changes_only(files: Tables) -> None:
    feeds = [table for name, table in files.items() if name.startswith("salesforce")]
    assert len(feeds[0]) > 3000
    assert all(0 < len(feed) < len(feeds[0]) / 10 for feed in feeds[1:])


def test_dates_of_files_lie_within_the_run(files: Tables) -> None:
    days = [file_day(name) for name in files]
    assert min(days) == "2026-09-01" and max(days) <= "2026-11-15"
    assert "salesforce_2026-09-01.csv" in files


def test_oklahoma_sends_nothing_in_october(files: Tables) -> None:
    assert [name for name in files if name.startswith("oklahoma")] == [
        "oklahoma_2026-09-04.csv",
        "oklahoma_2026-11-04.csv",
    ]


def test_nevada_corrects_its_october_file(files: Tables, changes: pd.DataFrame) -> None:
    faulty, corrected = files["nevada_2026-10-05.csv"], files["nevada_2026-10-05_corrected.csv"]
    assert len(faulty) < len(corrected)
    numbers = faulty.merge(corrected, on="Credential Number", suffixes=("", " corrected"))
    assert (numbers["Phone"] != numbers["Phone corrected"]).sum() >= 1
    told = changes[changes["file_name"] == "nevada_2026-10-05_corrected.csv"]
    assert {"relisted", "new_phone"} <= set(told["change_kind"])


def test_correction_sorts_after_what_it_corrects() -> None:
    names = [item.file_name for item in deliveries(AS_OF, 3) if item.source_key == "nevada"]
    assert names == sorted(names)


def test_states_have_realistic_shares(files: Tables) -> None:
    texas, oklahoma, nevada = (
        len(files[name]) for name in ("texas_2026-09-06.csv", "oklahoma_2026-09-04.csv", "nevada_2026-09-05.csv")
    )
    assert 0.95 < (texas + oklahoma + nevada) / FACILITIES <= 1
    assert texas > 3 * oklahoma > 3 * nevada > 0


# What the values look like


def test_places_are_real(sources: Tables) -> None:
    for row in sources["texas"].drop_duplicates("Zip").head(150).itertuples():
        (place,) = zipcodes.matching(row.Zip)
        assert (place["state"], place["city"].upper()) == ("TX", row.City)
        assert place["county"].upper().startswith(row.County)


def test_phones_of_the_states_are_valid(sources: Tables) -> None:
    for key in ("nevada", "oklahoma", "texas"):
        for phone in sources[key]["Phone"].drop_duplicates():
            assert phonenumbers.is_valid_number(phonenumbers.parse(phone, "US")), phone


def test_phone_serves_sister_sites_at_several_addresses(files: Tables) -> None:
    texas = files["texas_2026-09-06.csv"]
    shared = texas.groupby("Phone")["Address"].nunique()
    assert (shared > 1).sum() > 20
    assert shared.max() > 5, "a district's number identifies nobody"
    brands = texas[texas["Phone"].isin(shared[shared > 1].index)]["Operation Name"]
    assert brands.str.contains(r" at | - | II\b").any()


def test_nevada_writes_the_address_in_one_line(sources: Tables) -> None:
    address = sources["nevada"]["Address"]
    assert address.str.match(r"^\d+ .+ [A-Z .'-]+, NV \d{5}$").all()
    assert address.str.contains(r"\., STE |, STE |, SUITE ").any()
    assert address.str.contains(r"^\d+ [NSEW]+\. ").any()


def test_nevada_credential_keeps_its_number_and_changes_its_year(files: Tables) -> None:
    years = pd.concat([files["nevada_2026-09-05.csv"], files["nevada_2026-11-05.csv"]])["Credential Number"]
    number, year = years.str.split("-").str[0], years.str.split("-").str[1]
    assert number.duplicated().any()
    assert (year.groupby(number).nunique() == 2).any()


def test_nevada_has_two_contacts_broken_apostrophes_and_every_credential_type(sources: Tables) -> None:
    nevada = sources["nevada"]
    assert nevada["Primary Contact Name"].str.match(r"^\w+ & \w+ [\w' ]+ & [\w' ]+$").any()
    assert nevada["Primary Contact Name"].str.match(r"^\w+ AND \w+ [\w' ]+ AND [\w' ]+$").any()
    assert nevada["Name"].str.contains("í").any()
    kinds = set(nevada["Credential Type"].str.replace(" (PROVISIONAL)", ""))
    assert kinds == {"CENTER", "GROUP CARE", "FAMILY CARE", "PERMITS", "ACCOMMODATION"}
    assert nevada["Credential Type"].str.endswith("(PROVISIONAL)").any()


def test_oklahoma_shifts_values_into_the_last_two_columns(sources: Tables) -> None:
    for row in sources["oklahoma"].to_dict("records"):
        flags = [row["Accepts Subsidy"], row["Year Round"], row["Daytime Hours"]]
        assert row["School Year Only"] == next((flag for flag in flags if flag), "")
    evening = Counter(sources["oklahoma"]["Evening Hours"])
    assert evening["Daytime Hours"] and evening["Evening Hours"] and evening["Preschool (24-48 months; 2-4 yrs.)"]


def test_oklahoma_names_persons_businesses_and_both(sources: Tables) -> None:
    oklahoma = sources["oklahoma"]
    company = oklahoma["Company"]
    assert company.str.match(r"^[A-Z' ]+, [A-Z]+$").any()
    assert company.str.match(r"^[A-Z' ]+, [A-Z]+ DBA .+").any()
    assert company.str.contains("LLC").any()
    assert oklahoma["Primary Caregiver"].str.fullmatch(r"[\w' ]+\n \n (Primary Caregiver|Director)").all()
    assert oklahoma["Subsidy Contract Number"].str.fullmatch(r"Subsidy Contract Number: (\d+|N/A)").all()
    assert oklahoma["License Monitoring Since"].str.fullmatch(r"Monitoring since \d{4}-\d\d-\d\d").all()


def test_texas_has_broken_quotes_farm_roads_and_undecided_rows(demo: Path, sources: Tables) -> None:
    texas = sources["texas"]
    assert texas["Operation Name"].str.match(r'^\S+" .+ LLC"$').any()
    assert '"" ' in (demo / "landing/texas/texas_2026-09-06.csv").read_text()
    assert texas["Address"].str.contains(r"^\d+ FM \d+").any()
    undecided = texas[texas["Status"] == ""]
    assert len(undecided) and (undecided[["Issue Date", "Capacity", "Email Address"]] == "").all(axis=None)
    assert (texas["Type"] == "").any()
    assert set(texas["Infant"]) == {"Y", "N"}


def test_texas_years_have_two_digits_in_some_months_and_four_in_others(files: Tables) -> None:
    for name, digits in (("texas_2026-09-06.csv", 2), ("texas_2026-10-06.csv", 4), ("texas_2026-11-06.csv", 2)):
        dates = files[name]["Issue Date"]
        assert dates[dates != ""].str.fullmatch(rf"\d+/\d+/\d{{{digits}}}").all(), name


def test_twenty_leads_share_an_invented_email(files: Tables) -> None:
    first = files["salesforce_2026-09-01.csv"]
    assert (first["email"] == "test1@gmail.com").sum() == 20


def test_small_demo_has_the_shared_email_too(tmp_path: Path) -> None:
    write_demo(tmp_path, 100, 1, AS_OF, SEED)
    leads = read(tmp_path / "landing/salesforce/salesforce_2026-11-01.csv")
    assert (leads["email"] == "test1@gmail.com").sum() == 20


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("phone", r"1234567\d{3}"),
        ("phone", r"\(\d{3}\) \d{3}-\d{4}"),
        ("phone", r"\+1\d{10}"),
        ("phone", r".+ x\d+"),
        ("phone", r"\+(55|44|61|52|91) .+"),
        ("company", r"[A-Za-z' ]+, [A-Z][a-z]+"),
        ("company", r".+ School, The"),
        ("company", r".+ \([A-Za-z. -]+\)"),
        ("company", r".+ - .+ [A-Z]{2} Child Day Care - Type I+"),
        ("company", r".+ (Ctr|Acad\.|Dev).*"),
        ("state", "TX"),
        ("state", "Texas"),
        ("state", "Other"),
        ("state", "Alberta|BC|British Columbia"),
        ("country", "Canada"),
        ("country", "Brazil|United Kingdom|Australia|Mexico|India"),
        ("country", ""),
        ("country", "US"),
        ("country", "United States"),
        ("postal_code", r"\d{5}-\d{4}"),
        ("postal_code", r"\d{4}"),
        ("postal_code", r"[A-Z]\d[A-Z] \d[A-Z]\d"),
        ("created_date", r"\d{4}-\d\d-\d\d \d:\d\d:\d\d"),
        ("created_date", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
        ("street", ""),
        ("street", r".+ (Ste|Suite|#|Unit).*"),
        ("first_name", r"\w+ & \w+"),
        ("outreach_stage_c", "Recycled - Using Competitor"),
    ],
)
def test_salesforce_writes_it_this_way_too(sources: Tables, column: str, pattern: str) -> None:
    assert sources["salesforce"][column].str.fullmatch(pattern).any()


def test_salesforce_times_lie_between_the_feeds(files: Tables) -> None:
    feeds = [(name[11:21], table) for name, table in files.items() if name.startswith("salesforce")]
    for (since, _), (until, table) in pairwise(feeds):
        modified = pd.to_datetime(table["last_modified_date"])
        assert modified.between(since, until, inclusive="left").all(), until
        assert (pd.to_datetime(table["created_date"]) <= modified).all()


# What is true


def test_truth_covers_every_delivered_record_once(files: Tables, facility_of: pd.DataFrame) -> None:
    delivered = set()
    for name, table in files.items():
        key = name.split("_")[0]
        ids = natural_ids(key, table)
        assert not ids.duplicated().any(), name
        delivered |= set(f"{key}:" + ids)
    assert facility_of["lead_key"].is_unique
    assert set(facility_of["lead_key"]) == delivered


def test_every_change_of_a_state_file_is_told(files: Tables, changes: pd.DataFrame) -> None:
    """Compare file with file as a reader would, and hold what differs against the truth."""
    for key in ("nevada", "oklahoma", "texas"):
        ordered = [(name, table) for name, table in files.items() if name.startswith(key)]
        for (_, before), (name, after) in pairwise(ordered):
            old, new = (table.set_index(natural_ids(key, table)) for table in (before, after))
            if key == "texas":
                for table in (old, new):
                    table["Issue Date"] = pd.to_datetime(table["Issue Date"], format="mixed").astype(str)
            both = old.index.intersection(new.index)
            differs = (old.loc[both] != new.loc[both]).any(axis=1)
            told = changes[changes["file_name"] == name].set_index("lead_key")["change_kind"]
            expected = {
                "unlisted": set(f"{key}:" + old.index.difference(new.index)),
                "listed": set(f"{key}:" + new.index.difference(old.index)),
                "changed": set(f"{key}:" + differs.index[differs]),
            }
            group = told.replace("relisted", "listed").where(
                lambda kind: kind.isin(["listed", "unlisted", "relisted"]), "changed"
            )
            assert {kind: set(group.index[group == kind]) for kind in expected} == expected, name


def test_changes_of_a_lead_are_told_with_their_columns(files: Tables, changes: pd.DataFrame) -> None:
    known: dict[str, dict[str, str]] = {}
    told = {(row.file_name, row.lead_key): row for row in changes.itertuples()}
    for name, table in files.items():
        if name.startswith("salesforce"):
            for row in table.to_dict("records"):
                row_told = told.pop((name, f"salesforce:{row['id']}"))
                before = known.get(row["id"])
                if before is None:
                    assert row_told.change_kind in ("created", "re_created")
                else:
                    assert row_told.attributes == "|".join(column for column in row if row[column] != before[column])
                known[row["id"]] = row
    assert not [key for key in told if key[0].startswith("salesforce")]


def test_everything_happens(changes: pd.DataFrame) -> None:
    kinds = set("|".join(changes["change_kind"]).split("|"))
    assert kinds == {
        "listed", "unlisted", "relisted", "renamed", "moved", "new_phone", "new_contact", "new_capacity", "renewed",
        "created", "re_created", "status", "edited", "touched", "deleted",
    }  # fmt: skip


def test_deleted_lead_comes_back_under_another_id(
    files: Tables, changes: pd.DataFrame, facility_of: pd.DataFrame
) -> None:
    facility = facility_of.set_index("lead_key")["facility_id"]
    for name, told in changes.groupby("file_name"):
        again = set(facility[told.loc[told["change_kind"] == "re_created", "lead_key"]])
        deleted = told.loc[told["change_kind"] == "deleted", "lead_key"]
        assert again <= set(facility[deleted]), name
        if len(deleted):
            flags = files[name].set_index("id")["is_deleted"]
            assert (flags[deleted.str.removeprefix("salesforce:")] == "TRUE").all()
    assert (changes["change_kind"] == "re_created").any()


def test_sales_knows_three_in_five_and_some_of_them_twice(files: Tables, facility_of: pd.DataFrame) -> None:
    facility = facility_of.set_index("lead_key")["facility_id"]
    listed = set(facility["texas:" + files["texas_2026-09-06.csv"]["Operation"]])
    leads = facility["salesforce:" + files["salesforce_2026-09-01.csv"]["id"]]
    known = leads[leads.isin(listed)]
    # Of those that sales once knew, some have closed since.
    assert 0.5 < known.nunique() / len(listed) < 0.65
    # The most of the copies are of the few facilities that several lists hold.
    assert 0.1 < 1 - known.nunique() / len(known) < 0.2
    copies = leads.value_counts()
    assert 15 <= copies.max() <= 21
    elsewhere = files["salesforce_2026-09-01.csv"]["state"].isin(
        ["California", "CA", "NY", "New York", "FL", "Florida"]
    )
    assert elsewhere.sum() > 50


def test_status_moves_along_the_funnel_with_few_slips(files: Tables) -> None:
    allowed = read(Path(__file__).parents[2] / "seeds/lead_status.csv").set_index("lead_status")["allowed_next"]
    status: dict[str, str] = {}
    moves: Counter[bool] = Counter()
    for name, table in files.items():
        if name.startswith("salesforce"):
            for number, now in zip(table["id"], table["status"], strict=True):
                before = status.get(number, now)
                if before != now:
                    moves[now in allowed[before].split("|")] += 1
                status[number] = now
    assert moves[False] > 0
    assert moves[True] > 20 * moves[False]


# The command


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--months", "0"], "--months is 0"),
        (["--months", "5000"], "do not lie between"),
        (["--facilities", "0"], "--facilities is 0"),
        (["--seed", "-1"], "--seed is -1"),
        (["--as-of", "soon"], "--as-of 'soon' is no date"),
        (["--as-of", "2026-02-30"], "--as-of '2026-02-30' is no date"),
        (["--after", "x"], "--after 'x' is no date"),
    ],
)
def test_bad_call_gives_one_sentence_and_exit_code_2(tmp_path: Path, options: list[str], sentence: str) -> None:
    said = call("demo", "--out", str(tmp_path), *options, expect=2)
    assert sentence in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_gives_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = call("demo", "--facilities", "50", "--out", str(tmp_path / "file"), expect=2)
    assert "the folder cannot be written" in said and "Give another --out." in said
    assert "Traceback" not in said


def call_demo(out: Path, *options: str, expect: int = 0) -> str:
    return call("demo", "--out", str(out), *options, expect=expect)


def test_a_later_call_continues_the_world_of_the_first(tmp_path: Path) -> None:
    world = ("--facilities", "100", "--months", "2", "--seed", "5")
    call_demo(tmp_path / "whole", "--facilities", "100", "--months", "3", "--seed", "5", "--as-of", "2026-12-15")
    call_demo(tmp_path / "two", *world)
    said = call_demo(tmp_path / "two", "--as-of", "2026-12-15", "--after", "2026-11-15")
    assert "from 2026-11-16 to 2026-12-15" in said and "make refresh" in said
    assert bytes_under(tmp_path / "two") == bytes_under(tmp_path / "whole")
    # Nothing is new, and nothing is dated wrongly.
    assert "nothing is written" in call_demo(tmp_path / "two", "--after", "2026-12-15")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--facilities", "200"], "facilities 200 for 100"),
        (["--seed", "6"], "seed 6 for 5"),
        (["--months", "2", "--as-of", "2026-12-15", "--after", "2026-11-15"], "first day 2026-11-01 for 2026-10-01"),
        (["--as-of", "2026-10-15"], "goes on to 2026-11-15 already"),
    ],
)
def test_another_world_in_the_same_folder_is_refused(tmp_path: Path, options: list[str], sentence: str) -> None:
    call_demo(tmp_path, "--facilities", "100", "--months", "2", "--seed", "5")
    before = bytes_under(tmp_path)
    assert sentence in call_demo(tmp_path, *options, expect=2)
    assert bytes_under(tmp_path) == before


def test_a_world_that_is_not_remembered_is_not_continued(tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    said = call_demo(tmp_path, "--as-of", "2026-12-15", "--after", "2026-11-15", expect=2)
    assert "not remembered" in said and not (tmp_path / "landing").exists()


def test_command_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    said = call("demo", "--facilities", "100", "--months", "1", "--out", str(tmp_path))
    assert "2026-11-01 to 2026-11-15" in said and "leads ingest --backfill" in said
    assert len(list(tmp_path.glob("landing/*/*.csv"))) == 3 + 5
