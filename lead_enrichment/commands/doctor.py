"""`leads doctor`: do ledger, archive, bronze, warehouse and published copy tell the same?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.warehouse.full_build import Compared


def doctor_command(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    matching: Annotated[
        bool,
        typer.Option("--matching", help="Compare the tables that runs keep by the change with a full build instead."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Compare ledger, archive, bronze, warehouse and published copy by hashes and counts, and name each difference.

    With --matching, build the tables that runs keep by the change (matching and
    what follows from it) whole, and compare them row for row. The warehouse is
    only read, and other commands on it wait.

    Exit code 1 where a difference is left.
    """
    with errors_as_sentences():
        if not matching:
            _examine(repair, as_json)
        elif repair:
            remedy = "Leave it out; where a table differs, --matching says what builds it again."
            raise UsageError("--repair mends nothing of what --matching compares", "", remedy)
        else:
            _compare(as_json)


def _examine(repair: bool, as_json: bool) -> None:
    from lead_enrichment.ingest.doctor import examine

    console = Console(highlight=False)
    found = examine(data_paths(), repair)
    left = [item for item in found if not item.is_mended]
    if as_json:
        print_json(
            [
                {"what": item.difference.what, "where": item.difference.where, "remedy": item.difference.remedy,
                 "mended": item.is_mended, "failure": item.failure or None}
                for item in found
            ]
        )  # fmt: skip
    else:
        for item in found:
            outcome = "Mended." if item.is_mended else f"Not mended: {item.failure}" if item.failure else ""
            words = [f"{item.difference.where}: {item.difference.what}.", outcome or item.difference.remedy]
            console.print(" ".join(filter(None, words)), soft_wrap=True)
        mended = f", {len(found) - len(left):,} mended" if repair else ""
        console.print(f"{counted(len(found), 'difference')} found{mended}.")
    if left:
        raise typer.Exit(1)


def _compare(as_json: bool) -> None:
    console = Console(highlight=False)
    compared = _compared(as_json)
    different = [table for table in compared if table.differs]
    if as_json:
        print_json(
            [
                {"model": table.model, "rows": table.rows, "missing": table.missing, "outdated": table.outdated,
                 "remedy": _remedy(table) if table.differs else None}
                for table in compared
            ]
        )  # fmt: skip
    elif different:
        listing = Listing(
            *keys("Model"), *numbers("Rows", "Missing", "Outdated"), title="Tables that differ from a full build"
        )
        for table in different:
            listing.add_row(table.model, f"{table.rows:,}", f"{table.missing:,}", f"{table.outdated:,}")
        console.print(listing)
        differ = "differs" if len(different) == 1 else "differ"
        found = f"{len(different):,} of {counted(len(compared), 'table')} {differ}"
        console.print(f"{found}. Build the first one and what follows from it anew:", soft_wrap=True)
        console.print(f"  {_remedy(different[0])}", soft_wrap=True)
        console.print("Then compare again.")
    else:
        total = sum(table.rows for table in compared)
        are = "table is" if len(compared) == 1 else "tables are"
        console.print(f"{len(compared):,} {are} what a full build gives: {counted(total, 'row')} compared.")
    if different:
        raise typer.Exit(1)


def _compared(is_silent: bool) -> list[Compared]:
    """Return each table that is kept by the change beside its full build, with a progress bar meanwhile."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from lead_enrichment.warehouse.full_build import compare_with_full_build

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=is_silent) as bar:
        task = bar.add_task("Loading the models", total=None)

        def begins(place: int, number: int, model: str) -> None:
            bar.update(task, completed=place - 1, total=number, description=model)

        return [*compare_with_full_build(data_paths(create=False), Path(), begins)]


def _remedy(table: Compared) -> str:
    return f"sqlmesh plan --restate-model {table.model}"
