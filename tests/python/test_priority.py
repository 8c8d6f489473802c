"""The priority finds who converts, and its evaluation sees nothing of the months that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import pytest

from conftest import ROOT
from lead_enrichment.priority import PriorityLift, evaluate

CUTOFF, UNTIL = date(2026, 9, 1), date(2026, 12, 1)
# One facility in ten is large; sales knows all, and none is a customer at first.
FACILITIES, LARGE = 1000, 100
Evaluated = Callable[..., PriorityLift]


def is_one_of(number: str, low: int, high: int) -> str:
    """Return the SQL that tells whether a facility is one of a range of numbers."""
    return f"{number} >= {low} AND {number} < {high}"


@pytest.fixture
def evaluated() -> Iterator[Evaluated]:
    """A function that evaluates a small market: who converted before and after the cutoff, as ranges of numbers."""
    with duckdb.connect() as connection:

        def judge(before: tuple[int, int], after: tuple[int, int], minimum: int = 20) -> PriorityLift:
            connection.execute(
                f"""
                CREATE OR REPLACE TABLE facility AS
                SELECT i, 'entity:' || i AS entity_key, 'salesforce:' || i AS lead_key,
                    CASE WHEN i < {LARGE} THEN 120 ELSE 30 END AS capacity FROM range({FACILITIES}) AS t(i);
                CREATE SCHEMA IF NOT EXISTS seeds; CREATE SCHEMA IF NOT EXISTS marts;
                CREATE SCHEMA IF NOT EXISTS dims; CREATE SCHEMA IF NOT EXISTS intermediate;
                CREATE OR REPLACE TABLE seeds.priority_term AS
                FROM read_csv('{ROOT / "seeds" / "priority_term.csv"}', header = TRUE);
                CREATE OR REPLACE TABLE intermediate.int_entity AS SELECT lead_key, entity_key FROM facility;
                CREATE OR REPLACE TABLE intermediate.int_lead_current AS SELECT lead_key, TRUE AS is_crm FROM facility;
                CREATE OR REPLACE TABLE marts.facility_event AS
                SELECT entity_key, 'moved' AS event, DATE '2026-01-01' AS happened_on FROM facility WHERE FALSE;
                CREATE OR REPLACE TABLE marts.lead_conversion AS
                SELECT entity_key, TRUE AS was_seen, CASE WHEN {is_one_of("i", *before)} THEN DATE '2026-07-15'
                    ELSE DATE '2026-10-15' END AS converted_on
                FROM facility WHERE ({is_one_of("i", *before)}) OR ({is_one_of("i", *after)});
                CREATE OR REPLACE TABLE dims.dim_lead AS
                SELECT f.lead_key, v.began::TIMESTAMPTZ AS valid_from, v.ended::TIMESTAMPTZ AS valid_to,
                    TRUE AS is_listed, FALSE AS is_deleted, v.began > DATE '2026-01-01' AS is_converted,
                    NULL::TEXT AS license_type, f.capacity, NULL::BOOLEAN AS accepts_subsidy,
                    NULL::BOOLEAN AS serves_infants, '+1' AS phone_e164, NULL::TEXT AS email,
                    NULL::DATE AS email_bounced_on, NULL::DATE AS license_issued_on
                FROM facility AS f
                LEFT JOIN marts.lead_conversion AS c ON c.entity_key = f.entity_key
                CROSS JOIN LATERAL (
                    SELECT DATE '2026-01-01' AS began, c.converted_on AS ended
                    UNION ALL SELECT c.converted_on, NULL WHERE NOT c.converted_on IS NULL
                ) AS v
                """
            )
            return evaluate(connection, CUTOFF, UNTIL, minimum, 20)

        yield judge


def test_what_converted_before_is_found_again_after(evaluated: Evaluated) -> None:
    """Of large facilities 40 converted before the cutoff; of those left, 20 and of the others 18 convert after it."""
    found = evaluated((0, 40), (80, 118))
    assert (found.learned_from, found.is_learned) == (40, True)
    assert (found.facilities, found.conversions, found.expected) == (960, 38, 3.8)
    # The best tenth is the 60 large ones that are left and 36 of the 900 others.
    assert found.found == pytest.approx(20 + 18 * 36 / 900)
    assert found.lift is not None and found.lift > 5


def test_what_converts_later_is_not_learned_from(evaluated: Evaluated) -> None:
    """Small facilities converted before, and large ones do afterwards: an honest priority misses them."""
    found = evaluated((100, 160), (0, 40))
    assert found.is_learned
    assert found.found == pytest.approx(0)


def test_facilities_that_are_alike_share_the_best_tenth(evaluated: Evaluated) -> None:
    """By hand large ones come first; they are 100 of 1,000, and all 10 conversions lie among the others."""
    found = evaluated((0, 0), (500, 510))
    assert (found.learned_from, found.is_learned, found.conversions) == (0, False, 10)
    assert found.found == pytest.approx(0)


def test_no_conversion_tells_no_lift(evaluated: Evaluated) -> None:
    assert evaluated((0, 40), (0, 0)).lift is None
