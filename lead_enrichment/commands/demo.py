"""`leads demo`: make data to try the project on."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import numbers
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths

EARLIEST, LATEST = date(2000, 1, 1), date(2060, 12, 31)


def demo_command(
    facilities: Annotated[int, typer.Option(help="Facilities in Nevada, Oklahoma and Texas together.")] = 3000,
    months: Annotated[int, typer.Option(help="Months of history, up to that of --as-of.")] = 3,
    as_of: Annotated[str, typer.Option(help="No file is dated later, as YYYY-MM-DD.")] = "2026-11-15",
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 20261115,
    out: Annotated[Path | None, typer.Option(help="Data directory; LEADS_DATA_DIR by default.")] = None,
    after: Annotated[
        str | None, typer.Option(help="Write only files dated later than this, as YYYY-MM-DD: what is new.")
    ] = None,
) -> None:
    """Make deliveries of all four sources about an invented world under landing/, and the truth about it."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from lead_enrichment.demo.generate import write_demo
    from lead_enrichment.demo.schedule import first_day
    from lead_enrichment.demo.world import FIRST_ELSEWHERE

    console = Console(highlight=False)
    with errors_as_sentences():
        last = _day("--as-of", as_of)
        since = _day("--after", after) if after else None
        if not 1 <= facilities <= FIRST_ELSEWHERE:
            raise UsageError(f"--facilities is {facilities:,}", "leads demo", f"Give 1 to {FIRST_ELSEWHERE:,}.")
        if months < 1:
            raise UsageError(f"--months is {months}", "leads demo", "Give a number from 1 on.")
        if seed < 0:
            raise UsageError(f"--seed is {seed}", "leads demo", "Give a number from 0 on.")
        # Months are counted before dates are made of them, which begin with the year 1.
        if last > LATEST or (last.year - EARLIEST.year) * 12 + last.month < months:
            raise UsageError(
                f"{months:,} months up to {last} do not lie between {EARLIEST} and {LATEST}",
                "leads demo",
                "Give fewer --months or another --as-of.",
            )
        target = out.absolute() if out else data_paths().root
        try:
            with Progress(
                TextColumn("{task.description:32}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            ) as progress:
                task = progress.add_task("Making the world", total=None)

                def report(name: str, done: int, total: int) -> None:
                    progress.update(task, description=name, completed=done, total=total)

                written = write_demo(target, facilities, months, last, seed, since, report)
        except OSError as error:
            raise UsageError(
                f"the folder cannot be written ({error.strerror})", str(target), "Give another --out."
            ) from error
    files, rows = Counter(item.source_key for item in written), Counter[str]()
    for item in written:
        rows[item.source_key] += item.rows
    table = Table("Source", *numbers("Files", "Rows"))
    for source_key in sorted(files):
        table.add_row(source_key, f"{files[source_key]:,}", f"{rows[source_key]:,}")
    console.print(table)
    console.print(
        f"{sum(files.values()):,} files from {first_day(last, months)} to {last} lie in {target / 'landing'}; "
        f"whom each record is about stands in {target / 'truth'}.",
        soft_wrap=True,
    )
    following = (
        "`make refresh`" if since else "`leads ingest --backfill`, then `sqlmesh plan`. Or all at once: `make run`"
    )
    console.print(f"Next: {following}.", soft_wrap=True)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is no date", "leads demo", "Write it as YYYY-MM-DD.") from error
