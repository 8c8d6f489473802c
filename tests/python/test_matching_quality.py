"""How right the matching is, against the truth of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

# Seen on the demo of the tests: precision 1.00, recall 0.84. The rule is cautious: it says nothing where a phone or
# e-mail is shared by many. docs/matching.md has the figures of the larger demo.
LEAST_PRECISION = 0.9
LEAST_RECALL = 0.75

PAIRS = """
    WITH lead AS (
        SELECT m.lead_key, m.entity_key, t.facility_id
        FROM facts.fact_lead_match AS m
        JOIN READ_CSV(?, all_varchar = TRUE) AS t USING (lead_key)
        WHERE m.is_live
    ), pair AS (
        SELECT a.entity_key = b.entity_key AS is_said, a.facility_id = b.facility_id AS is_true
        FROM lead AS a
        JOIN lead AS b ON a.lead_key < b.lead_key AND (a.entity_key = b.entity_key OR a.facility_id = b.facility_id)
    )
    SELECT COUNT(*) FILTER (is_said), COUNT(*) FILTER (is_true), COUNT(*) FILTER (is_said AND is_true) FROM pair
"""


@dataclass(frozen=True)
class Quality:
    """Shares of the pairs of live leads that are put into one entity, and that are about one facility."""

    precision: float
    recall: float


def pair_quality(data: Path) -> Quality:
    """Compare production with the truth that the demo wrote beside it."""
    with duckdb.connect(str(data / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        truth = str(data / "truth" / "record_facility.csv")
        said, true, right = connection.execute(PAIRS, [truth]).fetchone() or (0, 0, 0)
    return Quality(right / said, right / true)


def test_matching_is_seldom_wrong_and_finds_most(planned_demo: Path) -> None:
    quality = pair_quality(planned_demo)
    assert quality.precision >= LEAST_PRECISION, quality
    assert quality.recall >= LEAST_RECALL, quality
