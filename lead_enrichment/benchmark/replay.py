"""The first plan of a long archive, beside that of as many files from a short time."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from lead_enrichment.benchmark.pipeline import AS_OF, LEADS, SEED, SQLMESH, run_command
from lead_enrichment.benchmark.result import Result
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, exactly, literal

FILES = 60
FACILITIES = 100
# One lead of so many has changed from one file to the next.
ONE_OF = 20
MONTHS = [date(2021 + (month + 11) // 12, (month + 11) % 12 + 1, 5) for month in range(FILES)]
DAYS = [MONTHS[-1] - timedelta(days=FILES - 1 - day) for day in range(FILES)]


def time_replay(folder: Path, project: Path) -> Result:
    """Time the first plan of five years of monthly files, and of the same files dated on consecutive days.

    Raises:
        DataError: A command failed; what it printed is given.
    """
    write_demo(folder / "demo", FACILITIES, 1, AS_OF, SEED)
    source = min((DataPaths(folder / "demo").landing / "texas").glob("*.csv"))
    seconds: dict[str, float] = {}
    leads = 0
    for name, days in (("months", MONTHS), ("days", DAYS)):
        data = folder / name
        leads = _write_archive(source, data, days)
        run_command([*LEADS, "ingest", "--backfill"], data, project)
        seconds[name], _ = run_command(
            [*SQLMESH, "plan", "--auto-apply", "--no-prompts", "--skip-tests"], data, project
        )
    return Result("replay of five years", f"the same files on {FILES} days", leads, seconds["months"], seconds["days"])


def _write_archive(source: Path, data: Path, days: list[date]) -> int:
    """Write a list of Texas for each day, some leads of which have another phone each time, and return its length."""
    landing = DataPaths(data).landing / "texas"
    landing.mkdir(parents=True)
    (data / "warehouse").mkdir()
    with connect() as connection:
        connection.execute(
            f"CREATE TABLE listed AS SELECT *, ROW_NUMBER() OVER () AS position "
            f"FROM READ_CSV({literal(exactly(source))}, all_varchar = TRUE)"
        )
        for number, day in enumerate(days):
            changed = f"position % {ONE_OF} = {number % ONE_OF}"
            connection.execute(
                f"UPDATE listed SET Phone = '512' || LPAD((position * 97 + {number})::TEXT, 7, '2') WHERE {changed}"
            )
            path = landing / f"texas_{day}.csv"
            connection.execute(f"COPY (SELECT * EXCLUDE (position) FROM listed) TO {literal(path)} (HEADER)")
        (leads,) = connection.execute("SELECT COUNT(*) FROM listed").fetchone() or (0,)
    return int(leads)
