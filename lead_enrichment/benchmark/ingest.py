"""Times the work side by side with what a user would pick instead, in one run on one machine."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lead_enrichment.demo.generate import write_demo
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import LOADED
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, exactly, literal

SEED, AS_OF, FACILITIES = 20261115, date(2026, 11, 15), 3000


@dataclass(frozen=True)
class Timing:
    """The best times of two ways to do the same, in seconds.

    Args:
        rows: Rows of the file.
        file_bytes: Its size.
        ingest_seconds: `leads ingest`: recognise, check, archive, convert, compare, enter in the ledger.
        copy_seconds: DuckDB's bare COPY of the same file to Parquet.
    """

    rows: int
    file_bytes: int
    ingest_seconds: float
    copy_seconds: float

    @property
    def speed(self) -> float:
        """Speed of the ingest as a share of the bare COPY's."""
        return self.copy_seconds / self.ingest_seconds


def time_ingest(rows: int, runs: int) -> Timing:
    """Time the way of a Texas file to bronze.

    Args:
        rows: Rows of the file.
        runs: Times that each way is taken, by turns; the best counts.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "texas_2026-11-06.csv"
        _write_texas(source, rows, Path(folder) / "demo")
        ingest_seconds, copy_seconds = [], []
        for run in range(runs):
            copy_seconds.append(_time_copy(source, Path(folder) / f"{run}.parquet"))
            ingest_seconds.append(_time_ingest(source, Path(folder) / f"data{run}"))
        return Timing(rows, source.stat().st_size, min(ingest_seconds), min(copy_seconds))


def _write_texas(target: Path, rows: int, demo: Path) -> None:
    """Write a Texas file of any size: the demo's rows over and over, each under a number of its own."""
    write_demo(demo, FACILITIES, 1, AS_OF, SEED)
    (texas,) = (demo / "landing" / "texas").glob("*.csv")
    with connect() as connection:
        connection.execute(f"CREATE TABLE demo AS FROM READ_CSV({literal(exactly(texas))}, all_varchar = TRUE)")
        connection.execute(
            "COPY (SELECT (1000000 + ROW_NUMBER() OVER ())::TEXT AS Operation, * EXCLUDE (Operation) "
            f"FROM demo, RANGE({rows} // (SELECT COUNT(*) FROM demo) + 1) LIMIT {rows}) "
            f"TO {literal(target)} (HEADER)"
        )


def _time_copy(source: Path, target: Path) -> float:
    began = time.perf_counter()
    with connect() as connection:
        connection.execute(
            f"COPY (FROM READ_CSV({literal(exactly(source))}, all_varchar = TRUE)) "
            f"TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
        )
    return time.perf_counter() - began


def _time_ingest(source: Path, root: Path) -> float:
    paths = DataPaths(root)
    for folder in (paths.landing / "texas", paths.archive, paths.bronze, paths.quarantine):
        folder.mkdir(parents=True)
    # A link, so that the way of the file into landing is not timed.
    (paths.landing / "texas" / source.name).hardlink_to(source)
    began = time.perf_counter()
    (outcome,) = ingest(paths)
    took = time.perf_counter() - began
    if outcome.status != LOADED:
        raise UsageError(f"the file was not loaded ({outcome.reason})", source.name, "")
    return took
