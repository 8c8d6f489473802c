"""All stages at several sizes, and what they say."""

from __future__ import annotations

import json
import math
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lead_enrichment.benchmark.alone import alone
from lead_enrichment.benchmark.duplicates import time_duplicates
from lead_enrichment.benchmark.history import time_type_2
from lead_enrichment.benchmark.ingest import time_ingest
from lead_enrichment.benchmark.matching import compare_with_splink
from lead_enrichment.benchmark.phones import time_phones
from lead_enrichment.benchmark.pipeline import PARTS, REFRESHES, Pipeline, run_pipeline
from lead_enrichment.benchmark.replay import time_replay
from lead_enrichment.benchmark.result import Result
from lead_enrichment.errors import DataError
from lead_enrichment.paths import DataPaths

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZE = 5_000
# Rows below which the stages that do not need the demo are over too soon to be timed well.
QUICK_ROWS = 100_000
# The ratios that `--quick` holds, as they were measured last.
HELD = Path(__file__).with_name("held_ratios.json")
# By how many times a ratio may be worse than it was. Wide, since what takes a tenth of a second varies much on a busy
# machine; what grows with the square of the leads is far beyond it.
MARGIN = 3.0
# A plan or a refresh takes long enough to vary less. A refresh with nothing new does not: it is over in one or two
# seconds, most of which is the start of Python.
MARGINS = {name: 1.5 for name in (*REFRESHES, "replay of five years")}


@dataclass(frozen=True)
class Size:
    """What was measured at one size."""

    leads: int
    results: list[Result]
    pipeline: Pipeline


def measure(leads: int, project: Path, on_stage: Callable[[str], None], rows: int | None = None) -> Size:
    """Measure every stage at one size, each side by side with what a user would pick instead.

    Args:
        leads: About how many leads.
        project: The project's folder.
        on_stage: Called with the name of each stage before it begins.
        rows: Rows for the stages that need no demo of that size; as many as leads where it is left out.
    """
    is_quick, rows = rows is not None, rows or leads
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        on_stage("ingest")
        timing = alone(time_ingest, rows, 3)
        results = [Result("ingest", "DuckDB's bare COPY", rows, timing.ingest_seconds, timing.copy_seconds)]
        on_stage("phones")
        results.append(alone(time_phones, rows, project))
        on_stage("plan and refresh")
        pipeline = run_pipeline(data, project, leads)
        warehouse = DataPaths(data).warehouse
        on_stage("duplicates")
        results.append(alone(time_duplicates, warehouse, project))
        on_stage("type 2 step")
        results.append(time_type_2(warehouse))
        on_stage("matching")
        found = compare_with_splink(DataPaths(data), project, rows)
        results.append(
            Result(
                "matching", "Splink 5", rows, found.matching.seconds, found.splink.seconds, found.matching.peak_bytes
            )
        )
        on_stage("replay of five years")
        replay = time_replay(Path(name) / "replay", project)
    results.append(
        Result(
            "refresh of 2%",
            "the full plan",
            pipeline.leads,
            pipeline.refresh_seconds,
            pipeline.plan_seconds,
            pipeline.refresh_peak_bytes,
        )
    )
    results += [
        Result(refresh, "the full plan", pipeline.leads, seconds, pipeline.plan_seconds)
        for refresh, seconds in pipeline.other_refresh_seconds.items()
    ]
    results.append(replay)
    if not is_quick:
        # At the quick size they are lost in what SQLMesh itself takes.
        results += part_results(pipeline)
    return Size(leads, results, pipeline)


def part_results(pipeline: Pipeline) -> list[Result]:
    """Return what each of PARTS adds to the full plan, as the build log tells, with audits."""
    return [
        Result(
            stage,
            "the full plan",
            pipeline.leads,
            sum(pipeline.part_seconds[model] for model in models),
            pipeline.plan_seconds,
        )
        for stage, models in PARTS.items()
    ]


def worse_than_held(size: Size) -> list[str]:
    """Return a sentence for each ratio that is worse than the one held by more than the margin.

    Raises:
        DataError: There is no ratio to hold one against.
    """
    held = json.loads(HELD.read_text(encoding="utf-8"))
    sentences = []
    for result in size.results:
        if result.stage not in held:
            raise DataError(
                f"{result.stage} has no ratio to be held against", str(HELD), "Run: leads bench --quick --hold"
            )
        margin = MARGINS.get(result.stage, MARGIN)
        if result.ratio > held[result.stage] * margin:
            sentences.append(
                f"{result.stage} takes {result.ratio:.3f} of the time of {result.instead}; "
                f"it took {held[result.stage]:.3f}, and may take {margin:g} times that."
            )
    return sentences


def hold(size: Size) -> None:
    """Keep the ratios as those to hold."""
    ratios = {result.stage: round(result.ratio, 4) for result in size.results}
    HELD.write_text(json.dumps(ratios, indent=2) + "\n", encoding="utf-8")


def growth(sizes: Sequence[Size], seconds: Callable[[Size], float]) -> float | None:
    """Return the exponent by which time grows with leads, between the smallest size and the largest."""
    if len(sizes) < 2:
        return None
    small, large = sizes[0], sizes[-1]
    return math.log(seconds(large) / seconds(small)) / math.log(large.leads / small.leads)


def machine() -> str:
    """Describe the machine in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    names = [
        line.split(":", 1)[1].strip()
        for line in (Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else [])
        if line.startswith("model name")
    ]
    name = names[0] if names else platform.processor() or platform.machine()
    size = f"{os.cpu_count()} cores, {memory / 1e9:.0f} GB"
    return f"{name}, {size}, {platform.system()}, Python {platform.python_version()}"


def document(sizes: Sequence[Size]) -> dict[str, Any]:
    """Return all that was measured, for a program to read."""
    return {
        "machine": machine(),
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sizes": [
            {
                "leads": size.leads,
                "stages": [
                    {
                        **asdict(result),
                        "ratio": round(result.ratio, 4),
                        "rows_a_second": round(result.leads / result.seconds),
                    }
                    for result in size.results
                ],
                "pipeline": asdict(size.pipeline),
            }
            for size in sizes
        ],
    }


def report(sizes: Sequence[Size]) -> str:
    """Return what was measured as a page in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `leads bench --report docs/benchmarks.md`; what the numbers mean for larger data stands in "
        "[scale.md](scale.md). Each stage is timed in one run with what a user would pick instead, on the same leads "
        "and with two threads: a ratio below 1 is faster.",
        "",
        f"Machine: {machine()}. Measured {datetime.now(UTC):%Y-%m-%d}.",
        "",
        "| stage | instead | leads | seconds | instead | ratio | leads a second | peak memory |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for position in range(len(sizes[0].results)):
        for size in sizes:
            result = size.results[position]
            other = f"{'over ' if result.is_stopped else ''}{_seconds(result.instead_seconds)}"
            ratio = f"{'under ' if result.is_stopped else ''}{result.ratio:.2f}"
            memory = f"{result.peak_bytes / 1e9:.1f} GB" if result.peak_bytes else ""
            lines.append(
                f"| {result.stage} | {result.instead} | {result.leads:,} | {_seconds(result.seconds)} "
                f"| {other} | {ratio} | {result.leads / result.seconds:,.0f} | {memory} |"
            )
    names = list(sizes[0].pipeline.query_milliseconds)
    lines += [
        "",
        "What the project takes as a whole, on a month of deliveries:",
        "",
        "| leads | full plan | peak memory | refresh of 2% | its type 2 step, with audits "
        + "".join(f"| {name} " for name in names)
        + "| archive, bronze | warehouse |",
        "| ---: " * (7 + len(names)) + "|",
    ]
    for size in sizes:
        run, disk = size.pipeline, size.pipeline.bytes_on_disk
        peak = f"{run.plan_peak_bytes / 1e9:.1f} GB"
        lines.append(
            f"| {run.leads:,} | {run.plan_seconds:,.0f} s | {peak} | {run.refresh_seconds:,.0f} s "
            f"| {run.type_2_seconds:.1f} s "
            + "".join(f"| {run.query_milliseconds[name]:,.0f} ms " for name in names)
            + f"| {(disk['archive'] + disk['bronze']) / 1e6:,.0f} MB "
            + f"| {(disk['warehouse'] + disk['published']) / 1e6:,.0f} MB |"
        )
    if len(sizes) > 1:
        lines += [
            "",
            f"From {sizes[0].leads:,} to {sizes[-1].leads:,} leads, time grows with the leads to the power of:",
            "",
        ]
        lines += ["| stage | power |", "| --- | ---: |"]
        for position, result in enumerate(sizes[0].results):
            power = growth(sizes, lambda size, at=position: size.results[at].seconds)  # type: ignore[misc]
            lines.append(f"| {result.stage} | {power:.2f} |")
        lines.append(f"| full plan | {growth(sizes, lambda size: size.pipeline.plan_seconds):.2f} |")
    slowest = sizes[-1].pipeline.slowest
    lines += ["", f"The slowest models of the plan of {sizes[-1].pipeline.leads:,} leads:", "", "| model | seconds |"]
    lines += ["| --- | ---: |", *(f"| `{name}` | {seconds:.1f} |" for name, seconds in slowest.items())]
    return "\n".join(lines) + "\n"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.2f}"
