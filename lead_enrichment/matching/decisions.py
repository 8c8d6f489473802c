"""Stewards' decisions on their way into landing."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.matching.warehouse import Row, find_lead, rows
from lead_enrichment.paths import DataPaths

VERDICTS = ("same", "different", "sister_site", "unsure")
HEADER = (
    "lead_key_1", "lead_key_2", "decision", "decided_by", "decided_at", "reason", "content_hash_1", "content_hash_2",
)  # fmt: skip
# The pairs that a person should judge, the most valuable first: where the verdict settles whether a facility is known
# to sales, then by the children that it may take, then the surest.
QUEUE = """
    SELECT
        p.left_lead_key, p.right_lead_key, p.name_left, p.name_right, p.match_probability, p.veto, p.reason,
        p.reason_for, p.reason_against, p.is_decision_stale, p.is_contradicted, p.decision, p.decided_by,
        COALESCE(l.is_net_new, FALSE) OR COALESCE(r.is_net_new, FALSE) AS settles_net_new,
        GREATEST(COALESCE(a.capacity, 0), COALESCE(b.capacity, 0)) AS capacity
    FROM facts.fact_match_pair AS p
    JOIN facts.fact_lead_match AS l ON l.lead_key = p.left_lead_key
    JOIN facts.fact_lead_match AS r ON r.lead_key = p.right_lead_key
    JOIN intermediate.int_lead_current AS a ON a.lead_key = p.left_lead_key
    JOIN intermediate.int_lead_current AS b ON b.lead_key = p.right_lead_key
    WHERE (p.verdict = 'review' AND p.decision IS DISTINCT FROM 'unsure') OR p.is_decision_stale OR p.is_contradicted
    ORDER BY settles_net_new DESC, capacity DESC, p.match_weight DESC, p.left_lead_key, p.right_lead_key
"""


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
    """Make a decision of a verdict on two leads as they are now.

    Raises:
        UsageError: The verdict is unknown, one of the leads never came, or the two are one.
    """
    word = verdict.lower().replace("-", "_").replace(" ", "_")
    if word not in VERDICTS:
        raise UsageError(f"{verdict!r} is no decision", "", f"Say one of {', '.join(VERDICTS)}.")
    if lead_keys[0] == lead_keys[1]:
        raise UsageError("the two leads are one", lead_keys[0], "Give two keys.")
    first, second = (find_lead(connection, key) for key in lead_keys)
    return Decision(
        lead_keys[0], first["content_hash"], lead_keys[1], second["content_hash"], word, reason, decided_by,
        datetime.now(UTC),
    )  # fmt: skip


def drop(paths: DataPaths, decisions: Sequence[Decision]) -> Path:
    """Write decisions as one file into landing, whole or not at all, and give its path.

    Raises:
        UsageError: There is nothing to write.
    """
    if not decisions:
        raise UsageError("nothing was decided", "", "Decide at least one pair.")
    folder = paths.landing / "decisions"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = decisions[-1].decided_at
    target = folder / f"decisions_{stamp:%Y-%m-%d_%H%M%S_%f}.csv"
    unfinished = target.with_name(f".{target.name}.unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for item in decisions:
            writer.writerow(
                (item.lead_key_1, item.lead_key_2, item.verdict, item.decided_by,
                 f"{item.decided_at:%Y-%m-%d %H:%M:%S}", item.reason, item.content_hash_1, item.content_hash_2)
            )  # fmt: skip
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(target)
    return target


def queue(connection: duckdb.DuckDBPyConnection, limit: int) -> tuple[int, list[Row]]:
    """Give how many pairs wait for a person, and the first of them; see QUEUE for their order."""
    waiting = rows(connection, QUEUE)
    return len(waiting), waiting[:limit]
