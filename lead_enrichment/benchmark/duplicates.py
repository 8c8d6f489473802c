"""Candidate pairs of the project beside the textbook's self-join on phone or e-mail, which is quadratic."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import duckdb

from lead_enrichment.benchmark.result import Result
from lead_enrichment.matching.models import MatchingModels
from lead_enrichment.warehouse.connection import connect, literal

# At which the textbook is stopped, in seconds.
PATIENCE = 60.0
TEXTBOOK = """
    SELECT COUNT(*)
    FROM lead AS a
    JOIN lead AS b ON a.lead_number < b.lead_number
    WHERE a.phone = b.phone OR a.email = b.email
"""


def time_duplicates(warehouse: Path, project: Path) -> Result:
    """Time finding the pairs of leads that may be one facility, on the leads of a planned warehouse.

    The project's models look for nine kinds of keys, mark those that too many share, and keep which of them found each
    pair; the textbook looks at two columns.
    """
    models = MatchingModels(project)
    with connect() as connection:
        connection.execute("SET threads = 2")
        # Named as the models name their catalog, and only read.
        connection.execute(f"ATTACH {literal(warehouse)} AS leads (READ_ONLY)")
        connection.execute(
            "CREATE TABLE lead AS SELECT lead_number, phone, email FROM leads.intermediate.int_match_lead"
        )
        (leads,) = connection.execute("SELECT COUNT(*) FROM lead").fetchone() or (0,)
        began = time.perf_counter()
        instead = {f"intermediate.int_match_{name}": f"memory.main.{name}" for name in ("lead_key", "key_share")}
        for model, table in instead.items():
            connection.execute(f"CREATE TABLE {table} AS {models.query(model, instead)}")
        connection.execute(f"CREATE TABLE candidate AS {models.query('intermediate.int_match_candidate', instead)}")
        taken = time.perf_counter() - began
        began = time.perf_counter()
        is_stopped = not _finishes(connection, TEXTBOOK)
        return Result(
            "duplicates",
            "self-join on phone OR e-mail",
            int(leads),
            taken,
            time.perf_counter() - began,
            None,
            is_stopped,
        )


def _finishes(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """Whether a query ends before patience does."""
    stop = threading.Timer(PATIENCE, connection.interrupt)
    stop.start()
    try:
        connection.execute(query).fetchall()
    except duckdb.InterruptException:
        return False
    finally:
        stop.cancel()
    return True
