"""What another environment changes for the leads, compared with production."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import duckdb

from lead_enrichment.warehouse.reading import Row, check_is_other, one_row, rows, schemas_in

LEADS = """
    SELECT
        COALESCE(o.lead_key, n.lead_key) AS lead_key,
        CASE
            WHEN o.lead_key IS NULL THEN 'new lead'
            WHEN n.lead_key IS NULL THEN 'lead gone'
            WHEN NOT o.is_net_new AND n.is_net_new THEN 'becomes net-new'
            WHEN o.is_net_new AND NOT n.is_net_new THEN 'is net-new no more'
            WHEN o.match_status <> 'to_review' AND n.match_status = 'to_review' THEN 'becomes one to review'
            WHEN NOT o.is_duplicate_in_salesforce AND n.is_duplicate_in_salesforce THEN 'becomes a duplicate'
            WHEN o.is_duplicate_in_salesforce AND NOT n.is_duplicate_in_salesforce THEN 'is a duplicate no more'
            WHEN o.entity_key <> n.entity_key THEN 'moves to another entity'
            WHEN o.match_status = 'to_review' AND n.match_status <> 'to_review' THEN 'is to review no more'
        END AS change,
        o.reason AS reason_before,
        n.reason AS reason_after
    FROM facts.fact_lead_match AS o
    FULL JOIN {schema}.fact_lead_match AS n ON n.lead_key = o.lead_key
"""
PAIRS = """
    SELECT
        COALESCE(o.left_lead_key, n.left_lead_key) AS left_lead_key,
        COALESCE(o.right_lead_key, n.right_lead_key) AS right_lead_key,
        {column} AS change,
        ROUND(o.match_weight, 2) AS weight_before,
        ROUND(n.match_weight, 2) AS weight_after
    FROM facts.fact_match_pair AS o
    FULL JOIN {schema}.fact_match_pair AS n
        ON n.left_lead_key = o.left_lead_key AND n.right_lead_key = o.right_lead_key
"""
CHANGED = """
    CASE
        WHEN o.{0} IS DISTINCT FROM n.{0}
        THEN COALESCE(o.{0}, 'not compared') || ' to ' || COALESCE(n.{0}, 'not compared')
    END
"""


@dataclass(frozen=True)
class EnvironmentComparison:
    """Leads and pairs that the environment judges otherwise than production.

    Args:
        leads: By change of a flag or of the entity: how many leads, and the first of them.
        bands: By change of the band: how many pairs, and the first of them.
        verdicts: By change of the verdict: how many pairs, and the first of them.
        scores: Pairs whose weight differs at all.
    """

    leads: list[Row]
    bands: list[Row]
    verdicts: list[Row]
    scores: int


def compare(connection: duckdb.DuckDBPyConnection, environment: str, samples: int) -> EnvironmentComparison:
    """Compare an environment with production.

    Args:
        connection: The warehouse.
        environment: Name of the environment, as in `sqlmesh plan NAME`.
        samples: How many leads and pairs of each change to name.

    Raises:
        UsageError: There is no such environment, or it is production.
    """
    check_is_other(environment)
    (catalog,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    schemas_of = schemas_in(connection, catalog, environment, "facts", ("fact_lead_match", "fact_match_pair"))

    def grouped(query: str) -> list[Row]:
        found = rows(
            connection,
            f"SELECT change, COUNT(*) AS number, LIST(t ORDER BY t)[:{samples}] AS samples "
            f"FROM ({query}) AS t WHERE change IS NOT NULL GROUP BY change ORDER BY number DESC, change",
        )
        for row in found:
            for sample in row["samples"]:
                sample.pop("change")
        return found

    pairs = partial(PAIRS.format, schema=schemas_of["fact_match_pair"])
    weights = pairs(column="NULL")
    (scores,) = rows(
        connection, f"SELECT COUNT(*) AS number FROM ({weights}) WHERE weight_before IS DISTINCT FROM weight_after"
    )
    return EnvironmentComparison(
        leads=grouped(LEADS.format(schema=schemas_of["fact_lead_match"])),
        bands=grouped(pairs(column=CHANGED.format("band"))),
        verdicts=grouped(pairs(column=CHANGED.format("verdict"))),
        scores=scores["number"],
    )
