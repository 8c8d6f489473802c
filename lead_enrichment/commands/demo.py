"""`leads demo`: make data to try the project on."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.demo import write_demo
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths


def demo_command(
    facilities: Annotated[int, typer.Option(help="Facilities in the world.")] = 3000,
    months: Annotated[int, typer.Option(help="Months of history.")] = 3,
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="No file is dated later.")] = datetime(
        2026, 11, 15
    ),
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 20261115,
    out: Annotated[Path | None, typer.Option(help="Data directory; LEADS_DATA_DIR by default.")] = None,
) -> None:
    """Make deliveries of all four sources about an invented world under landing/, and the truth about it."""
    console = Console(highlight=False)
    with errors_as_sentences():
        for name, value in (("--facilities", facilities), ("--months", months)):
            if value < 1:
                raise UsageError(f"{name} is {value}", "leads demo", "Give a number from 1 on.")
        target = out.absolute() if out else data_paths().root
        try:
            with console.status("Making demo data"):
                written = write_demo(target, facilities, months, date(as_of.year, as_of.month, as_of.day), seed)
        except OSError as error:
            raise UsageError(
                f"the folder cannot be written ({error.strerror})", str(target), "Give another --out."
            ) from error
    table = Table("Source", "Files")
    for source, files in written.items():
        table.add_row(source, f"{files:,}")
    console.print(table)
    console.print(f"Demo data of {facilities:,} facilities lie in {target / 'landing'}.", soft_wrap=True)
    console.print("Next: `leads ingest --backfill`, then `sqlmesh plan`. Or all at once: `make run`.")
