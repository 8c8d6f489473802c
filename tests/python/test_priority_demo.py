"""On the demo, whose facilities convert by what they are, the priority finds who converts in months it has not seen.

The evaluation and the marts' own SQL run on the demo's files, cut down to the columns that they read; which leads are
one facility is taken from the demo's truth, so that matching is not judged here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from conftest import ROOT
from lead_enrichment.demo.appeal import appeal
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.demo.world import World, month_number
from lead_enrichment.priority import evaluate
from lead_enrichment.sqlmesh_internals import query_of_file

FACILITIES, MONTHS = 3000, 6
CUTOFF, LAST = date(2026, 9, 1), date(2026, 11, 30)
DAYS = ("2000-01-01", "2026-12-31")
# config.yaml: priority_minimum_conversions and priority_prior_conversions
MINIMUM, PRIOR = 50, 20
SEEDS = (1, 7, 11)

# Each source's files in the conformed shape: of what the priority reads, as staging understands it.
DELIVERED = """
CREATE TABLE delivered AS
WITH salesforce AS (
    SELECT *, regexp_extract(filename, '\\d{4}-\\d\\d-\\d\\d')::DATE AS file_date
    FROM read_csv('{landing}/salesforce/*.csv', all_varchar = TRUE, header = TRUE, filename = TRUE)
), texas AS (
    SELECT *, regexp_extract(filename, '\\d{4}-\\d\\d-\\d\\d')::DATE AS file_date
    FROM read_csv('{landing}/texas/*.csv', all_varchar = TRUE, header = TRUE, filename = TRUE, union_by_name = TRUE)
), oklahoma AS (
    SELECT *, regexp_extract(filename, '\\d{4}-\\d\\d-\\d\\d')::DATE AS file_date
    FROM read_csv('{landing}/oklahoma/*.csv', all_varchar = TRUE, header = TRUE, filename = TRUE)
), nevada AS (
    SELECT *, regexp_extract(filename, '\\d{4}-\\d\\d-\\d\\d')::DATE AS file_date
    FROM read_csv('{landing}/nevada/*.csv', all_varchar = TRUE, header = TRUE, filename = TRUE)
)
SELECT 'salesforce' AS source_key, 'salesforce:' || id AS lead_key, filename, file_date,
    is_deleted = 'TRUE' AS is_deleted, is_converted = 'TRUE' AS is_converted, NULL AS license_type,
    TRY_CAST(capacity_c AS INT) AS capacity, NULL::BOOLEAN AS accepts_subsidy, NULL::BOOLEAN AS serves_infants,
    phone, email, NULL::DATE AS license_issued_on, TRY_CAST(email_bounced_date AS DATE) AS email_bounced_on,
    NULL AS contact_name, lead_source, created_date::TIMESTAMPTZ AS source_created_at
FROM salesforce
UNION ALL
SELECT 'texas', 'texas:' || "Operation", filename, file_date, FALSE, NULL,
    CASE WHEN "Type" LIKE '%Center%' THEN 'center' WHEN "Type" LIKE '%Home%' THEN 'family_home' END,
    TRY_CAST("Capacity" AS INT), NULL, "Infant" = 'Y', "Phone", "Email Address",
    COALESCE(TRY_STRPTIME("Issue Date", '%m/%d/%Y'), TRY_STRPTIME("Issue Date", '%m/%d/%y'))::DATE,
    NULL, NULL, NULL, NULL
FROM texas
UNION ALL
SELECT 'oklahoma', 'oklahoma:' || SPLIT_PART("Type License", ' - ', 2), filename, file_date, FALSE, NULL,
    CASE WHEN "Type License" LIKE '%CENTER%' THEN 'center' ELSE 'family_home' END,
    TRY_CAST("Total Cap" AS INT), "Accepts Subsidy" = 'Accepts Subsidy', "Ages Accepted 1" LIKE 'Infant%',
    "Phone", "Email", REPLACE("License Monitoring Since", 'Monitoring since ', '')::DATE, NULL,
    "Primary Caregiver", NULL, NULL
FROM oklahoma
UNION ALL
SELECT 'nevada', 'nevada:' || SPLIT_PART("Credential Number", '-', 1), filename, file_date, FALSE, NULL,
    CASE WHEN "Credential Type" LIKE 'CENTER%' THEN 'center' WHEN "Credential Type" LIKE 'GROUP%' THEN 'group_home'
        WHEN "Credential Type" LIKE 'FAMILY%' THEN 'family_home' ELSE 'other' END,
    NULL, NULL, NULL, "Phone", NULL, TRY_STRPTIME("First Issue Date", '%m/%d/%Y')::DATE, NULL,
    "Primary Contact Name", NULL, NULL
FROM nevada;
"""

# A state's file lists all and lasts until the next one; Salesforce's tells of changes.
TABLES = """
CREATE SCHEMA seeds; CREATE SCHEMA marts; CREATE SCHEMA dims; CREATE SCHEMA intermediate;
CREATE TABLE seeds.priority_term AS FROM read_csv('{seed}', header = TRUE);
CREATE TABLE dims.dim_source AS SELECT DISTINCT source_key, source_key = 'salesforce' AS is_crm FROM delivered;
CREATE TABLE dims.dim_lead AS
WITH file AS (
    SELECT filename, LEAD(file_date) OVER (PARTITION BY source_key ORDER BY filename) AS next_date
    FROM (SELECT DISTINCT source_key, filename, file_date FROM delivered)
)
SELECT d.* EXCLUDE (phone, email), d.file_date::TIMESTAMPTZ AS valid_from, d.file_date::TIMESTAMPTZ AS received_at,
    CASE WHEN d.source_key = 'salesforce' THEN LEAD(d.file_date) OVER (PARTITION BY d.lead_key ORDER BY d.filename)
        ELSE f.next_date END::TIMESTAMPTZ AS valid_to,
    TRUE AS is_listed,
    CASE WHEN LENGTH(regexp_replace(d.phone, '\\D', '', 'g')) >= 10
        AND NOT regexp_matches(d.phone, '^(1234567|0000000|9999999|5555555|111-111)') THEN d.phone END AS phone_e164,
    CASE WHEN d.email LIKE '%_@_%.%' AND NOT regexp_matches(d.email, '^(test|none|noemail|na)\\d*@')
        THEN d.email END AS email
FROM delivered AS d JOIN file AS f ON f.filename = d.filename;
CREATE TABLE intermediate.int_entity AS
SELECT lead_key, 'entity:' || facility_id AS entity_key FROM read_csv('{truth}', all_varchar = TRUE, header = TRUE);
CREATE TABLE intermediate.int_lead_current AS
SELECT *, source_key = 'salesforce' AS is_crm FROM dims.dim_lead
QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_key ORDER BY filename DESC) = 1;
CREATE TABLE intermediate.int_lead_version AS
SELECT *, NULL::TEXT AS name, NULL::TEXT AS name_normal, NULL::TEXT AS legal_name, NULL::TEXT AS house_number,
    NULL::TEXT AS street, NULL::TEXT AS city
FROM dims.dim_lead;
"""


def _query(model: str, *macros: Path) -> str:
    return query_of_file(ROOT / "models" / f"{model}.sql", macros, DAYS)


def market_of(out: Path) -> duckdb.DuckDBPyConnection:
    """Return a database of what the priority reads, of a demo's files and truth."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(DELIVERED.replace("{landing}", str(out / "landing")))
    tables = TABLES.replace("{seed}", str(ROOT / "seeds" / "priority_term.csv"))
    connection.execute(tables.replace("{truth}", str(out / "truth" / "record_facility.csv")))
    touched = ROOT / "macros" / "sql" / "is_touched.py"
    connection.execute(f"CREATE TABLE marts.lead_conversion AS {_query('marts/lead_conversion', touched)}")
    events = _query("marts/facility_event", touched, ROOT / "macros" / "sql" / "join_text.py")
    connection.execute(f"CREATE TABLE marts.facility_event AS {events}")
    return connection


@pytest.mark.parametrize("seed", SEEDS)
def test_best_tenth_holds_twice_the_conversions_of_the_average_out_of_time(tmp_path: Path, seed: int) -> None:
    write_demo(tmp_path, FACILITIES, MONTHS, LAST, seed)
    with market_of(tmp_path) as connection:
        found = evaluate(connection, CUTOFF, date(2026, 12, 1), MINIMUM, PRIOR)
    assert found.is_learned
    assert found.conversions > 60, "too few to compare months"
    assert found.lift is not None and found.lift >= 2, found


def test_the_demo_favours_large_centers_that_are_new_and_can_be_reached() -> None:
    world = World(1, 20_000)
    month, slots = month_number(LAST), world.slots
    known, has_phone = np.full(len(slots), month), slots % 3 > 0
    bits = appeal(world, slots, known, month, has_phone)
    state = world.state(slots, known)
    traits = world.traits(state)
    is_center, is_new = ~traits.is_home & ~traits.is_gym, month - state.opened < 6
    for better, worse in (
        (is_center, traits.is_home),
        (is_center & (traits.capacity >= 100), is_center & (traits.capacity < 50)),
        (is_new, month - state.opened > 24),
        (traits.has_email, ~traits.has_email),
        (has_phone, ~has_phone),
    ):
        assert bits[better].mean() > bits[worse].mean() + 0.4
    # Alike in all that can be known, and yet not equally ready.
    alike = is_center & traits.has_email & has_phone & (abs(traits.capacity - 100) < 10) & (month - state.opened > 60)
    assert bits[alike].std() > 0.5
