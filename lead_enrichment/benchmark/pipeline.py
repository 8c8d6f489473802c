"""The project itself on a demo of any size: a full plan, refreshes of the next days, and what sales asks."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from lead_enrichment.demo.generate import write_demo
from lead_enrichment.errors import DataError
from lead_enrichment.hooks.model_run import newest_run
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.memory import in_bytes
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, exactly, literal

AS_OF, SEED = date(2026, 11, 15), 20261115
# The next days: of each, by its name, the date of Salesforce's file and the share of the leads that changed.
REFRESHES = {
    "refresh of 2%": (date(2026, 11, 16), 0.02),
    "refresh of 0.1%": (date(2026, 11, 17), 0.001),
    "refresh of 20%": (date(2026, 11, 18), 0.2),
}
REFRESH, NOTHING_NEW = "refresh of 2%", "refresh with nothing new"
# What sales asks most, on what readers open.
QUERIES = {
    "leads by territory": """
        SELECT g.state, g.county, COUNT(*), COUNT(*) FILTER (m.is_net_new)
        FROM facts.fact_lead_match AS m
        JOIN dims.dim_geography AS g USING (geography_key)
        WHERE m.is_live
        GROUP BY ALL
        ORDER BY 3 DESC
        LIMIT 50
    """,
    "net-new by month": """
        SELECT m.source_key, DATE_TRUNC('month', d.first_received_at), COUNT(*)
        FROM facts.fact_lead_match AS m
        JOIN intermediate.int_lead_current AS d USING (lead_key)
        WHERE m.is_net_new
        GROUP BY ALL
        ORDER BY 1, 2
    """,
    "history of a lead": """
        SELECT valid_from, valid_to, lead_status, license_status, phone_e164
        FROM dims.dim_lead
        WHERE lead_key = (SELECT MAX(lead_key) FROM facts.fact_lead_match)
        ORDER BY valid_from
    """,
}
# What is added to a plan beside matching and facts: the models whose seconds in the build log make it up.
PARTS = {
    "rules and scores": (
        "quality.rule", "quality.row_outcome", "quality.rule_failure", "quality.rule_result", "quality.lead_outcome",
        "quality.lead_score", "quality.outcome_count", "quality.scorecard",
    ),
    "profiles": ("quality.column_value", "quality.column_profile"),
    "outbox": (
        "outbox.acknowledgement", "outbox.human_edit", "outbox.proposed_change", "outbox.change_limit", "outbox.change",
    ),
    "search": ("marts.search_lead", "marts.search_posting", "marts.search_key"),
}  # fmt: skip
ASKED = 5
SLOWEST = 8


@dataclass(frozen=True)
class Pipeline:
    """What the project took on one demo.

    Args:
        leads: Leads in production.
        plan_seconds: `sqlmesh plan` of everything.
        plan_peak_bytes: The most memory that it held.
        refresh_seconds: `leads refresh` with the next file, in which 2% of the leads have changed.
        refresh_peak_bytes: The most memory that the run held.
        type_2_seconds: The type 2 step of that run, with its audits.
        query_milliseconds: By question, the median time on the published copy.
        bytes_on_disk: By folder of the data directory.
        slowest: The models that took longest in the plan, in seconds.
        part_seconds: By model of PARTS, what it and its audits took in the plan.
        other_refresh_seconds: By name, the refresh where nothing was new, and those of other shares of the leads.
    """

    leads: int
    plan_seconds: float
    plan_peak_bytes: int
    refresh_seconds: float
    refresh_peak_bytes: int
    type_2_seconds: float
    query_milliseconds: dict[str, float]
    bytes_on_disk: dict[str, int]
    slowest: dict[str, float]
    other_refresh_seconds: dict[str, float] = field(default_factory=dict)
    part_seconds: dict[str, float] = field(default_factory=dict)


def run_pipeline(data: Path, project: Path, leads: int) -> Pipeline:
    """Make a demo of about so many leads, plan it, refresh it, and ask.

    Raises:
        DataError: A command failed; the message holds what it printed.
    """
    paths = DataPaths(data)
    # A facility is in 2.1 leads of a large demo.
    write_demo(data, max(round(leads / 2.1), 10), 1, AS_OF, SEED)
    # Ingest takes it from landing, and the next files are made of it.
    first = Path(shutil.copy(min((paths.landing / "salesforce").glob("*.csv")), data / "first.csv"))
    run_command([*LEADS, "ingest", "--backfill"], data, project)
    plan_seconds, plan_peak = run_command(
        [*SQLMESH, "plan", "--auto-apply", "--no-prompts", "--skip-tests"], data, project
    )
    costs = _costs(paths)
    slowest = dict([*costs.items()][:SLOWEST])
    part_seconds = {model: costs[model] for models in PARTS.values() for model in models}
    seconds: dict[str, float] = {}
    refresh_peak, type_2_seconds = 0, 0.0
    for name, (day, share) in REFRESHES.items():
        next_file = paths.landing / "salesforce" / f"salesforce_{day}.csv"
        _write_changes(first, next_file, round(leads * share), day)
        seconds[name], peak = run_command([*LEADS, "refresh"], data, project)
        if name == REFRESH:
            refresh_peak, type_2_seconds = peak, _costs(paths)["dims.dim_lead_validity"]
    seconds[NOTHING_NEW], _ = run_command([*LEADS, "refresh"], data, project)
    with connect(str(paths.published), read_only=True) as connection:
        (found,) = connection.execute("SELECT COUNT(*) FROM facts.fact_lead_match").fetchone() or (0,)
        milliseconds = {}
        for name, query in QUERIES.items():
            times = []
            for _ in range(ASKED):
                began = time.perf_counter()
                connection.execute(query).fetchall()
                times.append(time.perf_counter() - began)
            milliseconds[name] = 1000 * statistics.median(times)
    on_disk = {
        folder: sum(file.stat().st_size for file in (data / folder).rglob("*") if file.is_file())
        for folder in ("archive", "bronze", "warehouse", "published")
    }
    return Pipeline(
        leads=int(found),
        plan_seconds=plan_seconds,
        plan_peak_bytes=plan_peak,
        refresh_seconds=seconds.pop(REFRESH),
        refresh_peak_bytes=refresh_peak,
        type_2_seconds=type_2_seconds,
        query_milliseconds=milliseconds,
        bytes_on_disk=on_disk,
        slowest=slowest,
        other_refresh_seconds=seconds,
        part_seconds=part_seconds,
    )


# What sends commands to another engine, state or contracts.
ELSEWHERE = (
    "LEADS_CONTRACTS_DIR", "LEADS_SPARK_MASTER", "LEADS_START", "LEADS_STATE_HOST", "SQLMESH_DOTENV_PATH",
    "SQLMESH_GATEWAY",
)  # fmt: skip
LEADS = [sys.executable, "-c", "from lead_enrichment.cli import app; app()"]
SQLMESH = [sys.executable, "-c", "from sqlmesh.cli.main import cli; cli()"]


def run_command(words: Sequence[str], data: Path, project: Path) -> tuple[float, int]:
    """Run a command to its end, and return its seconds and the most memory that it held.

    Raises:
        DataError: It failed.
    """
    # An empty file in place of the project's .env, which would override LEADS_DATA_DIR and point at the user's own
    # data; nor may the benchmark go where the environment sends other commands.
    no_settings = data / "no.env"
    no_settings.touch()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ELSEWHERE},
        "LEADS_DATA_DIR": str(data),
        "PYTHONPATH": str(project.absolute()),
        "SQLMESH_DOTENV_PATH": str(no_settings),
        "SQLMESH__CACHE_DIR": str(data / "cache"),
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
    }
    if words[: len(SQLMESH)] == SQLMESH:
        words = [
            *SQLMESH, "--log-file-dir", str(data / "logs"), *words[len(SQLMESH) :]
        ]  # fmt: skip
    printed = data / "printed.txt"
    began = time.perf_counter()
    with printed.open("w") as file:
        process = subprocess.Popen(words, cwd=project, env=environment, stdout=file, stderr=file)
        _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise DataError(
            f"{' '.join(words[3:])} ended with {process.returncode}: {printed.read_text()[-1000:]}", str(data), ""
        )
    return taken, in_bytes(usage.ru_maxrss)


def _write_changes(source: Path, target: Path, rows: int, day: date) -> None:
    """Write a day's file of Salesforce: leads of the first that have a new phone and status since."""
    with connect() as connection:
        connection.execute(
            f"""
            COPY (
                SELECT * EXCLUDE (position) REPLACE (
                    '702' || LPAD(((position * 7919 + {day.day}) % 10000000)::TEXT, 7, '2') AS phone,
                    'Working' AS status,
                    '{day - timedelta(days=1)} 12:00:00' AS last_modified_date
                )
                FROM (
                    SELECT *, ROW_NUMBER() OVER () AS position
                    FROM READ_CSV({literal(exactly(source))}, all_varchar = TRUE)
                )
                WHERE is_deleted = 'FALSE'
                ORDER BY HASH(id)
                LIMIT {rows}
            ) TO {literal(target)} (HEADER)
            """
        )


def _costs(paths: DataPaths) -> dict[str, float]:
    """Return what each model of the newest run took, in seconds, the slowest first."""
    return {row["model_name"]: float(row["seconds"]) for row in newest_run(Ledger(paths.bronze).model_runs())}
