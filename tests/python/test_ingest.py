"""Deliveries are loaded exactly once, and a bad one says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from conftest import SAMPLES, needs_samples
from lead_enrichment.bronze import EXTERNAL_MODELS, external_models_yaml
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths

# Archive, loaded rows, rejected rows, ledger.
RENAMES = 4
HEADER = (
    "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,County,Phone,"
    "First Issue Date,Primary Contact Name,Primary Contact Role"
)
ROW = (
    'ABC,CENTER,1106-22,Active,11/30/23,N,"150 N. WILLOW ST MESQUITE, NV 89027",NV,CLARK,702-393-9400,12/1/13,A B,Other'
)


def drop(paths: DataPaths, text: str | bytes, name: str = "nevada_2026-10-05.csv", source: str = "nevada") -> Path:
    path = paths.landing / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(paths: DataPaths, table: str) -> int:
    files = str(paths.bronze / table / "*" / "*.parquet")
    found = duckdb.sql(f"SELECT COUNT(*) FROM READ_PARQUET('{files}', union_by_name = TRUE)").fetchone()
    assert found
    return int(found[0])


def test_external_models_are_those_of_the_contracts() -> None:
    assert EXTERNAL_MODELS.read_text(encoding="utf-8") == external_models_yaml()


def test_same_bytes_are_loaded_once(paths: DataPaths) -> None:
    drop(paths, f"{HEADER}\n{ROW}\n")
    assert [outcome.status for outcome in ingest(paths)] == ["loaded"]
    drop(paths, f"{HEADER}\n{ROW}\n", "nevada_2026-11-05.csv")
    assert [outcome.status for outcome in ingest(paths)] == ["duplicate"]
    assert rows(paths, "nevada") == 1
    assert not list(paths.landing.glob("*/*"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "the file is empty"),
        (f"{HEADER}\n".encode(), "a header and no rows"),
        (b"\x89PNG\r\n\0\0\0", "the file is no text"),
        (b"a,b\n1,2\n", "required columns are missing"),
    ],
)
def test_unusable_file_goes_to_quarantine_with_its_reason(paths: DataPaths, text: bytes, said: str) -> None:
    drop(paths, text)
    drop(paths, f"{HEADER}\n{ROW}\n", "nevada_2026-11-05.csv")
    by_status = {outcome.status: outcome for outcome in ingest(paths)}
    assert said in (by_status["quarantined"].reason or "")
    assert by_status["loaded"].rows_loaded == 1
    kept = [path for path in paths.quarantine.glob("nevada/*") if not path.name.endswith(".reason.txt")]
    assert [path.read_bytes() for path in kept] == [text]


def test_file_in_the_wrong_folder_is_told_the_right_one(paths: DataPaths) -> None:
    drop(paths, f"{HEADER}\n{ROW}\n", source="texas", name="texas_2026-10-05.csv")
    assert "landing/nevada/" in (ingest(paths)[0].reason or "")


def test_impossible_date_in_the_name_is_said(paths: DataPaths) -> None:
    drop(paths, f"{HEADER}\n{ROW}\n", "nevada_2026-13-45.csv")
    assert "2026-13-45 in the name is no date" in (ingest(paths)[0].reason or "")


def test_rows_that_do_not_fit_are_kept_with_line_and_text(paths: DataPaths) -> None:
    drop(paths, f"{HEADER}\n{ROW}\nshort,row\n{ROW},one,more\n{ROW.replace('1106-22', '')}\n")
    outcome = ingest(paths)[0]
    assert (outcome.rows_loaded, outcome.rows_rejected) == (1, 3)
    files = str(paths.bronze / "rejected_row" / "*" / "*.parquet")
    kept = duckdb.sql(f"SELECT line_number, raw_text FROM READ_PARQUET('{files}') ORDER BY 1").fetchall()
    assert kept[0] == (3, "short,row")
    assert [line for line, _ in kept] == [3, 4, 5]


def test_cp1252_and_byte_order_mark_are_read(paths: DataPaths) -> None:
    drop(paths, f"{HEADER}\n{ROW.replace('ABC', 'CAFÉ')}\n".encode("cp1252"))
    drop(paths, b"\xef\xbb\xbf" + f"{HEADER}\n{ROW}\n".encode(), "nevada_2026-11-05.csv")
    assert [outcome.status for outcome in ingest(paths)] == ["loaded", "loaded"]
    files = str(paths.bronze / "nevada" / "*" / "*.parquet")
    names = duckdb.sql(f"SELECT name FROM READ_PARQUET('{files}') ORDER BY 1").fetchall()
    assert names == [("ABC",), ("CAFÉ",)]


@pytest.mark.parametrize("step", range(5))
def test_crash_at_any_rename_loads_the_file_once_in_the_end(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    # The empty tables of a fresh data directory are written by rename too.
    ingest(paths)
    drop(paths, f"{HEADER}\n{ROW}\nshort,row\n")
    real, calls = Path.replace, 0

    def crash(source: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls - 1 == step:
            raise KeyboardInterrupt
        return real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        if step < RENAMES:
            with pytest.raises(KeyboardInterrupt):
                ingest(paths)
        else:
            ingest(paths)
    ingest(paths)
    loaded = [row for row in Ledger(paths.bronze).attempts() if row["status"] == "loaded"]
    assert len(loaded) == 1
    assert (rows(paths, "nevada"), rows(paths, "rejected_row")) == (1, 1)


@needs_samples
@pytest.mark.parametrize(("source", "count"), [("salesforce", 39), ("nevada", 70), ("oklahoma", 28), ("texas", 29)])
def test_real_files_load_in_full(paths: DataPaths, source: str, count: int) -> None:
    name = "salesforce_leads.csv" if source == "salesforce" else f"{source}.csv"
    drop(paths, (SAMPLES / name).read_bytes(), f"{source}_2026-09-05.csv", source)
    outcome = ingest(paths)[0]
    assert (outcome.status, outcome.rows_loaded, outcome.rows_rejected) == ("loaded", count, 0)
