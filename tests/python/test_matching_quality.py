"""How right the matching is, against the truth of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from helpers import query

COUNTS = """
    WITH lead AS (
        SELECT
            m.*,
            t.facility_id,
            m.source_key = 'salesforce' AS is_sales,
            ROW_NUMBER() OVER (
                PARTITION BY t.facility_id, m.source_key = 'salesforce' ORDER BY c.born_at, m.lead_key
            ) AS age,
            COUNT(*) FILTER (m.source_key = 'salesforce') OVER (PARTITION BY t.facility_id) AS sales_leads
        FROM facts.fact_lead_match AS m
        JOIN READ_CSV(?, all_varchar = TRUE) AS t USING (lead_key)
        JOIN intermediate.int_lead_current AS c USING (lead_key)
        WHERE m.is_live
    ), pair AS (
        SELECT a.entity_key = b.entity_key AS is_said, a.facility_id = b.facility_id AS is_true
        FROM lead AS a
        JOIN lead AS b ON a.lead_key < b.lead_key AND (a.entity_key = b.entity_key OR a.facility_id = b.facility_id)
    )
    SELECT 'pair', COUNT(*) FILTER (is_said), COUNT(*) FILTER (is_true), COUNT(*) FILTER (is_said AND is_true)
    FROM pair
    UNION ALL
    SELECT
        'duplicate',
        COUNT(*) FILTER (is_duplicate_in_salesforce),
        COUNT(*) FILTER (is_sales AND age > 1),
        COUNT(*) FILTER (is_duplicate_in_salesforce AND is_sales AND age > 1)
    FROM lead
    UNION ALL
    SELECT
        'net-new',
        COUNT(*) FILTER (is_net_new),
        COUNT(DISTINCT facility_id) FILTER (sales_leads = 0),
        COUNT(DISTINCT facility_id) FILTER (is_net_new AND sales_leads = 0)
    FROM lead
"""


@dataclass(frozen=True)
class Quality:
    """What production says, what is true, and what of it is both."""

    said: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """The share of what is said that is true."""
        return self.right / self.said

    @property
    def recall(self) -> float:
        """The share of what is true that is said."""
        return self.right / self.true


def matching_quality(data: Path) -> dict[str, Quality]:
    """Compare production with the truth that the demo wrote beside it.

    Args:
        data: The data directory of a planned demo.

    Returns:
        Of live leads: pairs put into one entity (`pair`), Salesforce leads to merge away (`duplicate`), and
        facilities unknown to sales (`net-new`; a second flag for the same facility counts as wrong).
    """
    counts = query(data, COUNTS, str(data / "truth" / "record_facility.csv"))
    return {name: Quality(*numbers) for name, *numbers in counts}


# Floors just below what was seen on the demo of the tests: 421 of 427 pairs, 53 of 55 duplicates, 126 of 128 net-new;
# docs/matching.md has the figures of larger ones. A facility that a Salesforce lead may be is to review, and counts as
# missed among the net-new.
@pytest.mark.parametrize(
    ("name", "least_precision", "least_recall"),
    [("pair", 0.99, 0.97), ("duplicate", 0.98, 0.95), ("net-new", 0.98, 0.98)],
)
def test_matching_is_seldom_wrong_and_finds_most(
    planned_demo: Path, name: str, least_precision: float, least_recall: float
) -> None:
    quality = matching_quality(planned_demo)[name]
    assert quality.precision >= least_precision, quality
    assert quality.recall >= least_recall, quality


LEVELS = """
    WITH truth AS (FROM READ_CSV(?, all_varchar = TRUE))
    SELECT s.{attribute}_level, a.facility_id = b.facility_id, COUNT(*)
    FROM intermediate.int_match_score AS s
    JOIN intermediate.int_match_lead AS l ON l.lead_number = s.left_lead_number
    JOIN intermediate.int_match_lead AS r ON r.lead_number = s.right_lead_number
    JOIN truth AS a ON a.lead_key = l.lead_key
    JOIN truth AS b ON b.lead_key = r.lead_key
    WHERE s.{attribute}_level IN ({levels})
    GROUP BY ALL
"""
ONE_ADDRESS = ("same_unit", "same_building", "nearly_same")
NAMES = ("exact", "same_words", "similar", "contained", "overlapping", "partly", "different")


def level_shares(data: Path, attribute: str, levels: tuple[str, ...], is_true: bool) -> dict[str, float]:
    """Return the share of each of some levels among the compared pairs that are, or are not, one facility."""
    listed = ", ".join(f"'{level}'" for level in levels)
    with duckdb.connect(str(data / "warehouse" / "leads.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            LEVELS.format(attribute=attribute, levels=listed), [str(data / "truth" / "record_facility.csv")]
        ).fetchall()
    pairs = {level: count for level, truth, count in counts if truth == is_true}
    return {level: pairs.get(level, 0) / max(sum(pairs.values()), 1) for level in levels}


# Of true pairs of the real sets: 35% of those at one address write it in two ways; 19% (sites) and 4% (restaurants) of
# those with phones have two; 60% and 20% of those with names have other than equal ones.
@pytest.mark.parametrize(
    ("attribute", "levels", "level", "least", "most"),
    [
        pytest.param("address", ONE_ADDRESS, "nearly_same", 0.2, 0.45, id="an address in two forms"),
        pytest.param("phone", ("exact", "different"), "different", 0.04, 0.25, id="two phones"),
        pytest.param("name", NAMES, "exact", 0.4, 0.8, id="equal names"),
        pytest.param("name", NAMES, "contained", 0.03, 0.37, id="a name within the other"),
    ],
)
def test_true_pairs_of_the_demo_agree_as_those_of_real_sets_do(
    planned_demo: Path, attribute: str, levels: tuple[str, ...], level: str, least: float, most: float
) -> None:
    assert least <= level_shares(planned_demo, attribute, levels, is_true=True)[level] <= most
