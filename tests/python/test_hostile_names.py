"""No sign in the name of a file or of the data directory means anything to what reads it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from conftest import ROOT
from helpers import NEVADA_HEADER, land
from lead_enrichment.bronze import registration_statements
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import LOADED, QUARANTINED, Ledger
from lead_enrichment.ingest.quarantine import delivered_name, release
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.warehouse.connection import connect, exactly


def file_of(*numbers: int) -> str:
    rows = [
        f"ABC,CENTER,{number}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other"
        for number in numbers
    ]
    return "\n".join([NEVADA_HEADER, *rows, ""])


def loaded(paths: DataPaths) -> dict[str, list[str]]:
    """Return the natural keys of each loaded file, as the view of bronze shows them."""
    with connect() as connection:
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        return dict(
            connection.execute("""
                SELECT l.file_name, LIST(b.credential_number ORDER BY b.row_number)
                FROM bronze.nevada AS b
                JOIN bronze.file_ledger AS l USING (file_id)
                GROUP BY ALL
            """).fetchall()
        )


@pytest.mark.parametrize(
    "name", ["nevada_2026-10-0[5].csv", "nevada_2026-10-0?.csv", "*.csv", "nevada_2026-10-0{5,6}.csv"]
)
def test_name_that_looks_like_a_pattern_is_only_a_name(paths: DataPaths, name: str) -> None:
    land(paths.root, "nevada_2026-10-05.csv", file_of(1, 2))
    ingest(paths)
    # What the pattern would find lies beside it.
    land(paths.root, "nevada_2026-10-06.csv", file_of(3, 4, 5))
    land(paths.root, name, file_of(9))
    assert [outcome.status for outcome in ingest(paths)] == [LOADED, LOADED]
    assert loaded(paths) == {
        "nevada_2026-10-05.csv": ["1-22", "2-22"], "nevada_2026-10-06.csv": ["3-22", "4-22", "5-22"], name: ["9-22"]
    }  # fmt: skip


@pytest.mark.parametrize(
    "folder", ["data [1]", "it's", "d*", "d?", "d{1,2}", "año=2026", "received_on=2020-01-01", "$x%20"]
)
def test_data_directory_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    for name in (folder, "data 1", "d1"):
        monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / name))
        paths = data_paths()
        land(paths.root, "nevada_2026-10-05.csv", file_of(1) if name == folder else file_of(7, 8))
        assert [outcome.status for outcome in ingest(paths)] == [LOADED]
    paths = DataPaths(tmp_path / folder)
    assert loaded(paths) == {"nevada_2026-10-05.csv": ["1-22"]}
    # The second delivery is compared with the first.
    land(paths.root, "nevada_2026-10-06.csv", file_of(1, 2))
    assert [outcome.status for outcome in ingest(paths)] == [LOADED]
    assert len(Ledger(paths.bronze).attempts()) == 2


@pytest.mark.parametrize("folder", [b"a\\b", b"a\nb", b"caf\xe9"])
def test_data_directory_that_nothing_can_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bytes
) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", os.fsdecode(os.fsencode(tmp_path) + b"/" + folder))
    with pytest.raises(UsageError, match="LEADS_DATA_DIR holds a backslash"):
        data_paths()


@pytest.mark.parametrize(
    "name",
    [b"nevada_2026-10-05_caf\xe9.csv", b"nevada_2026-10-05_\x1b[31m.csv", b"nevada_2026-10-05" + b"x" * 230 + b".csv"],
    ids=["no UTF-8", "escape", "long"],
)
@pytest.mark.parametrize("is_good", [True, False])
def test_odd_name_is_loaded_or_quarantined_under_a_short_plain_one(
    paths: DataPaths, name: bytes, is_good: bool
) -> None:
    path = paths.landing / "nevada" / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(file_of(1) if is_good else "a,b\n1,2\n")
    land(paths.root, "nevada_2026-10-06.csv", file_of(2))
    statuses = {outcome.file_name: outcome.status for outcome in ingest(paths)}
    assert statuses.pop("nevada_2026-10-06.csv") == LOADED
    (status,) = statuses.values()
    assert status == (LOADED if is_good else QUARANTINED)
    kept = [path for path in paths.quarantine.glob("*/*") if not path.name.endswith(".reason.txt")]
    assert len(kept) == (not is_good)
    for path in kept:
        assert re.fullmatch(r"[A-Za-z0-9_.~-]{1,180}", path.name)
        # The date that the name claims is still in it, and the file can be let in again.
        assert "2026-10-05" in release(paths, delivered_name(path), "right").name


def test_whatever_reads_files_is_given_a_path_that_is_no_pattern() -> None:
    for path in (ROOT / "lead_enrichment").rglob("*.py"):
        for call in re.findall(r"(?:READ_CSV|READ_PARQUET|read_parquet|read_csv)\(\{?[^?].*", path.read_text()):
            assert "exactly(" in call or "{truth}" in call or "{files}" in call or "registration" in call, (
                f"{path}: {call}"
            )


def test_a_path_with_every_sign_of_a_pattern_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*?{b}.parquet"
    with connect() as connection:
        connection.execute("COPY (SELECT 42 AS a) TO '" + str(path) + "' (FORMAT parquet)")
        assert connection.execute("FROM READ_PARQUET(?)", [exactly(path)]).fetchall() == [(42,)]
