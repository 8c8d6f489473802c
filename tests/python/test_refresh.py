"""Dropping a file and refreshing shows its change at once, and doing it again changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from conftest import DEMO_FACILITIES, DEMO_MONTHS, Run
from helpers import PLAN, query
from lead_enrichment.ingest.ledger import Ledger

TABLES = ("dims.dim_lead", "facts.fact_lead_match", "facts.fact_match_pair", "facts.fact_facility_license")


def contents(data: Path) -> dict[str, list[tuple[object, ...]]]:
    return {name: query(data, f"SELECT * FROM {name} ORDER BY ALL") for name in TABLES}


def model_runs(data: Path) -> set[str]:
    """Return the ids of the runs that built a model."""
    return {row["run_id"] for row in Ledger(data / "bronze").model_runs()}


def test_next_month_shows_at_once_and_only_once(own_demo: Path, run: Run) -> None:
    size = ("--facilities", str(DEMO_FACILITIES), "--months", str(DEMO_MONTHS + 1))
    run("leads", "demo", *size, "--as-of", "2026-12-15", "--after", "2026-11-15", data=own_demo)
    loaded_before = list((own_demo / "archive").glob("*/*"))
    before, started = contents(own_demo), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    run("leads", "refresh", data=own_demo)
    after = contents(own_demo)
    assert all(before[name] != after[name] for name in TABLES)
    summary = json.loads(run("leads", "summary", "--since", started, "--json", data=own_demo).stdout)
    assert summary["files_new"] == summary["files_loaded"] - len(loaded_before)
    kinds = f"SELECT DISTINCT change_kind FROM facts.fact_entity_change WHERE changed_at >= TIMESTAMPTZ '{started}'"
    assert {"new", "grew"} <= {kind for (kind,) in query(own_demo, kinds)}
    changed = {row["source_key"]: row["changed"] for row in summary["changes"]}
    assert changed["texas"] > 0 and changed["salesforce"] > 0

    landed = own_demo / "landing" / "texas" / "texas_2026-12-06.csv"
    landed.parent.mkdir(exist_ok=True)
    run("leads", "demo", *size, "--as-of", "2026-12-15", "--after", "2026-12-05", data=own_demo)
    assert landed.exists()
    built = model_runs(own_demo)
    said = run("leads", "refresh", data=own_demo).stdout
    assert "the same bytes are loaded already" in said and "no model needs to be built" in said
    # Nothing new costs nothing; a day that is over makes the next refresh build again.
    assert model_runs(own_demo) == built
    note = own_demo / "warehouse" / "refreshed.json"
    note.write_text(note.read_text().replace(f"{datetime.now(UTC):%Y-%m-%d}", "2026-01-01"))
    assert "no model needs to be built" not in run("leads", "refresh", data=own_demo).stdout
    assert contents(own_demo) == after
    assert "Nothing is new." in run("leads", "summary", "--since", "2999-01-01", data=own_demo).stdout


def test_a_plan_on_the_day_of_a_refresh_holds_what_came_that_day(own_demo: Path, project_copy: Path, run: Run) -> None:
    size = ("--facilities", str(DEMO_FACILITIES), "--months", str(DEMO_MONTHS + 1))
    run("leads", "demo", *size, "--as-of", "2026-12-15", "--after", "2026-11-15", data=own_demo)
    run("leads", "refresh", data=own_demo)
    model = project_copy / "models" / "staging" / "stg_texas_facility.sql"
    text = model.read_text()
    assert "'texas' AS source_key" in text
    model.write_text(text.replace("'texas' AS source_key", "LOWER('texas') AS source_key"))
    run(*PLAN, "dev", data=own_demo, project=project_copy)
    for name in TABLES:
        schema, table = name.split(".")
        assert not query(own_demo, f"FROM {name} EXCEPT FROM {schema}__dev.{table}"), name
    # Nor does promoting it take anything away again.
    after = contents(own_demo)
    run(*PLAN, data=own_demo, project=project_copy)
    assert contents(own_demo) == after
