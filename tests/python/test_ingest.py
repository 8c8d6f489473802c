"""Deliveries are loaded exactly once, and a bad one says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from conftest import SAMPLES, needs_samples
from helpers import NEVADA_HEADER, bronze_rows, land, take_in
from lead_enrichment.bronze import EXTERNAL_MODELS, external_models_yaml
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths, data_paths

OCTOBER, NOVEMBER = "nevada_2026-10-05.csv", "nevada_2026-11-05.csv"
ROW = (
    'ABC,CENTER,1106-22,Active,11/30/23,N,"150 N. WILLOW ST MESQUITE, NV 89027",NV,CLARK,702-393-9400,12/1/13,A B,Other'
)
GOOD = f"{NEVADA_HEADER}\n{ROW}\n"


def rows(paths: DataPaths, table: str) -> int:
    return len(bronze_rows(paths, table, "file_id"))


def test_external_models_are_those_of_the_contracts() -> None:
    assert EXTERNAL_MODELS.read_text(encoding="utf-8") == external_models_yaml()


def test_same_bytes_are_loaded_once(paths: DataPaths) -> None:
    assert take_in(paths, OCTOBER, GOOD).status == "loaded"
    assert take_in(paths, NOVEMBER, GOOD).status == "duplicate"
    assert rows(paths, "nevada") == 1
    assert not list(paths.landing.glob("*/*"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "the file is empty"),
        (f"{NEVADA_HEADER}\n".encode(), "a header and no rows"),
        (b"\x89PNG\r\n\0\0\0", "the file is a picture"),
        (b"a,b\n1,2\n", "required columns are missing"),
    ],
)
def test_unusable_file_goes_to_quarantine_with_its_reason(paths: DataPaths, text: bytes, said: str) -> None:
    land(paths.root, OCTOBER, text)
    land(paths.root, NOVEMBER, GOOD)
    by_status = {outcome.status: outcome for outcome in ingest(paths)}
    assert said in (by_status["quarantined"].reason or "")
    assert by_status["loaded"].rows_loaded == 1
    kept = [path for path in paths.quarantine.glob("nevada/*") if not path.name.endswith(".reason.txt")]
    assert [path.read_bytes() for path in kept] == [text]


def test_file_in_the_wrong_folder_is_told_the_right_one(paths: DataPaths) -> None:
    assert "landing/nevada/" in (take_in(paths, "texas_2026-10-05.csv", GOOD, "texas").reason or "")


def test_impossible_date_in_the_name_is_said(paths: DataPaths) -> None:
    assert "2026-13-45 in the name is no date" in (take_in(paths, "nevada_2026-13-45.csv", GOOD).reason or "")


def test_rows_that_do_not_fit_are_kept_with_line_and_text(paths: DataPaths) -> None:
    outcome = take_in(paths, OCTOBER, f"{GOOD}short,row\n{ROW},one,more\n{ROW.replace('1106-22', '')}\n")
    assert (outcome.rows_loaded, outcome.rows_rejected) == (1, 3)
    kept = bronze_rows(paths, "rejected_row", "line_number, raw_text")
    assert kept[0] == (3, "short,row")
    assert [line for line, _ in kept] == [3, 4, 5]


def test_cp1252_and_byte_order_mark_are_read(paths: DataPaths) -> None:
    assert take_in(paths, OCTOBER, GOOD.replace("ABC", "CAFÉ").encode("cp1252")).status == "loaded"
    assert take_in(paths, NOVEMBER, b"\xef\xbb\xbf" + GOOD.encode()).status == "loaded"
    assert bronze_rows(paths, "nevada", "name") == [("ABC",), ("CAFÉ",)]


SALES_HEADER = "id,is_deleted,company,phone,email,status,last_modified_date"
TEXAS_HEADER = "Operation,Operation Name,Address,City,Zip,Phone,Type,Status"


def sale(key: str) -> str:
    return f"{key},FALSE,Cedar Kids {key},713-522-{key},a@b{key}.org,Working,2024-05-02 10:00:00"


def operation(key: str, name: str = "CEDAR KIDS") -> str:
    return f"{key},{name},{key} OAK ST,HOUSTON,77002,281-522-{key},Licensed Center,Full Permit"


@pytest.mark.parametrize(
    ("source", "key", "lines", "bad", "reason"),
    [
        ("salesforce", "id", [SALES_HEADER, sale("1001")], SALES_HEADER, "it repeats the header"),
        ("texas", "operation", [TEXAS_HEADER, operation("1001")], TEXAS_HEADER.upper(), "it repeats the header"),
        ("texas", "operation", [TEXAS_HEADER, operation("1001")], f"\ufeff{TEXAS_HEADER}", "it repeats the header"),
        ("texas", "operation", [TEXAS_HEADER, operation("1001")], "Total,,9 operations,,,,,", "a line below the table"),
        ("texas", "operation", [TEXAS_HEADER, operation("1001")], "9,Grand Total,,,,,,", "a line below the table"),
        ("salesforce", "id", [SALES_HEADER, sale("1001")], "Total,,9 leads,,,,", "a line below the table"),
        ("salesforce", "id", [SALES_HEADER, sale("1001")], "Total,9,9,9,9,9,9", "a line below the table"),
        ("salesforce", "id", [SALES_HEADER, sale("1001")], "9,,,,,,", "nothing but one field is filled"),
        (
            "texas",
            "operation",
            [TEXAS_HEADER, operation("1001")],
            "---,---,---,---,---,---,---,---",
            "a line below the table",
        ),
    ],
)
def test_row_that_is_no_record_is_rejected_with_its_reason(
    paths: DataPaths, source: str, key: str, lines: list[str], bad: str, reason: str
) -> None:
    outcome = take_in(paths, f"{source}_2026-10-05.csv", "\n".join([*lines, bad, ""]), source)
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 1, 1)
    assert bronze_rows(paths, source, key) == [("1001",)]
    ((said,),) = bronze_rows(paths, "rejected_row", "reason")
    assert reason in said


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("texas", [TEXAS_HEADER, operation("1010", "Total Learning Center"), operation("1011", "Page One Preschool")]),
        # Odd words, under another header each, do not make a row a header.
        ("salesforce", [SALES_HEADER, "00Q8a00001ufZ0A,FALSE,Company,,,Status,2024-05-02 10:00:00", sale("1001")]),
    ],
)
def test_record_with_the_words_of_a_header_or_a_total_is_kept(paths: DataPaths, source: str, lines: list[str]) -> None:
    outcome = take_in(paths, f"{source}_2026-10-05.csv", "\n".join(lines) + "\n", source)
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", 2, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_byte_order_mark_in_the_middle_is_no_part_of_a_key(paths: DataPaths, encoding: str) -> None:
    begin, end = f"{TEXAS_HEADER}\n{operation('1001', 'NIÑOS')}\n", f"{operation('1002')}\n"
    mark = "\ufeff" if encoding == "utf-16" else "\ufeff".encode().decode(encoding)
    text = f"{begin}{mark}{end}".encode(encoding)
    assert take_in(paths, "texas_2026-10-05.csv", text, "texas").rows_loaded == 2
    assert bronze_rows(paths, "texas", "operation, operation_name") == [("1001", "NIÑOS"), ("1002", "CEDAR KIDS")]


@pytest.mark.parametrize("spoiling", ["", "short\n"], ids=["well-formed", "row by row"])
def test_signs_that_are_not_seen_are_no_part_of_a_key(paths: DataPaths, spoiling: str) -> None:
    text = f"{TEXAS_HEADER}\n\u200b1001\u200e{operation('1001').removeprefix('1001')}\n{spoiling}"
    take_in(paths, "texas_2026-10-05.csv", text, "texas")
    assert bronze_rows(paths, "texas", "operation") == [("1001",)]


def test_rows_that_are_no_records_do_not_count_against_a_stated_number(paths: DataPaths) -> None:
    land(paths.root, "texas_2026-10-05.csv.manifest.json", '{"rows": 1}', "texas")
    text = f"{TEXAS_HEADER}\n{operation('1001')}\n{TEXAS_HEADER}\n"
    assert take_in(paths, "texas_2026-10-05.csv", text, "texas").status == "loaded"


@pytest.mark.parametrize(
    ("source", "text", "said"),
    [
        ("salesforce", f"{SALES_HEADER},\n{sale('1001')}\n", "7 fields where 8 were expected"),
        (
            "oklahoma",
            "Type License,Company,Phone,Address1,City,Zip\nCHILD CARE CENTER,A,1,2,T,74101\n",
            "no natural key",
        ),
    ],
)
def test_file_of_which_no_row_can_be_kept_is_quarantined_however_small(
    paths: DataPaths, source: str, text: str, said: str
) -> None:
    outcome = take_in(paths, f"{source}_2026-10-05.csv", text, source)
    assert outcome.status == "quarantined"
    assert said in (outcome.reason or "")
    # The bytes are not known as loaded: the same file is judged again.
    assert take_in(paths, f"{source}_2026-10-06.csv", text, source).status == "quarantined"


def doubled(header: str, *values: str) -> str:
    """Return a file of Nevada whose phones stand under several headers, of which the last ones are added."""
    rows = [
        f"{ROW.replace('1106', str(at)).replace('702-393-9400', value)}" for at, value in enumerate(values, start=1)
    ]
    return "\n".join([NEVADA_HEADER.replace("Phone", header), *rows, ""])


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("PHONE ,phone", [",702-1", ",702-2"]),
        ("phone,Phone:,PHONE", [",,702-1", ",,702-2"]),
        ("Phone,PHONE", ["702-1,", "702-2,702-2"]),
        ("Phone,PHONE", ["702-1,702-1", ",702-2"]),
    ],
    ids=["the second", "the third", "the first, which has all", "the second, which has all"],
)
def test_of_doubled_headers_the_filled_one_is_taken(paths: DataPaths, header: str, values: list[str]) -> None:
    outcome = take_in(paths, OCTOBER, doubled(header, *values))
    assert (outcome.status, outcome.rows_loaded) == ("loaded", 2)
    assert bronze_rows(paths, "nevada", "phone") == [("702-1",), ("702-2",)]
    # The ledger keeps the header as it came.
    assert header.split(",")[1] in Ledger(paths.bronze).attempts()[-1]["header"].split("|")


@pytest.mark.parametrize("values", [["702-1,702-9"], ["702-1,", ",702-2"]], ids=["other values", "a part in each"])
def test_doubled_headers_with_different_values_are_asked_about(paths: DataPaths, values: list[str]) -> None:
    outcome = take_in(paths, OCTOBER, doubled("Phone,PHONE", *values))
    assert outcome.status == "quarantined"
    assert "'Phone' (field 10) and 'PHONE' (field 11) both name the column Phone" in (outcome.reason or "")


def test_licence_number_with_a_letter_is_a_key_and_a_month_is_none(paths: DataPaths) -> None:
    keys = ["339B-19", "412A", "1106 -22", "Jun-22"]
    outcome = take_in(paths, OCTOBER, "\n".join([NEVADA_HEADER, *(ROW.replace("1106-22", key) for key in keys), ""]))
    assert (outcome.rows_loaded, outcome.rows_rejected) == (3, 1)


def crashing_at(position: int) -> Callable[[Path, Path], Path]:
    """Return a rename that stands for a kill at the rename of that position, counted from 0."""
    rename, passed = Path.replace, count()

    def replace(source: Path, target: Path) -> Path:
        if next(passed) == position:
            raise KeyboardInterrupt
        return rename(source, target)

    return replace


def test_crash_at_any_rename_loads_the_file_once_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A data directory for each rename, until an ingest comes to its end.
    for position in count():
        monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / str(position)))
        paths = data_paths()
        # The empty tables of a fresh data directory are written by rename too.
        ingest(paths)
        land(paths.root, OCTOBER, f"{GOOD}short,row\n")
        is_through = False
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(Path, "replace", crashing_at(position))
            ingest(paths)
            is_through = True
        ingest(paths)
        assert [row["status"] for row in Ledger(paths.bronze).attempts()].count("loaded") == 1
        assert (rows(paths, "nevada"), rows(paths, "rejected_row")) == (1, 1)
        if is_through:
            break
    assert position, "no rename was met"


@needs_samples
@pytest.mark.parametrize(("source", "count"), [("salesforce", 39), ("nevada", 70), ("oklahoma", 28), ("texas", 29)])
def test_real_files_load_in_full(paths: DataPaths, source: str, count: int) -> None:
    name = "salesforce_leads.csv" if source == "salesforce" else f"{source}.csv"
    outcome = take_in(paths, f"{source}_2026-09-05.csv", (SAMPLES / name).read_bytes(), source)
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", count, 0)
