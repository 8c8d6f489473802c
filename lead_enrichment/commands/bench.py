"""`leads bench`: how fast the work is beside what a user would pick instead."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.paths import data_paths

app = typer.Typer(help="Time the work beside what a user would pick instead.", invoke_without_command=True)


@app.callback()
def bench_command(
    context: typer.Context,
    rows: Annotated[int, typer.Option(help="Rows of the file.", min=1000)] = 1_000_000,
    runs: Annotated[int, typer.Option(help="Times that each way is taken; the best counts.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the way of a file to bronze beside DuckDB's bare COPY of it.

    The ingest does more: it hashes and archives the bytes, checks encoding,
    header, keys and counts, compares the file with the one before, and enters
    it in the ledger.
    """
    if context.invoked_subcommand:
        return
    from lead_enrichment.bench import time_ingest

    with errors_as_sentences(), Console(stderr=True).status(f"Taking {rows:,} rows in, {runs} times by each way"):
        timing = time_ingest(rows, runs)
    if as_json:
        typer.echo(json.dumps({**asdict(timing), "speed": round(timing.speed, 2)}, indent=2))
        return
    table = Table("Way", "Seconds", "Rows a second", title=f"{rows:,} rows, {timing.file_bytes / 1e6:,.0f} MB")
    for column in table.columns[1:]:
        column.justify = "right"
    for way, seconds in (("leads ingest", timing.ingest_seconds), ("DuckDB's COPY", timing.copy_seconds)):
        table.add_row(way, f"{seconds:.2f}", f"{rows / seconds:,.0f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"The ingest runs at {timing.speed:.2f} of the speed of the bare COPY.")


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
        from lead_enrichment.matching.benchmark import compare_with_splink

        found = compare_with_splink(data_paths(create=False), Path(), leads)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "ratio": round(found.ratio, 2)}, indent=2))
        return
    table = Table("Way", "Seconds", "Peak memory", "Pairs", "Entities of two or more", title=f"{leads:,} leads")
    for column in table.columns[1:]:
        column.justify = "right"
    for way, measure in (("matching models", found.matching), ("Splink", found.splink)):
        memory = f"{measure.peak_bytes / 1e9:.1f} GB"
        table.add_row(way, f"{measure.seconds:.1f}", memory, f"{measure.pairs:,}", f"{measure.entities:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"The matching takes {found.ratio:.2f} of Splink's time.")
