"""The real files load whole, and nothing in them is taken for a match that is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import duckdb
import phonenumbers
import pytest

from conftest import SAMPLES, Run, needs_samples
from helpers import PLAN

FILES = {
    "salesforce": "salesforce_leads.csv",
    "nevada": "nevada.csv",
    "oklahoma": "oklahoma.csv",
    "texas": "texas.csv",
}

pytestmark = needs_samples


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """Production, built from the real files alone."""
    data = tmp_path_factory.mktemp("samples")
    for source_key, name in FILES.items():
        folder = data / "landing" / source_key
        folder.mkdir(parents=True)
        shutil.copyfile(SAMPLES / name, folder / f"{source_key}_2026-11-02.csv")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEADS_START", "2026-11-02")
        run("leads", "ingest", "--backfill", data=data)
        run(*PLAN, data=data)
    with duckdb.connect(str(data / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        yield connection


def test_every_row_becomes_a_lead(warehouse: duckdb.DuckDBPyConnection) -> None:
    counts = warehouse.execute(
        "SELECT source_key, COUNT(*), COUNT(*) FILTER (NOT is_live) FROM facts.fact_lead_match GROUP BY ALL"
    ).fetchall()
    assert sorted(counts) == [("nevada", 70, 0), ("oklahoma", 28, 0), ("salesforce", 39, 1), ("texas", 29, 0)]


def test_every_address_of_the_states_is_read(warehouse: duckdb.DuckDBPyConnection) -> None:
    unread = warehouse.execute(
        "SELECT address_raw FROM dims.dim_lead WHERE source_key <> 'salesforce' "
        "AND (house_number IS NULL OR street IS NULL OR city IS NULL OR postal_code IS NULL)"
    ).fetchall()
    assert unread == []


def test_only_valid_phones_are_keys(warehouse: duckdb.DuckDBPyConnection) -> None:
    phones = warehouse.execute(
        "SELECT DISTINCT key_value FROM intermediate.int_match_key WHERE key_type = 'phone'"
    ).fetchall()
    assert phones
    assert [phone for (phone,) in phones if not phonenumbers.is_valid_number(phonenumbers.parse(phone))] == []


def test_leads_that_share_an_invented_email_are_not_duplicates(warehouse: duckdb.DuckDBPyConnection) -> None:
    shared, duplicates = warehouse.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (is_duplicate_in_salesforce) FROM facts.fact_lead_match "
        "JOIN dims.dim_lead USING (lead_key) WHERE is_current AND email_raw ILIKE 'test1@gmail.com'"
    ).fetchone() or (0, 0)
    assert (shared, duplicates) == (20, 0)


@pytest.mark.parametrize(("name", "sites"), [("EOS Fitness%", 4), ("Primrose%", 2)])
def test_sister_sites_stay_apart(warehouse: duckdb.DuckDBPyConnection, name: str, sites: int) -> None:
    leads, entities = warehouse.execute(
        "SELECT COUNT(*), COUNT(DISTINCT entity_key) FROM facts.fact_lead_match JOIN dims.dim_lead USING (lead_key) "
        "WHERE is_current AND name_raw ILIKE ?",
        [name],
    ).fetchone() or (0, 0)
    assert (leads, entities) == (sites, sites)


def test_deleted_lead_has_no_flag(warehouse: duckdb.DuckDBPyConnection) -> None:
    flags = warehouse.execute(
        "SELECT is_duplicate_in_salesforce, is_net_new, reason FROM facts.fact_lead_match WHERE NOT is_live"
    ).fetchall()
    assert flags == [(False, False, "deleted in Salesforce")]


def test_deliveries_reconcile_on_every_link(warehouse: duckdb.DuckDBPyConnection) -> None:
    links = warehouse.execute(
        "SELECT source_key, rows_delivered, rows_in_bronze, rows_in_staging, leads_with_version, leads_current, "
        "broken_link FROM ops.reconciliation ORDER BY source_key"
    ).fetchall()
    counts = {"nevada": 70, "oklahoma": 28, "salesforce": 39, "texas": 29}
    assert links == [(key, *[count] * 5, None) for key, count in counts.items()]
