"""A rehearsal shows exactly what a file would do, and leaves production as it is until the file is accepted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from difflib import ndiff
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import LEADS, ROOT, Run, command_environment, copy_project
from helpers import RUN, query
from lead_enrichment.bronze import write_empty_tables
from lead_enrichment.commands.rehearse import page
from lead_enrichment.contracts import contracts, contracts_dir, read_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.quarantine import add_aliases
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.preview.difference import MEASURES, Count, Difference, LeadChange, Sample
from lead_enrichment.preview.rehearsal import MODELLED, Plan, Report, copy_production, only_rehearsal

NEW_KEY, NEW_PHONE = "9999001", "512-861-4297"


def tree(data: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a data directory, rehearsals apart: tables, state, ledger, bronze, archive."""
    files = [path for path in data.rglob("*") if path.is_file() and path.relative_to(data).parts[0] != "rehearsal"]
    return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@dataclass
class Delivery:
    """A Texas file: the newest one, with one lead changed in capacity, one in phone, one gone, one back and one new."""

    header: list[str]
    rows: list[dict[str, str]]
    capacity: str
    phone: str
    gone: str
    back: str
    capacities: tuple[str, str]

    def write(self, path: Path, **renamed: str) -> Path:
        """Write it as CSV, some columns under another header."""
        text = io.StringIO()
        writer = csv.writer(text)
        headers = {column.name: column.header for column in contracts()["texas"].columns} | renamed
        writer.writerow(headers[name] for name in self.header)
        writer.writerows([row[name] for name in self.header] for row in self.rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue())
        return path


def delivery_for(data: Path) -> Delivery:
    """Return a Texas file that changes what production holds in each way."""
    header = [column.name for column in contracts()["texas"].columns]
    with duckdb.connect() as connection:
        delivered = connection.execute(
            f"SELECT file_date, {', '.join(header)} FROM READ_PARQUET(?) ORDER BY file_date, row_number",
            [str(data / "bronze" / "texas" / "*" / "*.parquet")],
        ).fetchall()
    newest = max(row[0] for row in delivered)
    by_key = {row[1]: dict(zip(header, [value or "" for value in row[1:]], strict=True)) for row in delivered}
    listed = [row[1] for row in delivered if row[0] == newest]
    back = next(key for key in by_key if key not in listed)
    plain = query(
        data,
        "SELECT natural_id FROM intermediate.int_lead_current WHERE source_key = 'texas' AND is_live "
        "AND phone_type = 'FIXED_LINE_OR_MOBILE' AND capacity IS NOT NULL ORDER BY lead_key LIMIT 3",
    )
    capacity, phone, gone = (row[0] for row in plain)
    before = by_key[capacity]["capacity"]
    by_key[capacity]["capacity"] = str(int(before) + 1)
    by_key[phone]["phone"] = NEW_PHONE
    new = by_key[capacity] | {
        "operation": NEW_KEY, "operation_name": "Brand New <Sprouts>", "phone": "512-861-4298",
        "email_address": "hello@brand-new-sprouts.example.com", "address": "77 NOWHERE ELSE LN",
    }  # fmt: skip
    rows = [by_key[key] for key in listed if key != gone] + [by_key[back], new]
    return Delivery(header, rows, capacity, phone, gone, back, (before, str(int(before) + 1)))


@pytest.fixture
def delivery(own_demo: Path) -> Delivery:
    return delivery_for(own_demo)


def rehearsed(run: Run, data: Path, *words: str, **options: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("leads", "rehearse", *words, "--json", data=data, **options).stdout)
    return document


@dataclass
class Rehearsal:
    """A rehearsal of a file in a project whose settings name production, and what was there before it."""

    data: Path
    project: Path
    delivery: Delivery
    file: Path
    before: dict[str, str]
    listing: list[Path]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def rehearsal(planned_demo: Path, tmp_path_factory: pytest.TempPathFactory, run: Run) -> Rehearsal:
    folder = tmp_path_factory.mktemp("rehearsal")
    data = Path(shutil.copytree(planned_demo, folder / "data"))
    project = copy_project(folder)
    # SQLMesh lets a project's .env override the environment: it would run the models in production.
    (project / ".env").write_text(f"LEADS_DATA_DIR={data}\n")
    delivery = delivery_for(data)
    file = delivery.write(folder / "texas_2026-11-20.csv", operation="Permit = Number")
    before, listing = tree(data), sorted(data.iterdir())
    alias = ("--source", "texas", "--alias", "Permit = Number=operation")
    report = rehearsed(run, data, str(file), *alias, project=project)
    return Rehearsal(data, project, delivery, file, before, listing, report)


def test_the_difference_is_exactly_what_was_changed_in_the_file(rehearsal: Rehearsal) -> None:
    report, delivery, difference = rehearsal.report, rehearsal.delivery, rehearsal.report["difference"]
    assert report["rows_loaded"] == len(delivery.rows) and report["notices"] == []
    leads = {change["what"]: [sample["lead_key"] for sample in change["samples"]] for change in difference["leads"]}
    assert leads == {
        "added": [f"texas:{NEW_KEY}"],
        "delisted": [f"texas:{delivery.gone}"],
        "back": [f"texas:{delivery.back}"],
        "changed": sorted([f"texas:{delivery.capacity}", f"texas:{delivery.phone}"]),
    }
    assert {change["what"]: change["leads"] for change in difference["leads"]} == {
        "added": 1, "delisted": 1, "back": 1, "changed": 2
    }  # fmt: skip
    attributes = {change["what"]: change for change in difference["attributes"]}
    assert {name: change["leads"] for name, change in attributes.items()} == {
        "capacity": 1, "phone_raw": 1, "phone_e164": 1
    }  # fmt: skip
    (sample,) = attributes["capacity"]["samples"]
    assert (sample["lead_key"], sample["before"], sample["after"]) == (
        f"texas:{delivery.capacity}", *delivery.capacities
    )  # fmt: skip
    assert {source: counts["gone"] for source, counts in difference["sources"].items() if source != "texas"} == {
        row[0]: {"before": row[1], "after": row[1]}
        for row in query(
            rehearsal.data,
            "SELECT source_key, COUNT(*) FILTER (NOT is_live) FROM facts.fact_lead_match "
            "WHERE source_key <> 'texas' GROUP BY 1",
        )
    }
    texas = difference["sources"]["texas"]
    assert texas["leads"]["after"] == texas["leads"]["before"] + 1 and texas["gone"]["after"] == texas["gone"]["before"]
    assert difference["models"]["facts.fact_lead_match"]["after"] == (
        difference["models"]["facts.fact_lead_match"]["before"] + 1
    )
    html = (Path(report["folder"]) / "report.html").read_text()
    assert "Brand New &lt;Sprouts&gt;" in html and "<Sprouts>" not in html


def test_production_is_the_same_to_the_byte_even_where_the_projects_settings_name_it(rehearsal: Rehearsal) -> None:
    assert tree(rehearsal.data) == rehearsal.before


def test_an_alias_that_is_tried_changes_no_contract(rehearsal: Rehearsal) -> None:
    contract = rehearsal.project / "contracts" / "texas.yaml"
    assert contract.read_text() == (ROOT / "contracts" / "texas.yaml").read_text()


def test_a_rehearsal_that_is_dropped_leaves_the_file_and_nothing_else(rehearsal: Rehearsal, run: Run) -> None:
    words = ("leads", "rehearse", str(rehearsal.file), "--source", "texas", "--drop")
    said = run(*words, data=rehearsal.data, project=rehearsal.project).stdout
    assert "texas_2026-11-20.csv is gone" in said
    assert tree(rehearsal.data) == rehearsal.before and rehearsal.file.exists()
    assert sorted(rehearsal.data.iterdir()) == rehearsal.listing


def test_a_refused_file_says_so_and_leaves_nothing(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path
) -> None:
    delivery.header.remove("zip")
    file = delivery.write(tmp_path / "texas" / "texas_2026-11-20.csv")
    before, listing = tree(own_demo), sorted(own_demo.iterdir())
    refused = run("leads", "rehearse", str(file), data=own_demo, expect=1)
    assert "refused: " in refused.stderr and "required columns are missing: Zip" in refused.stderr
    assert rehearsed(run, own_demo, str(file), expect=1)["status"] == "refused"
    assert tree(own_demo) == before and sorted(own_demo.iterdir()) == listing


def test_a_file_that_only_breaks_a_limit_is_rehearsed_once_somebody_answers_for_it(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path
) -> None:
    delivery.rows = delivery.rows[::2]
    file = delivery.write(tmp_path / "texas" / "texas_2026-11-20.csv")
    assert "--release" in run("leads", "rehearse", str(file), data=own_demo, expect=1).stderr
    report = rehearsed(run, own_demo, str(file), "--release", "half of them closed")
    assert any(change["leads"] > 20 for change in report["difference"]["leads"])
    assert "half of them closed" in str(report["notices"])
    run("leads", "rehearse", str(file), "--accept", data=own_demo)
    assert "half of them closed" in run("leads", "ingest", data=own_demo).stdout


def test_an_accepted_file_comes_in_with_its_proposed_alias_as_it_was_shown(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "contracts"
    shutil.copytree(contracts_dir(), folder)
    monkeypatch.setenv("LEADS_CONTRACTS_DIR", str(folder))
    contract, before_version = (folder / "texas.yaml").read_text(), read_contract(folder / "texas.yaml").version
    landed = delivery.write(own_demo / "landing" / "texas" / "texas_2026-11-20.csv", operation="Permit Number")
    landed.with_name(f"{landed.name}.manifest.json").write_text(json.dumps({"rows": len(delivery.rows)}))
    run("leads", "ingest", data=own_demo, expect=1)
    (file,) = (own_demo / "quarantine" / "texas").glob("*.csv")
    before = tree(own_demo)

    report = rehearsed(run, own_demo, str(file))
    assert report["plan"]["aliases"] == {"operation": "Permit Number"}
    assert tree(own_demo) == before and (folder / "texas.yaml").read_text() == contract
    said = run("leads", "rehearse", str(file), "--accept", data=own_demo).stdout
    assert "make refresh" in said and landed.exists() and not (own_demo / "rehearsal").exists()
    assert list((own_demo / "quarantine" / "texas").iterdir()) == []
    major, minor, _ = before_version.split(".")
    assert read_contract(folder / "texas.yaml").version == f"{major}.{int(minor) + 1}.0"
    assert [rows[0]["status"] for rows in Ledger(own_demo / "bronze").proposals().values()] == ["accepted"]

    verdicts = "SELECT lead_key, is_net_new, is_duplicate_in_salesforce FROM facts.fact_lead_match"
    then = {row[0]: row[1:] for row in query(own_demo, verdicts)}
    run(*RUN, data=own_demo)
    now = {row[0]: row[1:] for row in query(own_demo, verdicts)}
    assert ("attested",) in query(own_demo, "SELECT completeness FROM facts.fact_file_load")
    nothing = (False, False)
    flips = {
        f"{said} {flag}": sum(
            now.get(key, nothing)[nth] is became and then.get(key, nothing)[nth] is not became for key in {*now, *then}
        )
        for nth, flag in enumerate(("net-new", "duplicate to merge"))
        for said, became in (("Now", True), ("No longer", False))
    }
    assert {change["what"]: change["leads"] for change in report["difference"]["flags"]} == flips
    assert flips["Now net-new"] > 0
    summary = json.loads(run("leads", "summary", "--json", data=own_demo).stdout)
    assert {row["source_key"]: [row[name] for name in MEASURES] for row in summary["sources"]} == {
        source: [counts[name]["after"] for name in MEASURES]
        for source, counts in report["difference"]["sources"].items()
    }


def test_a_killed_rehearsal_leaves_nothing_that_counts_and_the_next_one_cleans_up(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path
) -> None:
    file = delivery.write(tmp_path / "texas" / "texas_2026-11-20.csv")
    before = tree(own_demo)
    words = [*LEADS, "rehearse", str(file)]
    environment, silent = command_environment(own_demo), subprocess.DEVNULL
    with subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True, stderr=silent) as killed:
        deadline = time.monotonic() + 60
        while not list(own_demo.glob("rehearsal/*/cache/*")):
            assert killed.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(killed.pid, signal.SIGKILL)
    try:
        # The models still run in the copy: nobody may remove it under them.
        waiting = run("leads", "rehearse", str(file), "--drop", data=own_demo, expect=2)
        assert "another rehearsal is at work" in waiting.stderr
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
    assert tree(own_demo) == before and (own_demo / "rehearsal").exists()
    deadline = time.monotonic() + 10
    while True:
        try:
            with only_rehearsal(DataPaths(own_demo)):
                break
        except UsageError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert tree(own_demo) == before and not (own_demo / "rehearsal").exists()


def test_models_that_fail_with_the_file_are_said_and_the_copy_is_removed(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path
) -> None:
    file = delivery.write(tmp_path / "texas" / "texas_2026-11-20.csv")
    with duckdb.connect(str(own_demo / "warehouse" / "leads.duckdb")) as connection:
        (view,) = connection.execute(
            "SELECT sql FROM duckdb_views() WHERE schema_name = 'staging' AND view_name = 'stg_nevada_facility'"
        ).fetchall()[0]
        connection.execute(f"DELETE FROM {view.rstrip(';').split(' FROM ')[1]} WHERE row_number = 1")
    failed = run("leads", "rehearse", str(file), data=own_demo, expect=1)
    assert "texas_2026-11-20.csv: the models do not run with it" in failed.stderr
    assert "reconciliation" in failed.stderr
    assert not (own_demo / "rehearsal").exists()


def test_a_file_that_is_loaded_already_is_said_to_change_nothing(
    own_demo: Path, delivery: Delivery, run: Run, tmp_path: Path
) -> None:
    delivery.write(own_demo / "landing" / "texas" / "texas_2026-11-20.csv")
    run("leads", "ingest", data=own_demo)
    again = delivery.write(tmp_path / "again.csv")
    said = run("leads", "rehearse", str(again), "--source", "texas", data=own_demo, expect=1).stderr
    assert "the same bytes are loaded already, as texas_2026-11-20.csv" in said


def test_a_warehouse_that_another_process_holds_is_not_copied(own_demo: Path, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "texas" / "texas_2026-11-20.csv"
    file.parent.mkdir()
    file.write_text("x")
    with duckdb.connect(str(own_demo / "warehouse" / "leads.duckdb")):
        said = run("leads", "rehearse", str(file), data=own_demo, expect=2).stderr
    assert "another process holds the warehouse" in said
    assert not (own_demo / "rehearsal").exists()


def test_the_copy_shares_what_is_never_changed_and_nothing_else(own_demo: Path, run: Run, delivery: Delivery) -> None:
    delivery.write(own_demo / "landing" / "texas" / "texas_2026-11-20.csv")
    run("leads", "ingest", data=own_demo)
    copy = DataPaths(own_demo / "rehearsal" / "copy")
    assert copy_production(DataPaths(own_demo), copy) == 1
    shared = {path for path in copy.root.rglob("*") if path.is_file() and path.stat().st_nlink > 1}
    assert shared == {path for path in copy.bronze.glob("*/*/*.parquet") if path.name != "empty.parquet"}
    assert {path.relative_to(copy.root) for path in copy.bronze.rglob("*.parquet")} == {
        path.relative_to(own_demo) for path in (own_demo / "bronze").rglob("*.parquet")
    }
    for folder in (copy.landing, copy.archive, copy.quarantine):
        assert list(folder.iterdir()) == []
    before = tree(own_demo)
    for path in copy.bronze.rglob("empty.parquet"):
        pq.write_table(pa.table({"other": pa.array([], pa.string())}), path)
    write_empty_tables(copy.bronze)
    assert tree(own_demo) == before


def test_bronze_is_copied_where_links_fail(own_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    copy = DataPaths(own_demo / "rehearsal" / "copy")
    assert copy_production(DataPaths(own_demo), copy) == 0
    copied, original = tree(copy.root), tree(own_demo)
    bronze = {name: content for name, content in original.items() if name.startswith("bronze/")}
    assert {name: copied.get(name) for name in bronze} == bronze


def test_a_decision_counts_as_pending_until_the_models_hold_it(paths: DataPaths, tmp_path: Path) -> None:
    folder = paths.landing / "decisions"
    folder.mkdir()
    for day in ("20", "21"):
        text = f"lead_key_1,lead_key_2,decision,decided_by\ntexas:{day},texas:2,same,Ana\n"
        (folder / f"mine_2026-11-{day}.csv").write_text(text)
    assert [outcome.status for outcome in ingest(paths)] == ["loaded", "loaded"]
    built, _ = (row["file_id"] for row in Ledger(paths.bronze).attempts())
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("CREATE SCHEMA intermediate; CREATE SCHEMA staging")
        connection.execute("CREATE TABLE staging.stg_match_decision AS SELECT ? AS file_id", [built])
        for query in MODELLED:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {query.rpartition(' ')[2]} (file_id TEXT)")
    assert copy_production(paths, DataPaths(tmp_path / "copy")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv",), "there is no such file"),
        (("pyproject.toml",), "is no source"),
        (("pyproject.toml", "--source", "texas", "--alias", "operation"), "names no header and column"),
        (("pyproject.toml", "--source", "texas", "--alias", "Permit=permit"), "there is no column 'permit'"),
        (("pyproject.toml", "--source", "texas", "--alias", "Zip=city"), "already means the column zip"),
        (("pyproject.toml", "--accept"), "no rehearsal of it is kept"),
        (("pyproject.toml", "--accept", "--drop"), "exclude each other"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(own_demo: Path, run: Run, words: tuple[str, ...], said: str) -> None:
    assert said in run("leads", "rehearse", *words, data=own_demo, expect=2).stderr
    assert not (own_demo / "rehearsal").exists()


def test_an_alias_leaves_the_contract_as_it_was_but_for_itself_and_the_version(tmp_path: Path) -> None:
    shutil.copytree(contracts_dir(), tmp_path, dirs_exist_ok=True)
    path = tmp_path / "texas.yaml"
    before = path.read_text().splitlines()
    assert add_aliases("texas", {"operation": "Operation #1"}, tmp_path) == "1.2.0"
    assert add_aliases("texas", {"operation": "Operation #1"}, tmp_path) == "1.2.0"
    assert add_aliases("texas", {"operation": "License: No."}, tmp_path) == "1.3.0"
    after = path.read_text().splitlines()
    assert [line for line in ndiff(before, after) if line[0] in "+-"] == [
        "- version: 1.1.0",
        "+ version: 1.3.0",
        "+         customProperties:",
        '+           - {property: aliases, value: ["Operation #1", "License: No."]}',
    ]
    contract = read_contract(path)
    assert contract.key_column.aliases == ("Operation #1", "License: No.")
    assert contract.missing_required([*(column.header for column in contract.columns[1:]), "license no"]) == []


@pytest.mark.parametrize(
    ("column", "header", "said"),
    [
        ("number", "Number", "no column 'number'"),
        ("operation", "#", "holds no letter or digit"),
        ("operation", "zip", "already means the column zip"),
    ],
)
def test_an_alias_that_cannot_be_is_refused(tmp_path: Path, column: str, header: str, said: str) -> None:
    shutil.copytree(contracts_dir(), tmp_path, dirs_exist_ok=True)
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=said):
        add_aliases("texas", {column: header}, tmp_path)
    assert tree(tmp_path) == before


def test_the_page_needs_nothing_but_itself_and_shows_text_as_text() -> None:
    plan = Plan("abc", Path("/in/t.csv"), "texas", "t.csv", {"operation": "<Op>"})
    sample = Sample("texas:1", "A & <B>", None, "x")
    change = LeadChange("added", 1, (sample,))
    difference = Difference(
        (change,), (replace(change, what="city"),), (replace(change, what="Now net-new"),),
        {"texas": dict.fromkeys(MEASURES, Count(1, 1002))}, {"facts.fact_file_load": Count(3, 3)},
    )  # fmt: skip
    html = page(Report(plan, Path("/copy"), 1, 0, ("1 < 2",), 1.0, difference))
    assert "A &amp; &lt;B&gt;" in html and "&lt;Op&gt;" in html and "1 &lt; 2" in html
    assert "1,002" in html and "(+1,001)" in html
    assert not any(part in html for part in ("http:", "https:", "src=", "<link", "<script", "@import", "url("))
