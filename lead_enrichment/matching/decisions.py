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
from lead_enrichment.warehouse.lookups import find_lead, numbers_of
from lead_enrichment.warehouse.reading import Row, rows

SOURCE = "decisions"
HEADER = (
    "lead_key_1", "lead_key_2", "decision", "decided_by", "decided_at", "reason", "content_hash_1", "content_hash_2",
)  # fmt: skip
# The pairs that wait for a person, in their order, and some of them with their evidence.
WAITING = "SELECT left_lead_key, right_lead_key FROM marts.pair_to_review ORDER BY position"
SHOWN = """
    SELECT p.*, q.* EXCLUDE (position, left_lead_key, right_lead_key)
    FROM facts.fact_match_pair AS p
    CROSS JOIN marts.pair_to_review AS q
    WHERE p.left_lead_number = ? AND p.right_lead_number = ? AND q.left_lead_key = ? AND q.right_lead_key = ?
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
    """Return how many pairs wait for a person, and the first of them, the most valuable first; see pair_with_evidence.

    Pairs whose decision waits for the next run are left out.
    """
    decided = on_their_way(connection, paths)
    waiting = [pair for pair in rows(connection, WAITING) if frozenset(pair.values()) not in decided]
    return len(waiting), [pair_with_evidence(connection, pair) for pair in waiting[:limit]]


def pair_with_evidence(connection: duckdb.DuckDBPyConnection, pair: Row) -> Row:
    """Return a pair that waits, with the columns of facts.fact_match_pair and of marts.pair_to_review."""
    both = (pair["left_lead_key"], pair["right_lead_key"])
    return rows(connection, SHOWN, *numbers_of(connection, both), *both)[0]


def on_their_way(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> dict[frozenset[str], dict[str, str]]:
    """Return the newest decision of each pair that no model has seen: it lies in landing, or in bronze.

    Returns:
        By the keys of both leads the columns lead_key_1 to decided_at of the contract, as they were delivered.
    """
    waiting = rows_on_their_way(connection, paths, SOURCE, HEADER[:5], "staging.stg_match_decision")
    return {frozenset((row["lead_key_1"], row["lead_key_2"])): row for row in waiting}
