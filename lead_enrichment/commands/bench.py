"""`leads bench`: how fast the work is beside what a user would pick instead."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences


def bench_command(
    rows: Annotated[int, typer.Option(help="Rows of the file.", min=1000)] = 1_000_000,
    runs: Annotated[int, typer.Option(help="Times that each way is taken; the best counts.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False,
) -> None:
    """Time the way of a file to bronze beside DuckDB's bare COPY of it.

    The ingest does more: it hashes and archives the bytes, checks encoding,
    header, keys and counts, compares the file with the one before, and enters
    it in the ledger.
    """
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
