"""`leads demo`: make data to try the project on."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

EARLIEST, LATEST = date(2000, 1, 1), date(2060, 12, 31)


def demo_command(
    facilities: Annotated[
        int | None, typer.Option(help="Facilities in Nevada, Oklahoma and Texas together.", show_default="3000")
    ] = None,
    months: Annotated[
        int | None, typer.Option(help="Months of history, up to that of --as-of.", show_default="3")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="No file is dated later, as YYYY-MM-DD.", show_default="2026-11-15")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same files.", show_default="20261115")] = None,
    out: Annotated[Path | None, typer.Option(help="Data directory; LEADS_DATA_DIR by default.")] = None,
    after: Annotated[
        str | None, typer.Option(help="Write only files dated later than this, as YYYY-MM-DD: what is new.")
    ] = None,
    faults: Annotated[
        bool, typer.Option("--faults", help="Write variants of the newest files too, each with a fault to be found.")
    ] = False,
    advice: Annotated[bool, typer.Option(hidden=True, help="Say what to do next.")] = True,
) -> None:
    """Make deliveries of all four sources about an invented world under landing/, and the truth about it.

    A data directory holds one world. Called again, what is left open is as
    in the first call, and another world is refused. The next month of a demo
    that is loaded: leads demo --as-of 2026-12-15 --after 2026-11-15
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from lead_enrichment.demo.faults import write_faults
    from lead_enrichment.demo.generate import write_demo
    from lead_enrichment.demo.remembered import AS_OF, wanted_world
    from lead_enrichment.demo.world import FIRST_ELSEWHERE

    console = Console(highlight=False)
    with errors_as_sentences():
        last = _day("--as-of", as_of) if as_of else None
        since = _day("--after", after) if after else None
        if facilities is not None and not 1 <= facilities <= FIRST_ELSEWHERE:
            raise UsageError(f"--facilities is {facilities:,}", "leads demo", f"Give 1 to {FIRST_ELSEWHERE:,}.")
        if months is not None and months < 1:
            raise UsageError(f"--months is {months}", "leads demo", "Give a number from 1 on.")
        if seed is not None and seed < 0:
            raise UsageError(f"--seed is {seed}", "leads demo", "Give a number from 0 on.")
        # Months are counted before dates are made of them, which begin with the year 1.
        end, count = last or AS_OF, months or 1
        if not EARLIEST <= end <= LATEST or (end.year - EARLIEST.year) * 12 + end.month < count:
            raise UsageError(
                f"{counted(count, 'month')} up to {end} do not lie between {EARLIEST} and {LATEST}",
                "leads demo",
                "Give fewer --months or another --as-of.",
            )
        target = out.absolute() if out else data_paths().root
        try:
            world = wanted_world(target, seed, facilities, months, last, since is not None)
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

                written = write_demo(target, world.facilities, world.months, world.as_of, world.seed, since, report)
        except OSError as error:
            raise UsageError(
                f"the folder cannot be written ({error.strerror})", str(target), "Give another --out."
            ) from error
    if not written:
        console.print(f"No file of this world is dated after {since} and up to {world.as_of}: nothing is written.")
        return
    files, rows = Counter(item.source_key for item in written), Counter[str]()
    for item in written:
        rows[item.source_key] += item.rows
    table = Listing("Source", *numbers("Files", "Rows"))
    for source_key in sorted(files):
        table.add_row(source_key, f"{files[source_key]:,}", f"{rows[source_key]:,}")
    console.print(table)
    first = max(world.first_day, since + timedelta(days=1)) if since else world.first_day
    console.print(
        f"{counted(len(written), 'file')} from {first} to {world.as_of} lie in {target / 'landing'}; "
        f"whom each record is about stands in {target / 'truth'}.",
        soft_wrap=True,
    )
    if faults:
        planted = Listing(*keys("Fault", "File"), "What is wrong")
        for fault, file in write_faults(target):
            planted.add_row(fault.name, file.name, fault.description)
        console.print(planted)
        console.print(
            f"They lie in {target / 'faults'}. One to try, after a first plan: copy what is in its folder to "
            f"{target / 'landing'}, then `make refresh`.",
            soft_wrap=True,
        )
    following = (
        "`make refresh`" if since else "`leads ingest --backfill`, then `sqlmesh plan`. Or all at once: `make run`"
    )
    if advice:
        console.print(f"Next: {following}.", soft_wrap=True)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is no date", "leads demo", "Write it as YYYY-MM-DD.") from error
