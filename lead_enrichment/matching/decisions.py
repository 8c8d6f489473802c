"""Stewards' decisions on their way into landing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.matching.verdicts import VERDICTS
from lead_enrichment.paths import DataPaths
from lead_enrichment.submission import one_line, rows_on_their_way, submit_rows
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import Row, find_lead, rows

SOURCE = "decisions"
HEADER = (
    "lead_key_1", "lead_key_2", "decision", "decided_by", "decided_at", "reason", "content_hash_1", "content_hash_2",
)  # fmt: skip
# The pairs that a person should judge, the most valuable first: where the verdict decides whether a facility is known
# to sales, then centers, then by the children that the state licensed, then the surest. A pair about which somebody was
# unsure comes behind all others. One that was decided is here where a lead has changed since, where somebody else had
# decided otherwise, and where decisions on other pairs overrule it. A pair that the score rejects is here where its
# Salesforce lead is likely enough to be the lead that sales does not seem to know.
QUEUE = """
    WITH pair AS (
        SELECT
            p.*,
            COALESCE(p.decision <> 'unsure' AND p.is_match <> (p.decision = 'same'), FALSE) AS is_decision_overruled,
            COALESCE(l.match_status IN ('net_new', 'to_review'), FALSE)
                OR COALESCE(r.match_status IN ('net_new', 'to_review'), FALSE) AS settles_net_new,
            COALESCE(l.match_status = 'to_review' AND l.nearest_lead_key = p.right_lead_key, FALSE)
                OR COALESCE(r.match_status = 'to_review' AND r.nearest_lead_key = p.left_lead_key, FALSE)
                AS is_in_doubt,
            CASE WHEN a.is_crm THEN b.license_type
                ELSE COALESCE(a.license_type, b.license_type) END AS license_type,
            CASE WHEN a.is_crm THEN COALESCE(b.capacity, a.capacity)
                ELSE COALESCE(a.capacity, b.capacity) END AS capacity,
            a.content_hash AS left_content_hash,
            b.content_hash AS right_content_hash
        FROM facts.fact_match_pair AS p
        JOIN facts.fact_lead_match AS l ON l.lead_key = p.left_lead_key
        JOIN facts.fact_lead_match AS r ON r.lead_key = p.right_lead_key
        JOIN intermediate.int_lead_current AS a ON a.lead_key = p.left_lead_key
        JOIN intermediate.int_lead_current AS b ON b.lead_key = p.right_lead_key
    )
    SELECT *
    FROM pair
    WHERE verdict = 'review' OR is_in_doubt OR is_decision_stale OR is_contradicted OR is_decision_overruled
    ORDER BY
        COALESCE(decision = 'unsure', FALSE),
        settles_net_new DESC,
        COALESCE(license_type = 'center', FALSE) DESC,
        capacity DESC NULLS LAST,
        match_weight DESC,
        left_lead_key,
        right_lead_key
"""
# Decisions that change nothing and that somebody should look at, the newest first; settled where a newer one of the
# pair counts.
WITHOUT_EFFECT = """
    SELECT d.file_name, d.row_number, d.outcome, d.remark
    FROM ops.match_decision AS d
    WHERE d.outcome IN ('refused', 'unknown lead', 'overruled')
        AND NOT EXISTS (
            SELECT 1 FROM ops.match_decision AS n
            WHERE n.left_lead_key = d.left_lead_key AND n.right_lead_key = d.right_lead_key
                AND n.outcome = 'applied' AND n.decided_at > d.decided_at
        )
    ORDER BY d.decided_at DESC, d.file_name, d.row_number
"""
MODEL = Path("models/staging/stg_match_decision.sql")
MACROS = (Path("macros/parse/parse_instant.py"), Path("macros/parse/unguarded.py"))
EVER = ("1970-01-01", "2999-12-31")


@dataclass(frozen=True)
class Refusal:
    """A delivered decision that decides nothing, and why."""

    file_id: str
    row_number: int
    problem: str


@dataclass(frozen=True)
class Standing:
    """How the decisions stand in production.

    Args:
        waiting: Pairs that wait for a person.
        outcomes: Delivered decisions by outcome, as in ops.match_decision.
        without_effect: Those that change nothing and that somebody should look at: file, row, outcome and remark.
    """

    waiting: int
    outcomes: dict[str, int]
    without_effect: list[Row]


@dataclass(frozen=True)
class Decision:
    """A verdict on a pair of leads, and the content of both that was judged."""

    lead_key_1: str
    content_hash_1: str
    lead_key_2: str
    content_hash_2: str
    verdict: str
    reason: str
    decided_by: str
    decided_at: datetime


def decide(
    connection: duckdb.DuckDBPyConnection, lead_keys: tuple[str, str], verdict: str, reason: str, decided_by: str
) -> Decision:
    """Return the decision that a verdict on two leads makes, with the content of both as it is now.

    Raises:
        UsageError: The verdict is unknown, one of the leads never came, the two are one, or there is no reason or
            nobody who decides.
    """
    word = verdict.strip().lower().replace("-", "_").replace(" ", "_")
    if word not in VERDICTS:
        raise UsageError(f"{verdict!r} is no decision", "", f"Say one of {', '.join(VERDICTS)}.")
    if lead_keys[0] == lead_keys[1]:
        raise UsageError("the two leads are one", lead_keys[0], "Give two keys.")
    first, second = (find_lead(connection, key) for key in lead_keys)
    return Decision(
        lead_keys[0], first["content_hash"], lead_keys[1], second["content_hash"], word,
        one_line(reason, "reason"), one_line(decided_by, "name of who decides"), datetime.now(UTC),
    )  # fmt: skip


def submit(paths: DataPaths, decisions: Sequence[Decision]) -> Path:
    """Write decisions as one file into landing, whole or not at all, and return its path.

    Raises:
        UsageError: There is nothing to write.
    """
    if not decisions:
        raise UsageError("nothing was decided", "", "Decide at least one pair.")
    decided = [
        (item.lead_key_1, item.lead_key_2, item.verdict, item.decided_by, item.decided_at.isoformat(), item.reason,
         item.content_hash_1, item.content_hash_2)
        for item in decisions
    ]  # fmt: skip
    return submit_rows(paths, SOURCE, decisions[-1].decided_at, HEADER, decided)


def asked_before(pair: Row) -> str:
    """Return who decided on a pair before, and why it is asked for again; empty where nobody did."""
    if not pair["decision"]:
        return ""
    decided = f"{pair['decided_by']} decided {pair['decision'].replace('_', ' ')}"
    if pair["is_contradicted"]:
        return f"{decided}, and somebody else before otherwise"
    if pair["is_decision_overruled"]:
        return f"{decided}, and decisions on other pairs say otherwise"
    if pair["is_decision_stale"]:
        return f"{decided}, and one of the two has changed since"
    return decided


def refusals(paths: DataPaths, files: Sequence[str]) -> list[Refusal]:
    """Return the decisions of loaded files that decide nothing, by the rule of staging.stg_match_decision.

    Args:
        paths: The data directory.
        files: Ids of the files.
    """
    if not files:
        return []
    from lead_enrichment.bronze import registration_statements
    from lead_enrichment.sqlmesh_internals import query_of_file

    query = query_of_file(MODEL, MACROS, EVER)
    with connect() as connection:
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        found = rows(
            connection,
            f"SELECT file_id, row_number, problem FROM ({query}) "
            "WHERE LIST_CONTAINS(?, file_id) AND NOT problem IS NULL ORDER BY file_id, row_number",
            list(files),
        )
    return [Refusal(**row) for row in found]


def standing(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> Standing:
    """Return how the decisions stand in production, and how many pairs wait for one."""
    outcomes = rows(connection, "SELECT outcome, COUNT(*) AS number FROM ops.match_decision GROUP BY ALL ORDER BY ALL")
    return Standing(
        queue(connection, paths, 0)[0],
        {row["outcome"]: row["number"] for row in outcomes},
        rows(connection, WITHOUT_EFFECT),
    )


def queue(connection: duckdb.DuckDBPyConnection, paths: DataPaths, limit: int) -> tuple[int, list[Row]]:
    """Return how many pairs wait for a person, and the first of them as rows of facts.fact_match_pair and more.

    See QUEUE for their order. Pairs whose decision waits for the next run are left out.
    """
    decided = on_their_way(connection, paths)
    waiting = [
        row
        for row in rows(connection, QUEUE)
        if not decided or frozenset((row["left_lead_key"], row["right_lead_key"])) not in decided
    ]
    return len(waiting), waiting[:limit]


def on_their_way(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> dict[frozenset[str], dict[str, str]]:
    """Return the newest decision of each pair that no model has seen: it lies in landing, or in bronze.

    Returns:
        By the keys of both leads the columns lead_key_1 to decided_at of the contract, as they were delivered.
    """
    waiting = rows_on_their_way(connection, paths, SOURCE, HEADER[:5], "staging.stg_match_decision")
    return {frozenset((row["lead_key_1"], row["lead_key_2"])): row for row in waiting}
