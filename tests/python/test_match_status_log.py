"""The log of match statuses begins with the first delivery, not with the first plan, and ends with today's statuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

DIFFERENT = """
    WITH last AS (
        SELECT * FROM facts.fact_match_status_change
        QUALIFY ROW_NUMBER() OVER (PARTITION BY lead_key ORDER BY changed_at DESC) = 1
    )
    SELECT m.lead_key, m.match_status, l.match_status
    FROM facts.fact_lead_match AS m
    LEFT JOIN last AS l USING (lead_key)
    WHERE l.match_status IS DISTINCT FROM m.match_status
"""


@pytest.fixture
def warehouse(planned_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(planned_demo / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        yield connection


def test_the_log_ends_with_the_status_of_today(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute(DIFFERENT).fetchall() == []


def test_after_a_backfill_each_lead_became_what_it_is_when_its_delivery_came(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    first = """
        SELECT COUNT(*) FROM intermediate.int_lead_current AS l
        WHERE l.first_received_at IS DISTINCT FROM (
            SELECT MIN(c.changed_at) FROM facts.fact_match_status_change AS c WHERE c.lead_key = l.lead_key
        )
    """
    assert warehouse.execute(first).fetchall() == [(0,)]
    # A facility that was net-new until sales created a lead of it, and nothing that only the run of today brought
    became = "SELECT DISTINCT previous_status, match_status FROM facts.fact_match_status_change"
    assert ("net_new", "known") in warehouse.execute(became).fetchall()
    assert warehouse.execute("SELECT DISTINCT cause FROM facts.fact_match_status_change").fetchall() == [("delivery",)]


def test_after_a_backfill_entities_are_not_all_new_today(warehouse: duckdb.DuckDBPyConnection) -> None:
    days = "SELECT COUNT(DISTINCT changed_at::DATE) FROM facts.fact_entity_change WHERE change_kind = 'new'"
    ((found,),) = warehouse.execute(days).fetchall()
    assert found > 5
