"""The gateway spark gives the same tables as DuckDB, starts only where it is used, and says what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmesh.core.config import Config, load_configs
from sqlmesh.core.context import Context

from conftest import ROOT, Run
from helpers import quick_spark
from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse import spark
from lead_enrichment.warehouse.connection import connect

DEMO = ("--facilities", "150", "--months", "1", "--as-of", "2026-11-10")
LAST_RUN = "2026-11-11"
FIRST_LIST, NEXT_LIST = "texas_2026-11-06.csv", "texas_2026-11-09.csv"
PLAN = ("plan", "--auto-apply", "--no-prompts", "--skip-tests", "--skip-linter", "--execution-time", LAST_RUN)
# Two leads that the demo always has, and what a steward says of them.
DECISIONS = "lead_key_1,lead_key_2,decision,decided_by\ntexas:500002,texas:500001,sister_site,Ada\n"
LAYERS = ("dims", "facts", "quality")
COMPARED = sorted(f"{path.parent.name}.{path.stem}" for layer in LAYERS for path in ROOT.glob(f"models/{layer}/*.*"))


def drop_every_tenth_line(source: Path, target: Path) -> None:
    """Write a later list that no longer has some of the leads."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines) if number % 10 != 9 or '"' in line]
    assert len(kept) < len(lines)
    target.write_text("".join(kept), encoding="utf-8")


@pytest.fixture(scope="module")
def planned_twice(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Iterator[Path]:
    """A data directory that was planned on both engines, with Spark's tables written to `exported/`."""
    data = tmp_path_factory.mktemp("spark_demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADS_DATA_DIR", str(data))
        quick_spark(patch, tmp_path_factory.mktemp("spark_conf"))
        run("leads", "demo", *DEMO, data=data)
        texas = data / "landing" / "texas"
        drop_every_tenth_line(texas / FIRST_LIST, texas / NEXT_LIST)
        decisions = data / "landing" / "decisions" / "decisions_2026-11-10.csv"
        decisions.parent.mkdir(exist_ok=True)
        decisions.write_text(DECISIONS, encoding="utf-8")
        run("leads", "ingest", "--backfill", data=data)
        run("sqlmesh", *PLAN, data=data)
        patch.setenv("LEADS_SPARK_MASTER", "local[2]")
        run("sqlmesh", "--gateway", "spark", *PLAN, data=data, seconds=1800)
        adapter = Context(paths=[str(ROOT)], gateway="spark", load=False).engine_adapter
        for table in COMPARED:
            rows = adapter.fetch_pyspark_df(f"SELECT * FROM {table}")
            rows.write.parquet(str(data / "exported" / table))
        adapter.spark.stop()
        yield data


@pytest.mark.spark
@pytest.mark.parametrize("table", COMPARED)
def test_spark_and_duckdb_agree_row_for_row(planned_twice: Path, table: str) -> None:
    duckdb = connect(str(planned_twice / "warehouse" / "leads.duckdb"), read_only=True)
    duckdb.execute(f"CREATE TEMP VIEW spark AS FROM READ_PARQUET('{planned_twice}/exported/{table}/*.parquet')")
    described = [
        [row[:2] for row in duckdb.execute(f"DESCRIBE {relation}").fetchall()] for relation in (table, "spark")
    ]
    assert described[0] == described[1]
    only_in = {
        "duckdb": duckdb.execute(f"FROM {table} EXCEPT ALL FROM spark").fetchall(),
        "spark": duckdb.execute(f"FROM spark EXCEPT ALL FROM {table}").fetchall(),
    }
    assert only_in == {"duckdb": [], "spark": []}


@pytest.mark.spark
def test_the_compared_history_has_what_may_go_wrong(planned_twice: Path) -> None:
    duckdb = connect(str(planned_twice / "warehouse" / "leads.duckdb"), read_only=True)
    counted = duckdb.execute(
        "SELECT COUNT(*), COUNT(valid_to), COUNT(*) FILTER(WHERE NOT is_listed), COUNT(DISTINCT valid_from::DATE) "
        "FROM dims.dim_lead"
    ).fetchone()
    assert counted is not None
    versions, closed, delisted, days = counted
    assert versions > 300 and closed >= 5 and delisted >= 5 and days >= 5
    verdicts = duckdb.execute("SELECT DISTINCT verdict FROM facts.fact_match_pair").fetchall()
    assert {"match", "different"} <= {verdict for (verdict,) in verdicts}


def test_commands_on_duckdb_do_not_know_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SQLMESH_GATEWAY", "LEADS_SPARK_MASTER"):
        monkeypatch.delenv(name, raising=False)
    assert [*load_configs(None, Config, [ROOT])[ROOT].gateways] == ["duckdb"]
    monkeypatch.setenv("SQLMESH_GATEWAY", "spark")
    assert [*load_configs(None, Config, [ROOT])[ROOT].gateways] == ["duckdb", "spark"]


@pytest.mark.parametrize("words", [["--gateway", "spark", "plan"], ["--gateway=spark", "run"]])
def test_the_gateway_is_seen_among_the_words(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SQLMESH_GATEWAY", raising=False)
    assert spark.is_asked_for(words)
    assert not spark.is_asked_for(["plan", "spark"])


def test_where_pyspark_is_missing_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pyspark, which is not installed.*pip install -e '\.\[spark\]'"):
        spark.prepare()


def test_where_java_is_missing_a_plan_says_so_in_one_sentence(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    said = run("leads", "sqlmesh", "--gateway", "spark", *PLAN, data=tmp_path, expect=2).stderr
    assert "the gateway spark needs Java 17, which is not installed" in said
    assert "apt-get install openjdk-17-jre-headless" in said
