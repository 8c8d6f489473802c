"""What lies there counts more than what was derived from it, and every loss is named, with what brings it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from conftest import Run
from helpers import NEVADA_HEADER, bronze_rows, call, crash, land, take_in
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.doctor import examine
from lead_enrichment.ingest.ledger import LOADED, Ledger
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from test_waiting import held

ROW = "ABC,CENTER,{}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"


@pytest.fixture
def loaded(paths: DataPaths) -> DataPaths:
    """Two deliveries, one of them with a rejected row."""
    take_in(paths, "nevada_2026-10-05.csv", f"{NEVADA_HEADER}\n{ROW.format(1)}short\n")
    take_in(paths, "nevada_2026-10-06.csv", f"{NEVADA_HEADER}\n{ROW.format(1)}{ROW.format(2)}")
    assert examine(paths) == []
    return paths


def counts(paths: DataPaths) -> tuple[int, int, int]:
    attempts = [row for row in Ledger(paths.bronze).attempts() if row["status"] == LOADED]
    return len(attempts), len(bronze_rows(paths, "nevada", "name")), len(bronze_rows(paths, "rejected_row", "reason"))


def parts(paths: DataPaths, table: str) -> list[Path]:
    return sorted(path for path in (paths.bronze / table).glob("*/*.parquet") if path.stem != "empty")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def swap(paths: DataPaths) -> None:
    first, second = parts(paths, "nevada")
    shutil.copy(first, second)


def drop_a_row(paths: DataPaths) -> None:
    path = max(parts(paths, "nevada"), key=lambda part: pq.read_metadata(part).num_rows)
    pq.write_table(pq.ParquetFile(path).read().slice(0, 1), path)


def rename_rows(paths: DataPaths) -> None:
    path = parts(paths, "nevada")[0]
    table = pq.ParquetFile(path).read()
    at = table.schema.get_field_index("file_id")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(["0" * 64] * len(table))), path)


def scribble(paths: DataPaths) -> None:
    path = next(paths.archive.glob("*/*.zst"))
    path.chmod(0o600)
    path.write_bytes(b"x" * 50)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda paths: shutil.rmtree(paths.bronze / "file_ledger"), "bronze holds a delivery that the ledger does not"),
        (lambda paths: parts(paths, "file_ledger")[0].unlink(), "bronze holds a delivery that the ledger does not"),
        (lambda paths: cut(parts(paths, "file_ledger")[0]), "a file of bronze.file_ledger cannot be read"),
        (lambda paths: cut(parts(paths, "nevada")[0]), "its rows in bronze.nevada cannot be read"),
        (lambda paths: parts(paths, "nevada")[1].unlink(), "bronze.nevada lacks its rows"),
        (lambda paths: parts(paths, "rejected_row")[0].unlink(), "bronze.rejected_row lacks its rows"),
        (swap, "bronze.nevada holds"),
        (drop_a_row, "bronze.nevada holds 1 of its 2 rows"),
        (rename_rows, "bronze.nevada holds rows of another delivery"),
    ],
    ids=[
        "ledger gone",
        "entry gone",
        "entry cut",
        "rows cut",
        "rows gone",
        "rejects gone",
        "file of another",
        "row gone",
        "rows of another",
    ],
)
def test_what_the_others_still_tell_is_mended(loaded: DataPaths, harm: Callable[[DataPaths], None], said: str) -> None:
    before = counts(loaded)
    harm(loaded)
    found = examine(loaded)
    assert found and all(item.difference.mend and not item.is_mended for item in found)
    assert said in found[0].difference.what
    assert all(item.is_mended for item in examine(loaded, repair=True))
    assert examine(loaded) == []
    assert counts(loaded) == before
    land(loaded.root, "nevada_2026-10-07.csv", f"{NEVADA_HEADER}\n{ROW.format(3)}")
    assert [outcome.status for outcome in ingest(loaded)] == [LOADED]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda paths: next(paths.archive.glob("*/*.zst")).unlink(), "its archived file is missing"),
        (scribble, "the archived file is damaged"),
        (lambda paths: paths.warehouse.write_bytes(b"no database" * 1_000), "the file cannot be read"),
    ],
    ids=["archive gone", "archive damaged", "warehouse damaged"],
)
def test_what_only_a_person_can_bring_back_is_named(
    loaded: DataPaths, harm: Callable[[DataPaths], None], said: str
) -> None:
    harm(loaded)
    (item,) = examine(loaded, repair=True)
    assert said in item.difference.what and not item.is_mended
    assert said in call("doctor", expect=1)
    verified = call("archive", "verify", expect=0 if "file cannot" in said else 1)
    assert ("0 damaged or missing" in verified) == ("file cannot" in said)


@pytest.mark.parametrize("place", ["warehouse", "published"])
def test_what_is_built_is_compared_with_the_ledger(loaded: DataPaths, place: str) -> None:
    file = getattr(loaded, place)
    file.parent.mkdir(exist_ok=True)
    first, second = (row["file_id"] for row in Ledger(loaded.bronze).attempts())
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "CREATE SCHEMA ops; CREATE TABLE ops.reconciliation (file_id TEXT, file_name TEXT, broken_link TEXT)"
        )
        connection.executemany(
            "INSERT INTO ops.reconciliation VALUES (?, ?, ?)", [(first, "a.csv", "staging"), ("0" * 64, "b.csv", None)]
        )
        assert second != first
    assert [item.difference.what for item in examine(loaded)] == [
        "a.csv: staging does not add up",
        "1 load is not built yet",
        "it shows 1 load that the ledger lacks",
    ]


def test_status_tells_of_a_missing_archived_file(loaded: DataPaths) -> None:
    next(loaded.archive.glob("*/*.zst")).unlink()
    assert "1 archived file is missing, such as nevada_2026-10-0" in call("status")


@pytest.mark.parametrize("table", ["file_ledger", "nevada"])
def test_ingest_refuses_where_evidence_has_no_ledger_and_changes_nothing(loaded: DataPaths, table: str) -> None:
    shutil.rmtree(loaded.bronze / "file_ledger")
    if table == "nevada":
        # Only the archive is left.
        shutil.rmtree(loaded.bronze / "nevada")
        shutil.rmtree(loaded.bronze / "rejected_row")
    land(loaded.root, "nevada_2026-10-07.csv", f"{NEVADA_HEADER}\n{ROW.format(3)}")
    before = parts(loaded, "nevada")
    with pytest.raises(UsageError, match=r"hold 2 deliveries that the ledger does not know.*leads doctor --repair"):
        ingest(loaded)
    assert parts(loaded, "nevada") == before
    assert len(list(loaded.landing.glob("nevada/*"))) == 1


def test_delivery_that_only_the_archive_has_is_put_into_quarantine(loaded: DataPaths) -> None:
    for table in ("file_ledger", "nevada", "rejected_row"):
        shutil.rmtree(loaded.bronze / table)
    assert all(item.is_mended for item in examine(loaded, repair=True))
    recovered = [path for path in (loaded.quarantine / "recovered").iterdir() if not path.suffix]
    assert len(recovered) == 2 and all(path.read_text().startswith(NEVADA_HEADER) for path in recovered)
    assert ingest(loaded) == []


def test_killed_ingest_is_no_lost_ledger(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    path = land(paths.root, "nevada_2026-10-05.csv", f"{NEVADA_HEADER}\n{ROW.format(1)}")
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", crash)
        with pytest.raises(KeyboardInterrupt):
            ingest(paths)
    text = path.read_text()
    path.unlink()
    assert ingest(paths) == []
    assert parts(paths, "nevada") == []
    assert take_in(paths, path.name, text).status == LOADED
    assert examine(paths) == []
    assert not list(paths.bronze.glob(".*"))


def test_ledger_that_may_not_be_read_is_not_moved_away(loaded: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    before = parts(loaded, "file_ledger")
    monkeypatch.setattr("lead_enrichment.ledger_files.pq.ParquetFile", refuse)
    with pytest.raises(PermissionError):
        examine(loaded, repair=True)
    assert parts(loaded, "file_ledger") == before


def test_damaged_ledger_is_a_sentence(loaded: DataPaths) -> None:
    cut(parts(loaded, "file_ledger")[0])
    with pytest.raises(DataError, match=r"1 file of the ledger cannot be read.*leads doctor --repair"):
        Ledger(loaded.bronze).attempts()
    for words in (("status",), ("ingest",), ("archive", "list")):
        assert "of the ledger cannot be read" in call(*words, expect=1)


def test_damaged_empty_table_is_written_again(loaded: DataPaths) -> None:
    empty = loaded.bronze / "nevada" / "received_on=1970-01-01" / "empty.parquet"
    cut(empty)
    assert ingest(loaded) == []
    assert pq.read_metadata(empty).num_rows == 0


@pytest.mark.parametrize("command", ["summary", "lead"])
def test_damaged_published_copy_is_a_sentence(loaded: DataPaths, command: str) -> None:
    loaded.published.parent.mkdir()
    loaded.published.write_bytes(b"no database" * 1_000)
    words = (command,) if command == "summary" else (command, "texas:1")
    said = call(*words, expect=1)
    assert "the file cannot be read" in said and "sqlmesh run --ignore-cron" in said


def test_error_of_the_file_system_is_a_sentence(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(paths.bronze))

    monkeypatch.setattr("lead_enrichment.bronze.pq.write_table", full)
    shutil.rmtree(paths.bronze)
    assert "No space left on device. Make room" in call("ingest", expect=2)


@pytest.fixture
def matched(own_demo: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    """The data directory of a demo in production, which LEADS_DATA_DIR names."""
    monkeypatch.setenv("LEADS_DATA_DIR", str(own_demo))
    return DataPaths(own_demo)


def table_behind(paths: DataPaths, model: str) -> str:
    """Return the table that production's view of a model shows."""
    schema, _, name = model.partition(".")
    with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
        (shown,) = connection.execute(
            "SELECT sql FROM duckdb_views() WHERE (schema_name, view_name) = (?, ?)", [schema, name]
        ).fetchone() or ("",)
    tables = {f"{table.db}.{table.name}" for table in sqlglot.parse_one(shown, dialect="duckdb").find_all(exp.Table)}
    (table,) = tables - {model}
    return table


def test_row_that_is_not_what_a_full_build_gives_is_named_and_built_again(matched: DataPaths, run: Run) -> None:
    compared = json.loads(call("doctor", "--matching", "--json"))
    assert len(compared) > 20 and all(table["rows"] for table in compared if table["model"].startswith("facts."))
    assert not any(table["missing"] or table["outdated"] or table["remedy"] for table in compared)
    rows = sum(table["rows"] for table in compared)
    assert f"{len(compared)} tables are what a full build gives: {rows:,} rows compared." in call(
        "doctor", "--matching"
    )

    spoiled = table_behind(matched, "intermediate.int_match_nearest")
    with duckdb.connect(str(matched.warehouse)) as connection:
        connection.execute(
            f"UPDATE {spoiled} SET doubt = doubt + 0.1 WHERE lead_key = (SELECT MIN(lead_key) FROM {spoiled})"
        )
    said = call("doctor", "--matching", expect=1)
    assert "intermediate.int_match_nearest" in said and "intermediate.int_match_score" not in said
    # What follows from the row is not what a full build gives of it either.
    assert "facts.fact_lead_match" in said
    remedy = "sqlmesh plan --restate-model intermediate.int_match_nearest"
    assert remedy in said
    (first, *_) = (table for table in json.loads(call("doctor", "--matching", "--json", expect=1)) if table["remedy"])
    assert first == {**first, "missing": 1, "outdated": 1, "remedy": remedy}

    run(*remedy.split(), "--auto-apply", "--no-prompts", "--skip-tests", data=matched.root)
    assert "tables are what a full build gives" in call("doctor", "--matching")


@pytest.mark.parametrize("state", ["missing", "held", "not planned", "damaged"])
def test_warehouse_that_cannot_be_compared_is_a_sentence(paths: DataPaths, state: str) -> None:
    paths.warehouse.parent.mkdir(exist_ok=True)
    if state == "damaged":
        paths.warehouse.write_bytes(b"no database" * 1_000)
    elif state != "missing":
        duckdb.connect(str(paths.warehouse)).close()
    with held(paths.warehouse, 60) if state == "held" else nullcontext():
        said = call("doctor", "--matching", expect=1 if state == "damaged" else 2)
    expected = {
        "missing": "there is no warehouse yet",
        "held": "holds the warehouse",
        "not planned": "production has not been planned yet",
        "damaged": "the file cannot be read",
    }
    assert expected[state] in said and "Traceback" not in said


def test_matching_is_compared_and_not_repaired(paths: DataPaths) -> None:
    assert "--repair mends nothing of what --matching compares" in call("doctor", "--matching", "--repair", expect=2)
