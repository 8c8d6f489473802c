"""Each planted fault is found with its cause, as one finding; in a year without faults there is next to none.

The models' own SQL runs on the bronze of a demo, with the models upstream of it cut down to what it reads.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from conftest import ROOT
from helpers import call, csv_rows
from lead_enrichment.bronze import registration_statements, write_empty_tables
from lead_enrichment.contracts import lead_contracts
from lead_enrichment.demo.faults import FAULTS, write_faults
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.ingest.ledger import LOADED, QUARANTINED
from lead_enrichment.ingest.run import Outcome, ingest
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.quality.deliveries import judge_deliveries
from lead_enrichment.sqlmesh_internals import query_of_file

DAYS = ("2000-01-01", "2026-12-31")
LAST = date(2026, 11, 15)
NO_REVIEW = pd.DataFrame(columns=["source_key", "file_date", "verdict"])


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> DataPaths:
    """A demo of a year, taken in as an archive; the files of its last month still lie in landing."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("year")
        patch.setenv("LEADS_DATA_DIR", str(root))
        paths = data_paths()
        write_demo(root, 600, 12, LAST, 20261115)
        write_faults(root)
        waiting = root / "waiting"
        for file in (root / "landing").glob("*/*_2026-11-*.csv"):
            (waiting / file.parent.name).mkdir(parents=True, exist_ok=True)
            file.rename(waiting / file.parent.name / file.name)
        assert {outcome.status for outcome in ingest(paths, backfill=True)} == {LOADED}
    return paths


def with_files(year: DataPaths, folder: Path, files: Path) -> tuple[DataPaths, list[Outcome]]:
    """Take files in, in a copy of the year."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADS_DATA_DIR", str(folder))
        paths = data_paths()
        shutil.copytree(year.bronze, paths.bronze, dirs_exist_ok=True)
        for file in files.glob("*/*.csv"):
            (folder / "landing" / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / "landing" / file.parent.name)
        return paths, ingest(paths, backfill=True)


def findings(paths: DataPaths, newest_only: bool) -> pd.DataFrame:
    """Return what is found in the deliveries of a bronze folder, by the models' own SQL."""
    write_empty_tables(paths.bronze)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        for schema in ("intermediate", "facts", "quality"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"CREATE TABLE intermediate.int_delivery AS {_query('intermediate/int_delivery')}")
        keys = " UNION ALL ".join(
            f"SELECT '{key}' AS source_key, '{key}:' || {contract.key} AS lead_key, file_id, received_at, received_on "
            f"FROM bronze.{key}"
            for key, contract in lead_contracts().items()
        )
        connection.execute(f"CREATE TABLE intermediate.int_lead_delivered AS {keys}")
        connection.execute(VERSIONS)
        connection.execute(
            "CREATE TABLE facts.fact_match_status_change (lead_key TEXT, match_status TEXT, previous_status TEXT, "
            "changed_at TIMESTAMPTZ, changed_on DATE)"
        )
        for model in ("column_value", "column_profile"):
            query = _query(f"quality/{model}", ROOT / "macros" / "quality" / "delivered_values.py")
            connection.execute(f"CREATE TABLE quality.{model} AS {query}")
        metrics = connection.execute(_query("quality/delivery_metric")).df()
        values = connection.execute("FROM quality.column_value WHERE is_complete").df()
    newest = metrics.sort_values("received_at")["file_id"].iloc[-1:]
    judged = judge_deliveries(metrics, values, NO_REVIEW, set(newest if newest_only else metrics["file_id"]))
    assert not judged.empty
    return judged[judged["verdict"].isin(["warning", "alarm"])]


# When leads were first seen, and when a snapshot did not list them any more.
VERSIONS = """
    CREATE TABLE intermediate.int_lead_current AS
    SELECT source_key, lead_key, MIN(received_at) AS first_received_at
    FROM intermediate.int_lead_delivered GROUP BY ALL;
    CREATE TABLE intermediate.int_lead_version AS
    SELECT DISTINCT source_key, lead_key, received_at, TRUE AS is_listed FROM intermediate.int_lead_delivered
    UNION ALL
    SELECT DISTINCT d.source_key, b.lead_key, d.received_at, FALSE
    FROM intermediate.int_delivery AS d
    JOIN intermediate.int_lead_delivered AS b ON b.file_id = d.previous_file_id
    ANTI JOIN intermediate.int_lead_delivered AS n ON n.file_id = d.file_id AND n.lead_key = b.lead_key
    WHERE d.delivery_mode = 'full_snapshot'
"""


def _query(model: str, *macros: Path) -> str:
    return query_of_file(ROOT / "models" / f"{model}.sql", macros, DAYS)


def test_a_year_without_faults_gives_one_finding_at_most(year: DataPaths, tmp_path: Path) -> None:
    paths, outcomes = with_files(year, tmp_path, year.root / "waiting")
    assert {outcome.status for outcome in outcomes} == {LOADED}
    found = findings(paths, newest_only=False)
    assert found["is_leading"].sum() <= 1, found["description"].tolist()


@pytest.mark.parametrize(
    ("fault", "family", "metric"),
    [
        ("nulls_creeping_in", "null_rate", "phone"),
        ("county_gone", "category_mix", "county = "),
        ("doubled_rows", "repeated", "repeated keys"),
    ],
)
def test_a_planted_fault_is_one_finding_with_its_cause(
    year: DataPaths, tmp_path: Path, fault: str, family: str, metric: str
) -> None:
    paths, outcomes = with_files(year, tmp_path, year.root / "faults" / fault)
    assert [outcome.status for outcome in outcomes] == [LOADED], outcomes[0].reason
    found = findings(paths, newest_only=True)
    (leading,) = found[found["is_leading"]].to_dict("records")
    assert (leading["family"], leading["verdict"]) == (family, "alarm")
    assert leading["metric"].startswith(metric)
    assert set(found[~found["is_leading"]]["explained_by"]) <= {f"{family}: {leading['metric']}"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("shifted_columns", "Address"),
        ("price_list", "no column looks like"),
        ("capacity_in_groups", "Total Cap of the 99 rows in both adds up to"),
    ],
)
def test_a_file_that_is_another_one_is_refused_with_its_cause(
    year: DataPaths, tmp_path: Path, fault: str, reason: str
) -> None:
    _, outcomes = with_files(year, tmp_path, year.root / "faults" / fault)
    assert [outcome.status for outcome in outcomes] == [QUARANTINED]
    assert reason in str(outcomes[0].reason)


def test_the_demo_tells_which_faults_it_planted(tmp_path: Path) -> None:
    printed = call("demo", "--facilities", "60", "--months", "1", "--out", str(tmp_path), "--faults")
    assert all(fault.name in printed and fault.description in printed for fault in FAULTS)
    planted = tmp_path / "faults" / "doubled_rows" / "oklahoma" / "oklahoma_2026-11-04.csv"
    right = csv_rows(tmp_path / "landing" / "oklahoma" / planted.name)
    doubled = csv_rows(planted)
    assert len(doubled) == len(right) + len(right) // 10
    assert {tuple(row.values()) for row in doubled} == {tuple(row.values()) for row in right}


def test_every_fault_is_written(year: DataPaths) -> None:
    written = {path.parent.parent.name for path in (year.root / "faults").glob("*/*/*.csv")}
    assert written == {fault.name for fault in FAULTS}
