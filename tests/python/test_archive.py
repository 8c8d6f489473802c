"""The archive gives back what came, byte for byte, and lets nothing go that is asked for or needed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import helpers
from helpers import crash, land, take_in
from lead_enrichment.bronze import registration_statements
from lead_enrichment.contracts import Retention, contracts, contracts_dir, lead_contracts, read_contract
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest import archive
from lead_enrichment.ingest.archive import archived_file, entries, find, keep, prune, restore
from lead_enrichment.ingest.ledger import Attempt, Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.lock import only_writer
from lead_enrichment.paths import DataPaths

NEVADA = "Name,Credential Type,Credential Number,Status,Address,Phone\n"
SALESFORCE = "id,is_deleted,company,phone,email,status,last_modified_date\n"
# Long after the seven years of the contracts.
LATER = date(2060, 1, 1)


call = partial(helpers.call, "archive")


def nevada(number: int) -> bytes:
    row = f'ABC,CENTER,{number}-22,Active,"150 N. WILLOW ST MESQUITE, NV 89027",702-393-9400'
    return f"{NEVADA}{row}\n".encode()


def salesforce(number: int) -> bytes:
    return f"{SALESFORCE}{number},f,A,1,a@b.c,Open,2026\n".encode()


def backfill(paths: DataPaths, name: str, content: bytes, source: str = "nevada") -> str:
    """Ingest one file under the date that it claims, and return its id."""
    assert take_in(paths, name, content, source, backfill=True).status == "loaded"
    return hashlib.sha256(content).hexdigest()


def snapshots(paths: DataPaths, *months: int) -> list[str]:
    """Ingest a Nevada file for each month of 2026, and give their ids."""
    return [backfill(paths, f"nevada_2026-{month:02d}-05.csv", nevada(1000 + month)) for month in months]


def state(paths: DataPaths) -> dict[str, str]:
    return {item.file_id: item.state for item in entries(paths)}


def why(paths: DataPaths, today: date = LATER) -> dict[str, str]:
    """Return the reason for which each file stays; empty where it goes."""
    return {item.entry.file_id: "" if item.goes else item.reason for item in prune(paths, today, dry_run=True)}


def files(paths: DataPaths) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in paths.root.rglob("*") if path.is_file()}


def test_archived_bytes_are_those_that_came_compressed_and_read_only(paths: DataPaths) -> None:
    text = NEVADA.encode() + b"".join(nevada(number).split(b"\n", 1)[1] for number in range(1000, 3000))
    file_id = backfill(paths, "nevada_2026-10-05.csv", text)
    path = archived_file(paths, file_id)
    assert pa.CompressedInputStream(pa.OSFile(str(path)), "zstd").read() == text
    assert path.stat().st_size < len(text) / 10
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_file_of_many_chunks_comes_back_whole(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "CHUNK_BYTES", 7)
    file_id = backfill(paths, "nevada_2026-10-05.csv", nevada(1001))
    assert restore(find(file_id, paths), paths.root, paths).read_bytes() == nevada(1001)


def test_a_file_that_changes_while_it_is_taken_in_is_not_archived(paths: DataPaths, tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_bytes(b"more than was hashed")
    with pytest.raises(DataError, match="changed while it was taken in"):
        keep(path, "0" * 64, paths)
    assert files(paths) == {}


@pytest.mark.parametrize("wanted", ["id", "ID", "prefix", "nevada_2026-10-05.csv", "nevada/nevada_2026-10-05.csv"])
def test_restore_gives_the_bytes_back_and_enters_it(paths: DataPaths, tmp_path: Path, wanted: str) -> None:
    snapshots(paths, 9, 11)
    (file_id,) = snapshots(paths, 10)
    name = {"id": file_id, "ID": file_id.upper(), "prefix": file_id[:8]}.get(wanted, wanted)
    assert "as delivered" in call("restore", name, "--to", str(tmp_path))
    target = tmp_path / "nevada_2026-10-05.csv"
    assert target.read_bytes() == nevada(1010)
    assert target.stat().st_nlink == 1
    assert os.access(target, os.W_OK)
    event = Ledger(paths.bronze).archive_events()[0]
    assert (event["action"], event["file_id"], str(target) in event["reason"]) == ("restored", file_id, True)
    assert state(paths)[file_id] == "archived"


def test_a_restored_file_without_a_date_in_its_name_claims_the_same_date_again(
    paths: DataPaths, tmp_path: Path
) -> None:
    landed = land(paths.root, "facilities.csv", nevada(1001))
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
    os.utime(landed, (noon, noon))
    ingest(paths)
    target = restore(find("facilities.csv", paths), tmp_path, paths)
    assert datetime.fromtimestamp(target.stat().st_mtime, UTC).date() == date(2026, 3, 4)


def test_a_delivery_goes_by_the_name_of_its_repetition_too(paths: DataPaths) -> None:
    (file_id,) = snapshots(paths, 10)
    assert take_in(paths, "again_2026-11-05.csv", nevada(1010)).status == "duplicate"
    assert find("again_2026-11-05.csv", paths).file_id == file_id


@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "in between"])
def test_restore_never_overwrites(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool, late: bool
) -> None:
    snapshots(paths, 10)
    target = tmp_path / "nevada_2026-10-05.csv"
    unpack, link = archive._unpack, Path.hardlink_to

    def unpack_while_another_writes(*values: object) -> None:
        unpack(*values)  # type: ignore[arg-type]
        target.write_text("mine", encoding="utf-8")

    def no_links(self: Path, other: Path) -> None:
        if not links:
            raise OSError(errno.EPERM, "Operation not permitted")
        link(self, other)

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    if late:
        monkeypatch.setattr(archive, "_unpack", unpack_while_another_writes)
    else:
        target.write_text("mine", encoding="utf-8")
    assert "there is a file already" in call("restore", "nevada_2026-10-05.csv", "--to", str(tmp_path), expect=2)
    assert target.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [target.name]


def test_restore_works_where_the_file_system_knows_no_links(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    snapshots(paths, 10)
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    assert restore(find("nevada_2026-10-05.csv", paths), tmp_path, paths).read_bytes() == nevada(1010)


def flip(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 0xFF]) + data[-19:]


@pytest.mark.parametrize(
    "damage",
    [flip, lambda data: data[:-10], lambda _: b"", lambda _: b"no zstd", lambda _: pa.compress(b"x", "zstd", True)],
    ids=["flipped bit", "cut short", "empty", "other format", "other bytes"],
)
def test_a_damaged_archive_file_is_said_and_nothing_is_left(
    paths: DataPaths, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    (file_id,) = snapshots(paths, 10)
    path = archived_file(paths, file_id)
    path.chmod(0o644)
    path.write_bytes(damage(path.read_bytes()))
    said = call("restore", file_id, "--to", str(tmp_path), expect=1)
    assert "damaged" in said
    assert said.count("\n") == 1
    assert [item for item in tmp_path.iterdir() if item.is_file()] == []
    assert Ledger(paths.bronze).archive_events() == []


def test_a_missing_archive_file_is_listed_so_and_cannot_be_restored(paths: DataPaths, tmp_path: Path) -> None:
    (file_id,) = snapshots(paths, 10)
    archived_file(paths, file_id).unlink()
    assert state(paths) == {file_id: "missing"}
    assert "is missing" in call("restore", file_id, "--to", str(tmp_path), expect=1)
    assert prune(paths, LATER) == []


def test_a_folder_that_is_none_is_said(paths: DataPaths, tmp_path: Path) -> None:
    snapshots(paths, 10)
    assert "no such folder" in call("restore", "nevada_2026-10-05.csv", "--to", str(tmp_path / "none"), expect=2)


def attempt(file_id: str, file_name: str) -> Attempt:
    now = datetime(2026, 10, 5, tzinfo=UTC)
    return Attempt(
        file_id=file_id, source_key="nevada", file_name=file_name, file_date=now.date(), delivery_mode="full_snapshot",
        status="loaded", reason=None, rows_delivered=1, rows_loaded=1, rows_rejected=0, file_bytes=1, encoding="utf-8",
        header="Name", received_at=now, started_at=now,
    )  # fmt: skip


def test_a_beginning_that_fits_several_is_refused_with_what_tells_them_apart(paths: DataPaths) -> None:
    for file_id, name in (("abcd0000000011" + "0" * 50, "one.csv"), ("abcd0000000022" + "0" * 50, "two.csv")):
        Ledger(paths.bronze).append(attempt(file_id, name))
    said = call("restore", "abcd", expect=2)
    assert "'abcd' names 2 deliveries" in said
    assert "abcd000000001100 (one.csv), abcd000000002200 (two.csv)" in said
    assert find("abcd00000000110", paths).file_name == "one.csv"
    with pytest.raises(UsageError, match="knows no 'abc'"):
        find("abc", paths)


def test_a_name_that_came_twice_with_other_bytes_is_ambiguous(paths: DataPaths) -> None:
    first = backfill(paths, "nevada_2026-10-05.csv", nevada(1))
    backfill(paths, "nevada_2026-10-05.csv", nevada(2))
    with pytest.raises(UsageError, match="names 2 deliveries"):
        find("nevada_2026-10-05.csv", paths)
    assert find(first, paths).file_id == first


def test_an_unknown_name_is_told_what_comes_near(paths: DataPaths) -> None:
    snapshots(paths, 10)
    assert "Did you mean nevada_2026-10-05.csv?" in call("restore", "nevada_2026-10-06.csv", expect=2)
    assert "See: leads archive list." in call("restore", "zzz", expect=2)


def test_a_crash_between_archive_and_ledger_is_listed_kept_and_mended(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots(paths, 9)
    land(paths.root, "nevada_2026-10-05.csv", nevada(1010))
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", crash)
        with pytest.raises(KeyboardInterrupt):
            ingest(paths)
    file_id = hashlib.sha256(nevada(1010)).hexdigest()
    assert state(paths)[file_id] == "not in the ledger"
    assert "not in the ledger" in call("list")
    assert "the ledger names no load" in why(paths)[file_id]
    prune(paths, LATER)
    assert archived_file(paths, file_id).exists()
    assert restore(find(file_id, paths), paths.root, paths).read_bytes() == nevada(1010)
    assert ingest(paths)[0].status == "loaded"
    assert list(state(paths).values()) == ["archived", "archived"]


def test_an_archive_half_written_is_removed_by_the_next_ingest(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = land(paths.root, "nevada_2026-10-05.csv", nevada(1010))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "chmod", crash)
        with pytest.raises(KeyboardInterrupt):
            ingest(paths)
    assert list(paths.archive.glob("*/.*.unfinished"))
    assert entries(paths) == []
    landed.unlink()
    ingest(paths)
    assert not list(paths.archive.glob("*/.*"))


def test_prune_keeps_the_newest_two_snapshots_and_lets_older_ones_go(paths: DataPaths) -> None:
    july, august, september, october = snapshots(paths, 7, 8, 9, 10)
    assert why(paths) == {
        july: "",
        august: "",
        september: "the snapshot of nevada before the newest",
        october: "the newest effective delivery of nevada",
    }
    assert "received 2026-07-05, kept for 7 years" in [item.reason for item in prune(paths, LATER)]
    assert state(paths) == {july: "pruned", august: "pruned", september: "archived", october: "archived"}
    assert not (paths.archive / july[:2]).exists() or july[:2] in {september[:2], october[:2]}
    events = Ledger(paths.bronze).archive_events()
    assert {(item["file_id"], item["action"]) for item in events} == {(july, "pruned"), (august, "pruned")}


def test_prune_keeps_of_a_change_feed_the_newest_delivery(paths: DataPaths) -> None:
    ids = [backfill(paths, f"salesforce_2026-10-0{day}.csv", salesforce(day), "salesforce") for day in (1, 2, 3)]
    assert [bool(why(paths)[file_id]) for file_id in ids] == [False, False, True]


def test_a_change_feed_is_effective_whatever_its_date(paths: DataPaths) -> None:
    newest_date = backfill(paths, "salesforce_2026-10-09.csv", salesforce(1), "salesforce")
    # Without --backfill: received last, dated first
    take_in(paths, "salesforce_2026-10-01.csv", salesforce(2), "salesforce")
    late = hashlib.sha256(salesforce(2)).hexdigest()
    assert {key: bool(reason) for key, reason in why(paths).items()} == {newest_date: False, late: True}


def test_a_stale_snapshot_does_not_count_as_the_newest(paths: DataPaths) -> None:
    september, october = snapshots(paths, 9, 10)
    # Without --backfill: received last, dated first
    take_in(paths, "nevada_2026-08-05.csv", nevada(1008))
    stale = hashlib.sha256(nevada(1008)).hexdigest()
    assert {key: bool(reason) for key, reason in why(paths).items()} == {september: True, october: True, stale: False}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "bronze.nevada lacks its rows"),
        (lambda path: path.write_bytes(b"PAR1"), "its rows in bronze.nevada cannot be read"),
    ],
    ids=["missing", "damaged"],
)
def test_prune_keeps_what_bronze_has_lost(paths: DataPaths, spoil: Callable[[Path], object], reason: str) -> None:
    july, august, *_ = snapshots(paths, 7, 8, 9, 10)
    spoil(next(paths.bronze.glob(f"nevada/*/{july}.parquet")))
    assert why(paths)[july] == f"a restatement needs it: {reason}"
    prune(paths, LATER)
    assert (state(paths)[july], state(paths)[august]) == ("archived", "pruned")


def test_prune_keeps_what_bronze_holds_in_part(paths: DataPaths) -> None:
    july, *_ = snapshots(paths, 7, 8, 9, 10)
    empty = next(paths.bronze.glob("nevada/*/empty.parquet"))
    next(paths.bronze.glob(f"nevada/*/{july}.parquet")).write_bytes(empty.read_bytes())
    assert why(paths)[july] == "a restatement needs it: bronze.nevada holds 0 of its 1 rows"


def test_prune_keeps_a_file_whose_rejected_rows_are_lost(paths: DataPaths) -> None:
    july = backfill(paths, "nevada_2026-07-05.csv", nevada(1) + b"short\n")
    snapshots(paths, 8, 9, 10)
    assert why(paths)[july] == ""
    next(paths.bronze.glob(f"rejected_row/*/{july}.parquet")).unlink()
    assert why(paths)[july] == "a restatement needs it: bronze.rejected_row lacks its rows"


def test_prune_waits_for_the_end_of_the_retention(paths: DataPaths) -> None:
    july, *_ = snapshots(paths, 7, 8, 9)
    assert why(paths, date(2033, 7, 4))[july] == "kept until 2033-07-05"
    assert why(paths, date(2033, 7, 5))[july] == ""


def test_without_a_retention_files_are_kept_for_ever(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    july, *_ = snapshots(paths, 7, 8, 9)
    monkeypatch.setitem(contracts(), "nevada", replace(contracts()["nevada"], retention=None))
    assert why(paths, date.max)[july] == "kept for ever: no contract names a retention"


def test_dry_run_changes_nothing_and_says_what_would_go(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contracts(), "nevada", replace(contracts()["nevada"], retention=Retention(1, "day")))
    old = date.today().year - 2
    ids = [backfill(paths, f"nevada_{old}-{month:02d}-05.csv", nevada(month)) for month in (7, 8, 9)]
    before = files(paths)
    said = call("prune", "--dry-run")
    assert "1 file of" in said
    assert "would go, 2 stay. Nothing was changed." in said
    assert "the newest effective delivery of nevada" in said
    told = json.loads(call("prune", "--dry-run", "--json"))
    assert [item["goes"] for item in told["files"]] == [True, False, False]
    assert files(paths) == before
    assert "1 file of" in call("prune")
    assert state(paths)[ids[0]] == "pruned"


def test_a_prune_that_is_killed_is_ended_by_the_next_under_one_entry(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    july, *_ = snapshots(paths, 7, 8, 9)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            prune(paths, LATER)
    assert state(paths)[july] == "archived"
    prune(paths, LATER)
    assert state(paths)[july] == "pruned"
    assert len(Ledger(paths.bronze).archive_events()) == 1


def test_a_folder_that_may_not_be_written_is_said(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    snapshots(paths, 7, 8, 9)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UsageError, match="cannot be removed"):
        prune(paths, LATER)


def test_a_pruned_file_says_when_it_went_and_its_repetition_is_still_known(paths: DataPaths, tmp_path: Path) -> None:
    july, *_ = snapshots(paths, 7, 8, 9)
    prune(paths, LATER)
    assert f"pruned on {datetime.now(UTC):%Y-%m-%d}" in call("restore", july, "--to", str(tmp_path), expect=1)
    assert take_in(paths, "nevada_2026-07-05.csv", nevada(1007)).status == "duplicate"
    assert state(paths)[july] == "pruned"


def test_prune_waits_for_no_ingest(paths: DataPaths) -> None:
    with only_writer(paths), pytest.raises(UsageError, match="another ingest or prune is at work"):
        prune(paths, LATER)


def test_a_prune_changes_nothing_for_the_readers_of_the_ledger_and_stands_in_bronze(paths: DataPaths) -> None:
    snapshots(paths, 7, 8, 9)
    before = (Ledger(paths.bronze).attempts(), helpers.call("status", "--json"))
    prune(paths, LATER)
    assert (Ledger(paths.bronze).attempts(), helpers.call("status", "--json")) == before
    with duckdb.connect() as connection:
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        found = connection.sql("SELECT file_name, action, archived_bytes > 0 FROM bronze.archive_event").fetchall()
    assert found == [("nevada_2026-07-05.csv", "pruned", True)]


def test_list_tells_names_dates_and_sizes_of_one_source_or_all(paths: DataPaths) -> None:
    assert "The archive is empty." in call("list")
    (file_id,) = snapshots(paths, 10)
    backfill(paths, "salesforce_2026-10-01.csv", salesforce(1), "salesforce")
    assert [item["source"] for item in json.loads(call("list", "--json"))] == ["salesforce", "nevada"]
    (told,) = json.loads(call("list", "--source", "nevada", "--json"))
    assert told == {
        "file_id": file_id,
        "source": "nevada",
        "file": "nevada_2026-10-05.csv",
        "file_date": "2026-10-05",
        "received_at": "2026-10-05T00:00:00+00:00",
        "file_bytes": len(nevada(1010)),
        "archived_bytes": archived_file(paths, file_id).stat().st_size,
        "state": "archived",
        "pruned_at": None,
    }
    assert re.search(rf"{file_id[:12]} .*nevada_2026-10-05.csv .*2026-10-05 .*archived", call("list"))
    assert "Did you mean nevada?" in call("list", "--source", "nevda", expect=2)


@pytest.mark.parametrize("source", sorted(contracts()))
def test_leads_are_kept_for_seven_years_and_decisions_for_ever(source: str) -> None:
    assert contracts()[source].retention == (Retention(7, "year") if source in lead_contracts() else None)


@pytest.mark.parametrize(
    ("retention", "received", "ends"),
    [
        (Retention(30, "day"), date(2026, 1, 31), date(2026, 3, 2)),
        (Retention(1, "year"), date(2028, 2, 29), date(2029, 3, 1)),
        (Retention(4, "year"), date(2028, 2, 29), date(2032, 2, 29)),
        (Retention(7, "year"), date(2026, 10, 5), date(2033, 10, 5)),
        (Retention(9000, "year"), date(2026, 10, 5), date.max),
    ],
)
def test_retention_ends_by_the_calendar(retention: Retention, received: date, ends: date) -> None:
    assert retention.ends(received) == ends


@pytest.mark.parametrize("stated", ["value: 7, unit: months", "value: 0, unit: y", "value: long, unit: y", "value: 7"])
def test_a_retention_that_cannot_be_read_is_said(tmp_path: Path, stated: str) -> None:
    text = (contracts_dir() / "texas.yaml").read_text(encoding="utf-8")
    path = tmp_path / "texas.yaml"
    path.write_text(re.sub(r"value: 7, unit: y", stated, text), encoding="utf-8")
    with pytest.raises(UsageError, match=r"contracts/texas.yaml: the retention of .* cannot be read"):
        read_contract(path)
