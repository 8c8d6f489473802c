"""Whether the priority finds who converts: learned from earlier months, judged on later ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from lead_enrichment.errors import DataError
from lead_enrichment.priority_terms import ATTRIBUTES, FEATURES, features_of, unpivoted, weights_of
from lead_enrichment.warehouse.connection import literal


@dataclass(frozen=True)
class PriorityLift:
    """How many conversions the tenth of the facilities with the highest priority holds.

    Args:
        cutoff: First day of the months that are judged; nothing of them was learned from.
        until: The day after the last of them.
        learned_from: Conversions before the cutoff whose day is known.
        is_learned: Whether these were enough to learn weights from; else those set by hand are judged.
        facilities: Facilities that sales knew at the cutoff and that were no customers.
        conversions: Of these the ones that converted in the months that are judged.
        expected: Conversions that a tenth drawn by lot holds on average.
        found: Conversions in the best tenth. Facilities of equal priority share a place, each by its part.
    """

    cutoff: date
    until: date
    learned_from: int
    is_learned: bool
    facilities: int
    conversions: int
    expected: float
    found: float

    @property
    def lift(self) -> float | None:
        """How many times as many conversions as the average the best tenth holds; None where there was none."""
        return self.found / self.expected if self.expected else None


def evaluate(connection: Any, cutoff: date, until: date, minimum: int, prior: int) -> PriorityLift:
    """Return the lift of the best tenth out of time.

    Features are looked at as they were on the day before the cutoff, of earlier conversions at the end of the month
    before. Which leads are one facility is taken as it is held to be today.

    Args:
        connection: A connection to production.
        cutoff: First day of the months that are judged.
        until: The day after the last of them.
        minimum: From how many conversions on weights are learned.
        prior: How many conversions the weights set by hand are worth.

    Raises:
        DataError: No facility was known before the cutoff.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE sold AS
        SELECT c.entity_key, MIN(c.converted_on) AS converted_on
        FROM marts.lead_conversion AS c WHERE c.was_seen GROUP BY c.entity_key;
        CREATE OR REPLACE TEMP TABLE known AS
        SELECT e.entity_key, ({literal(str(cutoff))}::DATE - INTERVAL 1 DAY)::DATE AS as_of
        FROM dims.dim_lead AS v
        INNER JOIN intermediate.int_lead_current AS l ON l.lead_key = v.lead_key AND l.is_crm
        INNER JOIN intermediate.int_entity AS e ON e.lead_key = v.lead_key
        WHERE v.valid_from::DATE < {literal(str(cutoff))}::DATE AND v.is_listed AND NOT v.is_deleted
            AND COALESCE(v.valid_to::DATE, '9999-12-31'::DATE) >= {literal(str(cutoff))}::DATE
        GROUP BY e.entity_key HAVING NOT BOOL_OR(COALESCE(v.is_converted, FALSE));
        CREATE OR REPLACE TEMP TABLE subject AS
        SELECT k.entity_key, k.as_of, 'not_converted' AS outcome FROM known AS k
        UNION ALL
        SELECT s.entity_key, (DATE_TRUNC('MONTH', s.converted_on) - INTERVAL 1 DAY)::DATE, 'converted'
        FROM sold AS s WHERE s.converted_on < {literal(str(cutoff))}::DATE;
        CREATE OR REPLACE TEMP TABLE lead AS
        SELECT s.entity_key, s.outcome, l.is_crm, {", ".join(f"v.{name}" for name in ATTRIBUTES)}
        FROM subject AS s
        INNER JOIN intermediate.int_entity AS e ON e.entity_key = s.entity_key
        INNER JOIN intermediate.int_lead_current AS l ON l.lead_key = e.lead_key
        INNER JOIN dims.dim_lead AS v ON v.lead_key = l.lead_key AND v.is_listed AND NOT v.is_deleted
            AND v.valid_from::DATE <= s.as_of AND COALESCE(v.valid_to::DATE, '9999-12-31'::DATE) > s.as_of;
        CREATE OR REPLACE TEMP TABLE observed AS
        SELECT f.*, 1 AS facilities FROM ({features_of("subject", "lead")}) AS f;
        CREATE OR REPLACE TEMP TABLE weight AS
        {weights_of("observed", "seeds.priority_term", str(minimum), str(prior))};
        CREATE OR REPLACE TEMP TABLE candidate AS
        SELECT o.entity_key, {", ".join(f"o.{name}" for name in FEATURES)}
        FROM observed AS o WHERE o.outcome = 'not_converted'
        """
    )
    (learned_from,) = connection.execute("SELECT COUNT(*) FROM subject WHERE outcome = 'converted'").fetchone()
    (is_learned,) = connection.execute("SELECT COALESCE(BOOL_OR(is_learned), FALSE) FROM weight").fetchone()
    facilities, conversions, found = connection.execute(
        f"""
        WITH scored AS (
            SELECT l.entity_key, ROUND(SUM(COALESCE(w.bits, 0)), 9) AS priority
            FROM ({unpivoted("candidate", "o.entity_key")}) AS l
            LEFT JOIN weight AS w ON w.feature = l.feature AND w.level = l.level
            GROUP BY l.entity_key
        ), place AS (
            SELECT c.priority, COUNT(*) AS facilities, COUNT(s.entity_key) AS conversions
            FROM scored AS c
            LEFT JOIN sold AS s ON s.entity_key = c.entity_key AND s.converted_on >= ? AND s.converted_on < ?
            GROUP BY c.priority
        ), ranked AS (
            SELECT p.*, SUM(p.facilities) OVER () / 10.0 AS tenth,
                SUM(p.facilities) OVER (ORDER BY p.priority DESC) - p.facilities AS before
            FROM place AS p
        )
        SELECT SUM(r.facilities), SUM(r.conversions),
            SUM(r.conversions * LEAST(GREATEST((r.tenth - r.before) / r.facilities, 0), 1))
        FROM ranked AS r
        """,
        [cutoff, until],
    ).fetchone()
    if not facilities:
        raise DataError(f"sales knew no facility before {cutoff}", "marts", "Name a later day: --cutoff 2026-09-01")
    return PriorityLift(
        cutoff, until, learned_from, is_learned, int(facilities), int(conversions), conversions / 10, float(found)
    )
