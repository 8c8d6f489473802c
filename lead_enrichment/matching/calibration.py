"""How often a verdict against a Salesforce lead is wrong, counted against known answers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.matching.quality import measure
from lead_enrichment.paths import write_text_whole
from lead_enrichment.spreadsheet import GuardedWriter
from lead_enrichment.warehouse.reading import rows

HEADER = ("claim", "verdict", "are_both_licensed", "least_weight", "probability")
# As many leads as the probability so far counts for: few leads move it a little, many a lot.
LEADS_BEHIND_OLD = 10
# Leads by what they were compared with last, and whether the claim about them is wrong. What a steward has decided is
# left out.
COUNTS = """
    WITH subject AS (
        SELECT 'net_new' AS claim, lead_key, crm_leads > 0 AS is_wrong
        FROM judged WHERE match_status IN ('net_new', 'to_review')
        UNION ALL
        SELECT 'duplicate', lead_key, age > 1
        FROM judged WHERE is_crm AND match_status = 'known'
    ), compared AS (
        SELECT
            s.*,
            COALESCE(n.verdict, 'none') AS verdict,
            COALESCE(n.are_both_licensed, FALSE) AS are_both_licensed,
            COALESCE(n.match_weight, 0) AS match_weight
        FROM subject AS s
        LEFT JOIN intermediate.int_match_nearest AS n USING (lead_key)
        WHERE COALESCE(n.doubt, 1) > 0
    ), ranged AS (
        SELECT
            *,
            LEAD(least_weight, 1, 1000000) OVER (
                PARTITION BY claim, verdict, are_both_licensed ORDER BY least_weight
            ) AS next_weight
        FROM seeds.match_calibration
    )
    SELECT
        r.claim, r.verdict, r.are_both_licensed, r.least_weight,
        COUNT(c.lead_key) AS leads, COUNT(*) FILTER (c.is_wrong) AS wrong
    FROM ranged AS r
    LEFT JOIN compared AS c
        ON c.claim = r.claim AND c.verdict = r.verdict AND c.are_both_licensed = r.are_both_licensed
            AND c.match_weight >= r.least_weight AND c.match_weight < r.next_weight
    GROUP BY ALL
"""


@dataclass(frozen=True)
class Calibrated:
    """A row of seeds/match_calibration.csv, and what was counted of it.

    Args:
        claim: net_new or duplicate.
        verdict: Verdict on the nearest Salesforce lead; none where nothing was compared.
        are_both_licensed: Whether each of the two is, or is joined to, a licence of its own of one state.
        least_weight: Evidence for that pair in bits, from which on the row counts.
        old: Probability so far that the two are one facility after all.
        leads: Leads in production of which the row says it.
        wrong: Of these, those that are the same facility after all, or known where nothing was compared.
    """

    claim: str
    verdict: str
    are_both_licensed: bool
    least_weight: float
    old: float
    leads: int
    wrong: int

    @property
    def new(self) -> float:
        """The probability from the counts, held back by the old one where leads are few; nothing is certain."""
        return max(round((self.wrong + LEADS_BEHIND_OLD * self.old) / (self.leads + LEADS_BEHIND_OLD), 4), 0.0001)


def calibrate(connection: duckdb.DuckDBPyConnection, truth: Path, seed: Path) -> list[Calibrated]:
    """Count each row of the seed in production against known answers.

    Args:
        connection: The warehouse.
        truth: CSV with the columns lead_key and facility_id.
        seed: The seed file; production must have been planned with its rows.

    Raises:
        UsageError: The truth or the seed cannot be read, or production knows other rows.
    """
    try:
        with seed.open(newline="", encoding="utf-8") as file:
            known = [
                (
                    row["claim"],
                    row["verdict"],
                    row["are_both_licensed"] == "true",
                    float(row["least_weight"]),
                    float(row["probability"]),
                )
                for row in csv.DictReader(file)
            ]
    except FileNotFoundError as error:
        raise UsageError("here is no calibration", str(seed), "Run it from the project's folder.") from error
    except (ValueError, KeyError) as error:
        raise UsageError(f"a probability cannot be read ({error})", str(seed), "Correct the file.") from error
    measure(connection, truth)
    counted = {
        (row["claim"], row["verdict"], row["are_both_licensed"], row["least_weight"]): (row["leads"], row["wrong"])
        for row in rows(connection, COUNTS)
    }
    if set(counted) != {row[:4] for row in known}:
        raise UsageError("production was planned with other rows", str(seed), "Run: sqlmesh plan")
    return [Calibrated(*row, *counted[row[:4]]) for row in known]


def write_calibration(seed: Path, calibrated: list[Calibrated]) -> None:
    """Write the seed with the new probabilities."""
    text = io.StringIO()
    writer = GuardedWriter(text)
    writer.writerow(HEADER)
    for row in calibrated:
        are_both_licensed = str(row.are_both_licensed).lower()
        writer.writerow((row.claim, row.verdict, are_both_licensed, f"{row.least_weight:g}", f"{row.new:g}"))
    write_text_whole(seed, text.getvalue())
