"""`leads bench`: how fast the work is beside what a user would pick instead."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

if TYPE_CHECKING:
    from lead_enrichment.benchmark.serving import AnswerTimes
    from lead_enrichment.benchmark.suite import Size

app = typer.Typer(help="Time the work beside what a user would pick instead.", invoke_without_command=True)


@app.callback()
def bench_command(
    context: typer.Context,
    leads: Annotated[
        list[int] | None, typer.Option(help="About how many leads; give it again for more sizes.", min=1000)
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One small size; fails where a ratio is far worse than the one held.")
    ] = False,
    hold: Annotated[bool, typer.Option("--hold", help="With --quick: keep these ratios as those to hold.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a page in Markdown here, and JSON beside it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was measured as JSON.")] = False,
) -> None:
    """Time every stage beside what a user would pick instead, on demos of several sizes.

    Without --leads at 10,000, 100,000 and 1,000,000 leads, which takes about
    half an hour and 10 GB of disk. No data of yours is touched. Times depend
    on the machine and on what else it does; ratios hardly.
    """
    if context.invoked_subcommand:
        return
    from lead_enrichment.benchmark import suite

    if hold and not quick:
        raise typer.BadParameter("--hold keeps the ratios of --quick: give both.")
    if quick and leads:
        raise typer.BadParameter("--quick has a size of its own: leave --leads out.")
    console = Console(stderr=True)
    sizes = []
    with errors_as_sentences():
        for size in [suite.QUICK_SIZE] if quick else sorted(leads or suite.SIZES):
            with console.status(f"{size:,} leads") as status:
                sizes.append(
                    suite.measure(
                        size,
                        Path(),
                        lambda stage, size=size: status.update(f"{size:,} leads: {stage}"),  # type: ignore[misc]
                        suite.QUICK_ROWS if quick else None,
                    )
                )
        if hold:
            suite.hold(sizes[0])
        worse = suite.worse_than_held(sizes[0]) if quick else []
        document = json.dumps(suite.document(sizes), indent=2)
        if report:
            report.write_text(suite.report(sizes), encoding="utf-8")
            report.with_suffix(".json").write_text(document + "\n", encoding="utf-8")
    if as_json:
        typer.echo(document)
    else:
        _print(sizes)
    for sentence in worse:
        console.print(sentence, highlight=False, soft_wrap=True)
    if worse:
        raise typer.Exit(1)


def _print(sizes: list[Size]) -> None:
    console = Console(highlight=False)
    table = Listing("Stage", "Instead", *numbers("Leads", "Seconds", "Instead", "Ratio", "Peak memory"))
    for size in sizes:
        for result in size.results:
            memory = f"{result.peak_bytes / 1e9:.1f} GB" if result.peak_bytes else ""
            other = f"{'over ' if result.is_stopped else ''}{result.instead_seconds:,.2f}"
            table.add_row(
                result.stage, result.instead, f"{result.leads:,}", f"{result.seconds:,.2f}", other,
                f"{result.ratio:.2f}", memory,
            )  # fmt: skip
        table.add_section()
    console.print(table)
    for size in sizes:
        asked = ", ".join(f"{name} {taken:,.0f} ms" for name, taken in size.pipeline.query_milliseconds.items())
        console.print(
            f"{size.pipeline.leads:,} leads: plan {size.pipeline.plan_seconds:,.0f} s with "
            f"{size.pipeline.plan_peak_bytes / 1e9:.1f} GB; {asked}.",
            soft_wrap=True,
        )


@app.command("ingest")
def ingest_command(
    rows: Annotated[int, typer.Option(help="Rows of the file.", min=1000)] = 1_000_000,
    runs: Annotated[int, typer.Option(help="Times that each way is taken; the best counts.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the way of a file to bronze beside DuckDB's bare COPY of it.

    The ingest does more: it hashes and archives the bytes, checks encoding,
    header, keys and counts, compares the file with the one before, and enters
    it in the ledger.
    """
    from lead_enrichment.benchmark.ingest import time_ingest

    with errors_as_sentences(), Console(stderr=True).status(f"Taking {rows:,} rows in, {runs} times by each way"):
        timing = time_ingest(rows, runs)
    if as_json:
        print_json({**asdict(timing), "speed": round(timing.speed, 2)})
        return
    title = f"{rows:,} rows, {timing.file_bytes / 1e6:,.0f} MB"
    table = Listing("Way", *numbers("Seconds", "Rows a second"), title=title)
    for way, seconds in (("leads ingest", timing.ingest_seconds), ("DuckDB's COPY", timing.copy_seconds)):
        table.add_row(way, f"{seconds:.2f}", f"{rows / seconds:,.0f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"The ingest runs at {timing.speed:.2f} of the speed of the bare COPY.")


@app.command("api")
def api_command(
    leads: Annotated[int, typer.Option(help="Leads of the copy that is made.", min=1000)] = 1_000_000,
    rate: Annotated[int, typer.Option(help="Requests a second.", min=1)] = 50,
    seconds: Annotated[int, typer.Option(help="How long.", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the REST API at a rate of requests, on a published copy that is made for it.

    A request counts from the moment at which it was to be sent, so that one
    that waits for others counts its waiting. No data of yours is touched.
    """
    from lead_enrichment.benchmark.api import time_api

    with errors_as_sentences(), Console(stderr=True).status(f"Asking the API, {rate} times a second"):
        found = time_api(leads, rate, seconds)
    if as_json:
        print_json({name: asdict(times) for name, times in found.items()})
        return
    Console(highlight=False).print(_answers(f"{leads:,} leads, {rate} requests a second", found))


@app.command("app")
def app_command(
    readers: Annotated[int, typer.Option(help="People who read at once.", min=1)] = 20,
    seconds: Annotated[int, typer.Option(help="How long.", min=1)] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the pages of the app under many readers, on your own data.

    The app is started for it and reads the published copy; nothing is
    written. Each reader looks at a page for 1 to 3 seconds. To see what they
    feel of a run, start one meanwhile.
    """
    from lead_enrichment.benchmark.app import time_app

    with errors_as_sentences(), Console(stderr=True).status(f"{readers} readers, {seconds} seconds"):
        found = time_app(data_paths(), readers, seconds)
    if as_json:
        print_json(asdict(found))
        return
    console = Console(highlight=False)
    console.print(_answers(f"{readers} readers", found.pages))
    console.print(
        f"The server held {found.peak_bytes / 1e6:,.0f} MB at most; the largest page has "
        f"{found.largest_bytes / 1e3:,.0f} kB."
    )


def _answers(title: str, found: dict[str, AnswerTimes]) -> Listing:
    table = Listing("Question", *numbers("Requests", "Median ms", "95% ms", "99% ms", "Failed"), title=title)
    for name, times in found.items():
        shown = (f"{value:,.0f}" for value in (times.median_ms, times.p95_ms, times.p99_ms))
        table.add_row(name, f"{times.requests:,}", *shown, f"{times.failed:,}")
    return table


@app.command("match")
def match_command(
    leads: Annotated[int, typer.Option(help="Leads to match: those in production over and over.", min=1000)] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the matching, from keys to entities, beside Splink on the same leads and keys.

    Two threads each, and the same memory. Both write the evidence of each
    pair. Preparing the keys, the time in which Splink learns its model, and
    the verdicts, of which it has none, do not count.
    """
    with errors_as_sentences(), Console(stderr=True).status(f"Matching {leads:,} leads, by each way"):
        from lead_enrichment.benchmark.matching import compare_with_splink

        found = compare_with_splink(data_paths(create=False), Path(), leads)
    if as_json:
        print_json({**asdict(found), "ratio": round(found.ratio, 2)})
        return
    headings = numbers("Seconds", "Peak memory", "Pairs", "Entities of two or more")
    table = Listing("Way", *headings, title=f"{leads:,} leads")
    for way, measure in (("matching models", found.matching), ("Splink", found.splink)):
        memory = f"{measure.peak_bytes / 1e9:.1f} GB"
        table.add_row(way, f"{measure.seconds:.1f}", memory, f"{measure.pairs:,}", f"{measure.entities:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"The matching takes {found.ratio:.2f} of Splink's time.")


@app.command("accuracy")
def accuracy_command(
    samples: Annotated[
        Path | None, typer.Option(help="Folder with chicago_sites.csv, restaurant.csv and restaurant_gold.csv.")
    ] = None,
    facilities: Annotated[int, typer.Option(help="Facilities of the demos.", min=100)] = 3000,
    report: Annotated[Path | None, typer.Option(help="Write the table in Markdown here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure how right the matching is on sets whose truth is known.

    The sets are the demo with three seeds and, with --samples, the public
    ones in that folder. Beside the matching stand Splink, which learns on the
    same leads and is told no truth, and the plain rule that joins what shares
    a phone. Each set is loaded by the ordinary way of files into a folder of
    its own; no data of yours is touched.
    """
    from lead_enrichment.benchmark import accuracy

    console = Console(stderr=True)
    with errors_as_sentences():
        found = []
        for gold in accuracy.gold_sets(samples, facilities):
            with console.status(f"Matching {gold.name}"):
                found.append(accuracy.measure(gold, Path()))
        written = accuracy.report(found)
        if report:
            report.write_text(written, encoding="utf-8")
    if as_json:
        print_json([accuracy.as_row(item) for item in found])
    else:
        typer.echo(written)
